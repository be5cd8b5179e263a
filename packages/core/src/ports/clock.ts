/** Time as the core sees it, so that tests can turn it. */
export interface Clock {
  /** Milliseconds since the epoch; may jump. */
  now(): number
  /** Milliseconds since some instant; never goes back. */
  monotonic(): number
}

/** Random bytes from a cryptographic source. */
export type Random = (bytes: number) => Uint8Array
