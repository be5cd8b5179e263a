import type { Clock } from '../ports/clock.ts'

/** How long the outcome of one look counts for whoever else asks. */
const SHARED_MS = 250

/**
 * Returns a function that looks whether all checks hold, one after the other. Whoever asks while a look is under way,
 * or shortly after it began, gets its outcome: several probes, or many requests, cost no more than one.
 */
export function createReadiness(
  checks: readonly (() => Promise<boolean>)[],
  clock: Clock,
): () => Promise<boolean> {
  let look: Promise<boolean> | undefined
  let isUnderWay = false
  let beganAt = Number.NEGATIVE_INFINITY

  async function allHold(): Promise<boolean> {
    isUnderWay = true
    try {
      for (const check of checks) if (!(await check())) return false
      return true
    } finally {
      isUnderWay = false
    }
  }

  return () => {
    const now = clock.monotonic()
    if (look === undefined || (!isUnderWay && now - beganAt >= SHARED_MS)) {
      beganAt = now
      look = allHold()
    }
    return look
  }
}
