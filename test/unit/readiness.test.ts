import { beforeEach, describe, expect, test } from 'vitest'
import { createReadiness } from '../../packages/core/src/dependencies/readiness.ts'
import { type TurnedClock, turnedClock } from '../support/turned-clock.ts'

let clock: TurnedClock
/** Each look as it goes on; a test ends it. */
let looks: ((holds: boolean) => void)[]
let ready: () => Promise<boolean>

beforeEach(() => {
  clock = turnedClock()
  looks = []
  ready = createReadiness([() => new Promise((resolve) => looks.push(resolve))], clock)
})

describe('a look at whether all is ready', () => {
  test.each([true, false])('counts for whoever asks within 250 ms: %s', async (holds) => {
    const first = ready()
    looks[0]?.(holds)
    expect(await first).toBe(holds)
    clock.turn(249)
    expect(await ready()).toBe(holds)
    expect(looks).toHaveLength(1)
    clock.turn(1)
    const next = ready()
    looks[1]?.(!holds)
    expect(await next).toBe(!holds)
  })

  test('counts for whoever asks while it is under way, however long that is', async () => {
    const first = ready()
    clock.turn(60_000)
    const second = ready()
    expect(looks).toHaveLength(1)
    looks[0]?.(true)
    expect(await Promise.all([first, second])).toEqual([true, true])
    void ready()
    expect(looks).toHaveLength(2)
  })

  test('ends with the first check that does not hold', async () => {
    const asked: string[] = []
    const check = (name: string, holds: boolean) => () => {
      asked.push(name)
      return Promise.resolve(holds)
    }
    const checks = [check('store', true), check('replica', false), check('ring', true)]
    expect(await createReadiness(checks, clock)()).toBe(false)
    expect(asked).toEqual(['store', 'replica'])
  })
})
