import type { FeedMark, MarksOutcome, Random, Revocation, RevocationStore } from '@sallyport/core/store'
import type { Reply } from './commands.ts'
import { decodeMember, digestOfMembers, readDigest } from './feed-codec.ts'
import type { News } from './news.ts'
import { createOthers } from './others.ts'
import type { ServerTime } from './server-time.ts'
import type { SessionParts } from './session-parts.ts'
import { createFinishEnding } from './unfinished.ts'
import { Unreadable } from './unreadable.ts'

/** Most revocations that the script of a pull returns. To hand them through a script is what takes the server time. */
const MAX_PULLED = 20
/** If there are more, so many are read besides, without a script. The next pull fetches the rest. */
const MAX_READ = 480
/** In a feed that began so recently, others may be about to put back what the store lost. */
const SETTLED_AFTER_MS = 2000
const EPOCH_BYTES = 16
const MARK = /^(\S+) ([0-9a-f]{16})$/

interface Page {
  readonly members: readonly Reply[]
  /** The position of the last one. */
  readonly upTo?: string
}

const NOTHING_READ: Page = { members: [] }

export interface RevocationParts extends SessionParts {
  readonly news: News
  readonly time: ServerTime
  readonly random: Random
  /** All shards are on one server. */
  readonly oneServer: boolean
  /** Whether the clock of the server counts, and not that of the caller. */
  readonly serverCounts: boolean
}

/** Reads the feeds of revocations, one sorted set for each shard. */
export function createFeedReader(parts: RevocationParts): Pick<RevocationStore, 'marks' | 'pull'> {
  const { commands, layout, news, time, random } = parts
  const { shards } = layout
  const finishEnding = createFinishEnding(parts)
  const others = createOthers(commands, layout.channel, news, parts.oneServer)

  /** Reads on. Entries become visible in the order of their positions, so none is left out. */
  async function readAfter(shard: number, position: string): Promise<Page | undefined> {
    const feed = layout.feed(shard)
    const read = (first: number, count: number, ...more: string[]) => {
      const range = [`(${position}`, '+inf', 'LIMIT', String(first), String(count), ...more]
      return commands.call(shard, 'zrangebyscore', feed, ...range)
    }
    // To read all positions takes longer than to ask for that of the last one.
    const [answer, end] = await Promise.all([read(0, MAX_READ), read(MAX_READ - 1, 1, 'WITHSCORES')])
    if (answer.kind === 'unavailable' || end.kind === 'unavailable') return undefined
    const members = arrayIn(answer.value)
    const last = members.at(-1)
    if (!Buffer.isBuffer(last)) return NOTHING_READ
    const [same, score] = arrayIn(end.value)
    if (Buffer.isBuffer(same) && same.equals(last)) return { members, upTo: String(score) }
    // They are fewer, or the feed was trimmed in between.
    const known = await commands.call(shard, 'zscore', feed, last)
    if (known.kind === 'unavailable' || known.value === null) return undefined
    return { members, upTo: String(known.value) }
  }

  async function marksOf(some: readonly number[]): Promise<MarksOutcome> {
    const sentAt = performance.now()
    const [first = 0] = some
    const answer = await commands.run('marks', first, some.map(layout.meta), [])
    if (answer.kind === 'unavailable') return answer
    const [serverTime, unfinished, ...marks] = arrayIn(answer.value)
    const at = Number(String(serverTime))
    // Nobody waits for it. With the clock of the caller it is not known here what has expired.
    if (parts.serverCounts) finishEnding(unfinished).catch(() => {})
    for (const shard of some) time.observe(shard, sentAt, performance.now(), at)
    return {
      kind: 'marks',
      marks: marks.map(String).map(readFeedMark),
      ...(parts.serverCounts ? { at } : {}),
    }
  }

  return {
    async marks() {
      if (parts.oneServer) return marksOf(shards)
      const outcomes = await Promise.all(shards.map((shard) => marksOf([shard])))
      const marks = outcomes.map((outcome) => (outcome.kind === 'marks' ? outcome.marks[0] : undefined))
      return { ...(outcomes[0] ?? { kind: 'marks' }), kind: 'marks', marks }
    },

    async pull(shard, position) {
      const sentAt = performance.now()
      const keys = [layout.feed(shard), layout.meta(shard), layout.lease(shard)]
      const answer = await commands.run('pull', shard, keys, [freshEpoch(random), position, MAX_PULLED])
      if (answer.kind === 'unavailable') return answer
      const [epoch, digest, readUpTo, more, serverTime, age, isClaimed, everything, found] = arrayIn(
        answer.value,
      )
      time.observe(shard, sentAt, performance.now(), Number(String(serverTime)))
      const page = more === 1 ? await readAfter(shard, String(readUpTo)) : NOTHING_READ
      if (page === undefined) return { kind: 'unavailable' }
      const members = [...arrayIn(found), ...page.members].filter((one) => Buffer.isBuffer(one))
      const upTo = Number(page.upTo ?? String(readUpTo))
      const mark = { epoch: String(epoch), digest: readDigest(String(digest)) }
      if (!Number.isSafeInteger(upTo)) throw new Unreadable('the mark of a shard')
      const isYoung = Number(String(age)) < SETTLED_AFTER_MS
      return {
        kind: 'pulled',
        mark,
        position: upTo,
        more: more === 1,
        unsettled: isClaimed === 1 || (isYoung && (await others.mayBeThere())),
        // A damaged member cannot be told from what somebody else wrote there.
        revocations: withEnd(
          members.map(decodeMember).filter((one) => one !== undefined),
          position === 0 ? String(everything) : '',
        ),
        digest: digestOfMembers(members),
      }
    },
  }
}

/** Nothing if it is no array, so that a damaged value does not keep the rest from being read. */
function arrayIn(reply: Reply | undefined): readonly Reply[] {
  return Array.isArray(reply) ? reply : []
}

/**
 * With the end of everything that a shard remembers, if there was one. It outlives the feed: sessions that it ended may
 * come back with a backup.
 */
function withEnd(revocations: readonly Revocation[], ended: string): readonly Revocation[] {
  const until = Number(ended)
  const isFed = revocations.some((one) => one.kind === 'all' && one.until === until)
  return /^\d{1,15}$/.test(ended) && !isFed ? [{ kind: 'all', until }, ...revocations] : revocations
}

/** A damaged mark fits nobody's. So its shard is pulled, which tells what is wrong with it. */
function readFeedMark(text: string): FeedMark {
  const [, epoch = '', digest = '0'] = MARK.exec(text) ?? []
  return { epoch, digest: BigInt(`0x${digest}`) }
}

/** A string that is unique among all processes. */
export function freshEpoch(random: Random): string {
  return Buffer.from(random(EPOCH_BYTES)).toString('base64url')
}
