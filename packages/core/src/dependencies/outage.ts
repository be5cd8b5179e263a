/** Tells once when something that this process depends on goes away, and once when it is back. */
export interface Outage {
  /** Records that it failed. The message becomes a notice if this begins an outage, and is dropped otherwise. */
  failed(message: string): void
  /** Records that it served. Ends the outage, unless it failed within the quiet time before. */
  served(): void
  isAway(): boolean
}

export interface OutageParts {
  /** The notice that ends an outage. */
  readonly back: string
  /**
   * How long nothing may have failed before the outage counts as over, so that something that fails now and then is
   * told once. Milliseconds.
   */
  readonly quietMs: number
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  readonly notice: (message: string) => void
}

/** Reports the outages of one dependency, such as a store or an issuer. */
export function createOutage({ back, quietMs, now, notice }: OutageParts): Outage {
  let failedAt: number | undefined
  return {
    failed(message) {
      if (failedAt === undefined) notice(message)
      failedAt = now()
    },
    served() {
      if (failedAt === undefined || now() - failedAt < quietMs) return
      failedAt = undefined
      notice(back)
    },
    isAway: () => failedAt !== undefined,
  }
}
