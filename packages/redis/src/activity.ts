import type { ActivityEntry, ActivityStore } from '@sallyport/core/store'
import { packEntry, unpackEntry } from './activity-codec.ts'
import type { Reply } from './commands.ts'
import { arrayOf } from './replies.ts'
import type { SessionParts } from './session-parts.ts'

/** Entries that are added by one script. */
const SLICE = 100
/** The field of the latest sign-in in the hash of its subject. */
const LATEST = 'l'

/** Activity in Redis: one list per subject, the newest entry first, and the latest sign-in in the subject's hash. */
export function createRedisActivity({
  commands,
  layout,
  header,
}: Pick<SessionParts, 'commands' | 'layout' | 'header'>): ActivityStore {
  function slicesOf(entries: readonly ActivityEntry[]): readonly (readonly ActivityEntry[])[] {
    return layout.shards.flatMap((shard) => {
      const own = entries.filter(({ tag }) => layout.shardOfTag(tag) === shard)
      const starts = Array.from({ length: Math.ceil(own.length / SLICE) }, (_, index) => index * SLICE)
      return starts.map((from) => own.slice(from, from + SLICE))
    })
  }

  return {
    async append(entries, { most, keptMs }, at) {
      const answers = await Promise.all(
        slicesOf(entries).map((slice) => {
          const [first] = slice
          const shard = first === undefined ? 0 : layout.shardOfTag(first.tag)
          const keys = slice.flatMap(({ tag }) => [layout.user(tag), layout.activity(tag)])
          const packed = slice.flatMap((entry) => [entry.isSignIn ? 1 : 0, packEntry(entry)])
          return commands.run('append', shard, keys, [header(shard, at), most, keptMs, ...packed])
        }),
      )
      return answers.find((answer) => answer.kind === 'unavailable') ?? { kind: 'appended' }
    },
    async read(tag) {
      const shard = layout.shardOfTag(tag)
      const [latest, list] = await Promise.all([
        commands.call(shard, 'hget', layout.user(tag), LATEST),
        commands.call(shard, 'lrange', layout.activity(tag), '0', '-1'),
      ])
      if (latest.kind === 'unavailable') return latest
      if (list.kind === 'unavailable') return list
      const all: readonly Reply[] = [latest.value, ...arrayOf(list.value)]
      return { kind: 'read', entries: all.flatMap((packed) => unpackEntry(tag, packed) ?? []) }
    },
  }
}
