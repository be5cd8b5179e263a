import { createHash } from 'node:crypto'
import type { Revocation } from '@sallyport/core'
import {
  encodeRevocation,
  type FeedNews,
  type PlacedMark,
  type PullOutcome,
  type RevocationStore,
} from '@sallyport/core/store'

/** A shard's feed, which a test may write, cut and forget as it likes. */
export interface ScriptedFeed {
  epoch: string
  digest: bigint
  position: number
  entries: { readonly revocation: Revocation; readonly position: number }[]
}

/** A store of revocations that does what a test says. */
export interface ScriptedRevocations extends RevocationStore {
  readonly feeds: readonly ScriptedFeed[]
  /** Every call, as `pull 0 after 5`. */
  readonly calls: string[]
  /** What was put back, by shard. */
  readonly asserted: { readonly shard: number; readonly texts: readonly string[] }[]
  /** Calls of these names are answered with `unavailable`. */
  readonly away: Set<'pull' | 'claim' | 'assert' | 'check'>
  /** Another process is putting back what was lost. */
  busy: boolean
  /** Others may be about to. */
  unsettled: boolean
  pageSize: number
  /** Adds to the feed and says nothing. */
  feed(revocation: Revocation): void
  /** Announces the latest entry of a shard, or only that something changed. */
  announce(shard: number, what?: 'latest' | 'change'): void
  /** Announces what the store does not have, as if it had. */
  forge(shard: number, revocation: Revocation): void
  /** Says that announcements may have been missed. */
  gap(): void
  /** Loses the latest entries, as a fail-over to a copy that lagged. */
  rollBack(shard: number, entries: number): void
  /** Loses all, as a restart. */
  forget(shard: number): void
  /** From now on pulls wait; the function that is returned lets them go on. */
  hold(): () => void
}

/** Each text's hash, combined. */
function digestOf(revocations: readonly Revocation[]): bigint {
  return revocations
    .map((one) => createHash('sha1').update(encodeRevocation(one)).digest().readBigUInt64BE(0))
    .reduce((sum, one) => sum ^ one, 0n)
}

/** `jti` and `kid` begin with their shard's number; all else lies in the first one. */
export function scriptedRevocations(shards = 2): ScriptedRevocations {
  const listeners: ((news: FeedNews) => void)[] = []
  const calls: string[] = []
  const asserted: ScriptedRevocations['asserted'] = []
  const away: ScriptedRevocations['away'] = new Set()
  let epochs = 0
  let gate: Promise<void> = Promise.resolve()
  const newFeed = (): ScriptedFeed => ({ epoch: `epoch ${epochs++}`, digest: 0n, position: 0, entries: [] })
  const feeds = Array.from({ length: shards }, newFeed)
  const at = (shard: number): ScriptedFeed => {
    const feed = feeds[shard]
    if (feed === undefined) throw new Error(`no shard ${shard}`)
    return feed
  }
  const markOf = ({ epoch, digest, position }: ScriptedFeed): PlacedMark => ({ epoch, digest, position })

  function shardOf(revocation: Revocation): number {
    const text =
      revocation.kind === 'token' ? revocation.jti : revocation.kind === 'key' ? revocation.kid : ''
    return shardOfText(text)
  }

  function add(feed: ScriptedFeed, revocation: Revocation): void {
    const text = encodeRevocation(revocation)
    if (feed.entries.some((entry) => encodeRevocation(entry.revocation) === text)) return
    feed.digest ^= digestOf([revocation])
    feed.position += 10
    feed.entries.push({ revocation, position: feed.position })
  }

  const store: ScriptedRevocations = {
    shards,
    feeds,
    calls,
    asserted,
    away,
    pageSize: 100,
    shardOf,
    shardOfSession: () => 0,
    shardOfTag: () => 0,
    shardOfName: shardOfText,
    busy: false,
    unsettled: false,
    feed: (revocation) => add(at(shardOf(revocation)), revocation),
    announce(shard, what = 'latest') {
      const feed = feeds[shard] ?? newFeed()
      const revocations = what === 'latest' ? feed.entries.slice(-1).map((entry) => entry.revocation) : []
      for (const listener of listeners)
        listener({
          ...{ kind: 'revoked', shard, mark: markOf(feed) },
          ...{ revocations, digest: digestOf(revocations) },
        })
    },
    forge(shard, revocation) {
      const { epoch, digest, position } = at(shard)
      const own = digestOf([revocation])
      for (const listener of listeners)
        listener({
          ...{ kind: 'revoked', shard, mark: { epoch, digest: digest ^ own, position: position + 1 } },
          ...{ revocations: [revocation], digest: own },
        })
    },
    gap() {
      for (const listener of listeners) listener({ kind: 'gap' })
    },
    rollBack(shard, entries) {
      const feed = at(shard)
      const lost = feed.entries.splice(feed.entries.length - entries)
      feed.digest ^= digestOf(lost.map(({ revocation }) => revocation))
      feed.position = feed.entries.at(-1)?.position ?? 0
    },
    forget(shard) {
      feeds[shard] = newFeed()
    },
    hold() {
      let release = (): void => {}
      gate = new Promise((resolve) => {
        release = resolve
      })
      return release
    },
    revoke: () => Promise.reject(new Error('a replica revokes nothing')),
    revokeAll: () => Promise.reject(new Error('a replica revokes nothing')),
    async marks() {
      calls.push('marks')
      await gate
      return away.has('pull') ? { kind: 'unavailable' } : { kind: 'marks', marks: feeds.map(markOf) }
    },
    async claim(shard) {
      calls.push(`claim ${shard}`)
      if (away.has('claim')) return { kind: 'unavailable' }
      return { kind: store.busy ? 'busy' : 'claimed' }
    },
    async pull(shard, position): Promise<PullOutcome> {
      calls.push(`pull ${shard} after ${position}`)
      await gate
      if (away.has('pull')) return { kind: 'unavailable' }
      const feed = at(shard)
      const news = feed.entries.filter((entry) => entry.position > position)
      const page = news.slice(0, store.pageSize)
      const more = news.length > page.length
      return {
        kind: 'pulled',
        mark: markOf(feed),
        revocations: page.map((entry) => entry.revocation),
        digest: digestOf(page.map((entry) => entry.revocation)),
        position: more ? (page.at(-1)?.position ?? 0) : feed.position,
        more,
        unsettled: store.unsettled,
      }
    },
    async assert(shard, revocations) {
      calls.push(`assert ${shard}`)
      if (away.has('assert')) return { kind: 'unavailable' }
      asserted.push({ shard, texts: revocations.map(encodeRevocation).sort() })
      for (const revocation of revocations) add(at(shard), revocation)
      return { kind: 'asserted' }
    },
    async check(token) {
      calls.push(`check ${token.jti}`)
      if (away.has('check')) return { kind: 'unavailable' }
      const isRevoked = feeds.some((feed) =>
        feed.entries.some(({ revocation }) => revocation.kind === 'token' && revocation.jti === token.jti),
      )
      return { kind: isRevoked ? 'revoked' : 'live' }
    },
    onNews(listener) {
      listeners.push(listener)
    },
  }
  return store
}

function shardOfText(text: string): number {
  return Number(/^\d/.exec(text)?.[0] ?? 0)
}
