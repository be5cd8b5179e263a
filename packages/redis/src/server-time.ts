/**
 * Estimates the clock of each shard's server, so that a step can be sent with the server time until which its caller
 * waits. Uses the monotonic clock of this process, in milliseconds.
 */
export interface ServerTime {
  /** Records what a server's clock showed at some moment between sending a command and reading its reply. */
  observe(shard: number, sentAt: number, answeredAt: number, serverMs: number): void
  /** The server time in `withinMs` milliseconds from now, or somewhat earlier; `''` while unknown. */
  deadline(shard: number, withinMs: number, now: number): number | ''
}

interface Observation {
  readonly at: number
  readonly roundTrip: number
  /** Server clock minus ours; low by at most one round trip. */
  readonly offset: number
}

/** An observation is replaced by a less exact one once it is this old: clocks drift, and servers are replaced. */
const MAX_AGE_MS = 5000

/** @param maxRoundTripMs of an answer that took longer, it is not known whether this process was late to read it */
export function createServerTime(maxRoundTripMs: number): ServerTime {
  const best = new Map<number, Observation>()
  return {
    observe(shard, sentAt, answeredAt, serverMs) {
      const known = best.get(shard)
      const roundTrip = answeredAt - sentAt
      const offset = serverMs - answeredAt
      const contradicts =
        known !== undefined && Math.abs(offset - known.offset) > known.roundTrip + roundTrip + 1
      const isBetter =
        known === undefined || roundTrip <= known.roundTrip || answeredAt - known.at > MAX_AGE_MS
      if (contradicts || (isBetter && roundTrip <= maxRoundTripMs))
        best.set(shard, { at: answeredAt, roundTrip, offset })
    },
    deadline(shard, withinMs, now) {
      const known = best.get(shard)
      return known === undefined ? '' : Math.floor(now + known.offset + withinMs)
    },
  }
}
