import type { Revocation, RevocationStore } from '../ports/revocations.ts'
import { encodeRevocation, REVOCATION_RETENTION_MS } from '../ports/revocations.ts'
import { createRevocationSet } from '../revocation/set.ts'
import { createLog } from './log.ts'

interface Entry {
  readonly revocation: Revocation
  readonly encoded: string
  readonly position: number
}

export interface MemoryRevocations extends RevocationStore {
  /** Adds a revocation unless it is there already. For use within a step that does more. */
  add(revocation: Revocation, at: number): void
}

/** Revocations in memory, in a single shard. */
export function createMemoryRevocations(epoch: string): MemoryRevocations {
  const feed = createLog<Entry>()
  /** The encodings of the revocations on the feed. */
  const onFeed = new Set<string>()
  const live = createRevocationSet()
  const listeners: ((shard: number) => void)[] = []
  let position = 0

  function add(revocation: Revocation, at: number): void {
    for (const old of feed.dropUntil(at - REVOCATION_RETENTION_MS)) onFeed.delete(old.encoded)
    const encoded = encodeRevocation(revocation)
    if (onFeed.has(encoded)) return
    position = Math.max(at, position + 1)
    feed.add({ revocation, encoded, position })
    onFeed.add(encoded)
    live.add(revocation, at)
    for (const listener of listeners) listener(0)
  }

  return {
    shards: 1,
    shardOf: () => 0,
    shardOfSession: () => 0,
    add,
    revoke(revocation, at) {
      add(revocation, at)
      return Promise.resolve({ kind: 'revoked' })
    },
    pull(_shard, after) {
      return Promise.resolve({
        kind: 'pulled',
        // Memory loses nothing, so the digest has nothing to reveal.
        mark: { epoch, digest: 0n },
        digest: 0n,
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
      return Promise.resolve({ kind: live.concerns(token) ? 'revoked' : 'live' })
    },
    onNews(listener) {
      listeners.push(listener)
    },
  }
}
