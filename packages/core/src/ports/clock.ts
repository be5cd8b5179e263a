/** The source of time for the whole library. Tests replace it. */
export interface Clock {
  /** Milliseconds since the epoch. It may jump in either direction. */
  now(): number
  /** Milliseconds since an arbitrary instant. It never decreases. */
  monotonic(): number
}

/** Random bytes from a cryptographic source. */
export type Random = (bytes: number) => Uint8Array
