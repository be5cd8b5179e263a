import type { Client } from './options.ts'

const MAX_PENDING = 10_000

/** The state of the server that some of the shards are on. */
export class Lane {
  pending = 0
  /** Whether the last command got no answer in time. */
  hangs = false
  /** Durable steps in progress. */
  durable = 0
  /** Whether the last durable step reached too few replicas. */
  unreplicated = false

  /** Whether a further command would only pile up. One at a time is let through to a server that hangs. */
  isBlocked(): boolean {
    return this.pending >= MAX_PENDING || (this.hangs && this.pending > 0)
  }
}

/** Gives the lane of a shard. On a Cluster each shard has its own, since one server may hang while others answer. */
export function createLanes(client: Client): (shard: number) => Lane {
  const lanes = new Map<number, Lane>()
  return (shard) => {
    const index = client.isCluster ? shard : 0
    const known = lanes.get(index)
    if (known !== undefined) return known
    const fresh = new Lane()
    lanes.set(index, fresh)
    return fresh
  }
}
