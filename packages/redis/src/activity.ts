import type { ActivityEntry, ActivityKind, ActivityStore } from '@sallyport/core/store'
import { packEntry, unpackEntry } from './activity-codec.ts'
import type { Reply } from './commands.ts'
import { arrayOf } from './replies.ts'
import type { SessionParts } from './session-parts.ts'

/** Entries that are added by one script. */
const SLICE = 100
/** The field of the latest sign-in in the hash of its subject. */
const LATEST = 'l'

/**
 * Activity in Redis: two lists per subject, the newest entry first, one of them for failures; and the latest sign-in in the
 * subject's hash.
 */
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
    async append(entries, { most, mostFailures, keptMs }, at) {
      const answers = await Promise.all(
        slicesOf(entries).map((slice) => {
          const [first] = slice
          const shard = first === undefined ? 0 : layout.shardOfTag(first.tag)
          const keys = slice.flatMap(({ tag, kind }) => [layout.user(tag), layout.activity(tag, kind)])
          const packed = slice.flatMap((entry) => [
            entry.kind === 'failure' ? mostFailures : most,
            entry.kind === 'sign_in' ? 1 : 0,
            packEntry(entry),
          ])
          return commands.run('append', shard, keys, [header(shard, at), keptMs, ...packed])
        }),
      )
      const isDone = answers.every((answer) => answer.kind === 'answered' && answer.value === 0)
      return { kind: isDone ? 'appended' : 'unavailable' }
    },
    async read(tag) {
      const shard = layout.shardOfTag(tag)
      const listOf = (kind: ActivityKind) =>
        commands.call(shard, 'lrange', layout.activity(tag, kind), '0', '-1')
      const [latest, others, failures] = await Promise.all([
        commands.call(shard, 'hget', layout.user(tag), LATEST),
        listOf('other'),
        listOf('failure'),
      ])
      if (latest.kind === 'unavailable') return latest
      if (others.kind === 'unavailable') return others
      if (failures.kind === 'unavailable') return failures
      const all: readonly Reply[] = [latest.value, ...arrayOf(others.value), ...arrayOf(failures.value)]
      return { kind: 'read', entries: all.flatMap((packed) => unpackEntry(tag, packed) ?? []) }
    },
  }
}
