import type { Clock } from '@sallyport/core'

/** A clock that stands still until it is turned. */
export interface TurnedClock extends Clock {
  /** Lets time pass, for the wall clock and the monotonic one alike. */
  turn(milliseconds: number): void
  /** Sets the wall clock, which may jump; the monotonic one does not. */
  set(now: number): void
}

export function turnedClock(start: number = Date.UTC(2026, 0, 1)): TurnedClock {
  let now = start
  let passed = 0
  return {
    now: () => now,
    monotonic: () => passed,
    turn(milliseconds) {
      now += milliseconds
      passed += milliseconds
    },
    set(instant) {
      now = instant
    },
  }
}
