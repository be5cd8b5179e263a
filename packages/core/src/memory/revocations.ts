import type { Revocation, RevocationStore } from '../ports/revocations.ts'
import { encodeRevocation, REVOCATION_RETENTION_MS } from '../ports/revocations.ts'
import { createRevocationSet } from '../revocation/set.ts'

interface Entry {
  readonly revocation: Revocation
  readonly position: number
}

export interface MemoryRevocations extends RevocationStore {
  /** Adds a revocation unless it is there already. For use within a step that does more. */
  add(revocation: Revocation, at: number): void
}

/** Revocations in memory, in a single shard. */
export function createMemoryRevocations(epoch: string): MemoryRevocations {
  /** By their encoding. The insertion order is the order of the feed. */
  const entries = new Map<string, Entry>()
  const live = createRevocationSet()
  const listeners: ((shard: number) => void)[] = []
  let position = 0

  function dropOld(at: number): void {
    for (const [encoded, entry] of entries) {
      if (entry.position > at - REVOCATION_RETENTION_MS) break
      entries.delete(encoded)
    }
  }

  function add(revocation: Revocation, at: number): void {
    dropOld(at)
    const encoded = encodeRevocation(revocation)
    if (entries.has(encoded)) return
    position = Math.max(at, position + 1)
    entries.set(encoded, { revocation, position })
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
      const news = [...entries.values()].filter((entry) => entry.position > after)
      return Promise.resolve({
        kind: 'pulled',
        // Memory loses nothing, so the digest has nothing to reveal.
        mark: { epoch, digest: 0n },
        digest: 0n,
        revocations: news.map((entry) => entry.revocation),
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
