/** What is counted without an event, because it happens on every request. */
export interface Tally {
  /** Requests whose access token was found valid. */
  allowed: number
  /** Tokens that this process had verified before. */
  recalled: number
  /** Tokens that it had not. */
  inspected: number
}

export function createTally(): Tally {
  return { allowed: 0, recalled: 0, inspected: 0 }
}
