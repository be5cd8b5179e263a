/** What is counted without an event, because it happens on every request, or to no request. */
export interface Tally {
  /** Requests whose access token was found valid. */
  allowed: number
  /** Tokens that this process had verified before. */
  recalled: number
  /** Tokens that it had not. */
  inspected: number
  /** Notes how long a revocation took to arrive here, in milliseconds. */
  arrived(lagMs: number): void
  /** The longest of those since this was asked before. */
  longestLagMs(): number
}

export function createTally(): Tally {
  let longest = 0
  return {
    allowed: 0,
    recalled: 0,
    inspected: 0,
    arrived(lagMs) {
      longest = Math.max(longest, lagMs)
    },
    longestLagMs() {
      const lag = longest
      longest = 0
      return lag
    },
  }
}
