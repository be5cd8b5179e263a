import { encodeRevocation } from '../ports/encoded-revocation.ts'
import type { FeedNews, Revocation, RevocationStore } from '../ports/revocations.ts'
import { notBeforeOf, REVOCATION_RETENTION_MS } from '../ports/revocations.ts'
import { createRevocationSet, isRevoked, type RevocationSets } from '../revocation/set.ts'
import { createLog } from './log.ts'

interface Entry {
  readonly revocation: Revocation
  readonly encoded: string
  readonly position: number
}

export interface MemoryRevocations extends RevocationStore {
  /** Adds a revocation unless it is there already, and says whether it did. For use within a step that does more. */
  add(revocation: Revocation, at: number): boolean
}

/** Revocations in memory, in a single shard. */
export function createMemoryRevocations(epoch: string): MemoryRevocations {
  const feed = createLog<Entry>()
  /** The encodings of the revocations on the feed. */
  const onFeed = new Set<string>()
  const live = createRevocationSet()
  const listeners: ((news: FeedNews) => void)[] = []
  let position = 0
  /** Tokens of this second or earlier are refused, if everything was revoked. */
  let notBefore = Number.NEGATIVE_INFINITY
  // Memory loses nothing, so the digest has nothing to reveal.
  const mark = { epoch, digest: 0n }

  function add(revocation: Revocation, at: number): boolean {
    for (const old of feed.dropUntil(at - REVOCATION_RETENTION_MS)) onFeed.delete(old.encoded)
    const encoded = encodeRevocation(revocation)
    if (onFeed.has(encoded)) return false
    position = Math.max(at, position + 1)
    feed.add({ revocation, encoded, position })
    onFeed.add(encoded)
    live.add(revocation, at)
    if (revocation.kind === 'all') notBefore = Math.max(notBefore, notBeforeOf(revocation))
    const news: FeedNews = {
      ...{ kind: 'revoked', shard: 0, mark: { ...mark, position }, digest: 0n },
      revocations: [revocation],
    }
    for (const listener of listeners) listener(news)
    return true
  }

  const sets: RevocationSets = { ofSession: () => live, ofName: () => live, ofSubject: () => live }

  return {
    shards: 1,
    shardOf: () => 0,
    shardOfSession: () => 0,
    shardOfTag: () => 0,
    shardOfName: () => 0,
    add,
    revoke(revocation, at) {
      add(revocation, at)
      return Promise.resolve({ kind: 'revoked' })
    },
    revokeAll(at) {
      const revocation = { kind: 'all', until: at } as const
      add(revocation, at)
      return Promise.resolve({ kind: 'revoked', revocation })
    },
    marks: () => Promise.resolve({ kind: 'marks', marks: [mark] }),
    claim: () => Promise.resolve({ kind: 'claimed' }),
    pull(_shard, after) {
      return Promise.resolve({
        kind: 'pulled',
        mark,
        digest: 0n,
        unsettled: false,
        revocations: feed.after(after).map((entry) => entry.revocation),
        position,
        more: false,
      })
    },
    assert(_shard, revocations, at) {
      for (const revocation of revocations) add(revocation, at)
      return Promise.resolve({ kind: 'asserted' })
    },
    check(token) {
      return Promise.resolve({ kind: isRevoked(token, notBefore, sets) ? 'revoked' : 'live' })
    },
    onNews(listener) {
      listeners.push(listener)
    },
  }
}
