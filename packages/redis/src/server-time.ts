/**
 * Knows, for each shard, how this process's monotonic clock stands to the clock of the shard's server, so
 * that a step can be given the instant until which its caller waits.
 */
export interface ServerTime {
  /** Notes what a server's clock said between the sending of a question and the reading of its answer. */
  observe(shard: number, sentAt: number, answeredAt: number, serverMs: number): void
  /** The server's instant in so many milliseconds from now, never later than that; nothing while unknown. */
  deadline(shard: number, withinMs: number, now: number): number | ''
}

interface Observation {
  readonly at: number
  readonly roundTrip: number
  /** Added to our clock gives the server's; too small by at most the round trip. */
  readonly offset: number
}

/** After this long a worse observation replaces a better one: clocks drift, and servers are replaced. */
const TRUSTED_MS = 5000

export function createServerTime(): ServerTime {
  const best = new Map<number, Observation>()
  return {
    observe(shard, sentAt, answeredAt, serverMs) {
      const known = best.get(shard)
      const roundTrip = answeredAt - sentAt
      const offset = serverMs - answeredAt
      const isOther = known !== undefined && Math.abs(offset - known.offset) > known.roundTrip + roundTrip + 1
      if (
        known === undefined ||
        isOther ||
        roundTrip <= known.roundTrip ||
        answeredAt - known.at > TRUSTED_MS
      )
        best.set(shard, { at: answeredAt, roundTrip, offset })
    },
    deadline(shard, withinMs, now) {
      const known = best.get(shard)
      return known === undefined ? '' : Math.floor(now + known.offset + withinMs)
    },
  }
}
