import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '@sallyport/core'
import { now as systemNow } from './system.ts'

/** A length of time: the sum of its members, each of which is 0 or more. */
export interface Duration {
  readonly days?: number | undefined
  readonly hours?: number | undefined
  readonly minutes?: number | undefined
  readonly seconds?: number | undefined
  readonly milliseconds?: number | undefined
}

/** A clock that stands still until it is turned. */
export interface TestClock extends Clock {
  /** Lets time pass. Throws a `TypeError` for a duration that is negative, or that has an unknown member. */
  advance(by: Duration): void
  /** Sets the time of day, forwards or backwards. No time passes by that: what counts elapsed time does not notice. */
  set(instant: Date | number): void
  /**
   * Takes a step as if it were another time of day, such as to sign somebody in yesterday. What the step awaits has that
   * time, too; everything else goes by the clock, also meanwhile.
   */
  at<T>(instant: Date | number, step: () => T): T
}

const UNITS: Readonly<Record<keyof Duration, number>> = {
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1000,
  milliseconds: 1,
}

/**
 * Makes a clock for the option `clock`. Everything in Sallyport goes by it: lifetimes, the grace of a refresh, windows,
 * lockouts. The fake timers of a test runner are not needed, and change nothing.
 *
 * @param startsAt milliseconds since the epoch, or a `Date`. Default: now
 *
 * @example
 * ```ts
 * import { createSallyport } from '@sallyport/express'
 * import { testClock } from '@sallyport/testing'
 *
 * const clock = testClock()
 * const { close } = await createSallyport({ clock })
 * clock.advance({ minutes: 20 })
 * await close()
 * ```
 */
export function testClock(startsAt: Date | number = systemNow()): TestClock {
  const shift = new AsyncLocalStorage<number>()
  let wall = instantOf(startsAt)
  let passed = 0
  return {
    now: () => wall + (shift.getStore() ?? 0),
    monotonic: () => passed,
    advance(by) {
      const milliseconds = millisecondsOf(by)
      wall += milliseconds
      passed += milliseconds
    },
    set(instant) {
      wall = instantOf(instant)
    },
    at: (instant, step) => shift.run(instantOf(instant) - wall, step),
  }
}

function instantOf(given: Date | number): number {
  const instant = given instanceof Date ? given.getTime() : given
  if (Number.isFinite(instant)) return instant
  throw new TypeError('an instant must be a valid Date, or milliseconds since the epoch')
}

function millisecondsOf(by: Duration): number {
  const names = Object.keys(UNITS)
  return Object.entries(by).reduce((sum, [name, amount]) => {
    if (!isUnit(name))
      throw new TypeError(`clock.advance: unknown member "${name}": take ${names.join(', ')}`)
    if (amount === undefined) return sum
    if (!(Number.isFinite(amount) && amount >= 0))
      throw new TypeError(`clock.advance: "${name}" must be 0 or more; to turn the clock back, use clock.set`)
    return sum + amount * UNITS[name]
  }, 0)
}

const isUnit = (name: string): name is keyof Duration => Object.hasOwn(UNITS, name)
