import type { Clock } from '@sallyport/core'
import { testClock } from '@sallyport/testing'

/** A clock that stands still until it is turned. */
export interface TurnedClock extends Clock {
  /** Lets time pass, for the wall clock and the monotonic one alike. */
  turn(milliseconds: number): void
  /** Sets the wall clock, which may jump; the monotonic one does not. */
  set(now: number): void
}

export function turnedClock(start: number = Date.UTC(2026, 0, 1)): TurnedClock {
  const { now, monotonic, advance, set } = testClock(start)
  return { now, monotonic, set, turn: (milliseconds) => advance({ milliseconds }) }
}
