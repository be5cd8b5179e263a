const MINUTE_MS = 60_000

/**
 * Lets this many through in a minute of its own counting. Gives how many were dropped since the last one that was let
 * through; `undefined` for one that is dropped now.
 */
export function perMinute(most: number): () => { readonly dropped: number } | undefined {
  let beganAt = performance.now()
  let admitted = 0
  let dropped = 0
  return () => {
    const now = performance.now()
    if (now - beganAt >= MINUTE_MS) {
      beganAt = now
      admitted = 0
    }
    if (admitted === most) {
      dropped += 1
      return undefined
    }
    admitted += 1
    const before = dropped
    dropped = 0
    return { dropped: before }
  }
}
