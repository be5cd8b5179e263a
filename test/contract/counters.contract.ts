import { randomBytes } from 'node:crypto'
import type { AttemptLimit, CounterName, CounterStore } from '@sallyport/core/store'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HOUR, ofKind, SECOND, START } from './fixtures.ts'
import type { Here } from './store.contract.ts'

const LIMIT: AttemptLimit = { most: 3, windowMs: HOUR, blockMs: 2 * HOUR }

const newName = (): CounterName => randomBytes(16).toString('base64url').slice(0, 22) as CounterName

/** Counters of attempts. A store that keeps none has no lockout. */
export function countersContract(here: Here): void {
  const stores = (): readonly CounterStore[] =>
    [here().store.counters, here().other.counters].map((one) => {
      if (one === undefined) throw new TypeError('the store keeps no counters')
      return one
    })
  const [one, other] = [() => stores()[0] as CounterStore, () => stores()[1] as CounterStore]

  test('so many attempts are counted as are allowed, and the last one blocks all others', async () => {
    const attempt = { name: newName(), limit: LIMIT, at: START }
    expect(await one().attempt(attempt)).toEqual({ kind: 'counted', since: START, last: false })
    const later = { ...attempt, at: START + SECOND }
    expect(await other().attempt(later)).toEqual({ kind: 'counted', since: START, last: false })
    expect(await one().attempt(later)).toEqual({ kind: 'counted', since: START, last: true })
    expect(await other().attempt({ ...later, at: later.at + HOUR })).toEqual({
      kind: 'blocked',
      retryAfterMs: HOUR,
    })
  })

  test('the block ends by itself, and with it all that was counted', async () => {
    const attempt = { name: newName(), limit: { ...LIMIT, most: 1 }, at: START }
    ofKind(await one().attempt(attempt), 'counted')
    const before = { ...attempt, at: START + LIMIT.blockMs - 1 }
    expect(await other().attempt(before)).toEqual({ kind: 'blocked', retryAfterMs: 1 })
    const after = { ...attempt, limit: LIMIT, at: START + LIMIT.blockMs }
    expect(await other().attempt(after)).toEqual({ kind: 'counted', since: after.at, last: false })
  })

  test('attempts of a window that is over do not count', async () => {
    const attempt = { name: newName(), limit: LIMIT, at: START }
    await one().attempt(attempt)
    await one().attempt(attempt)
    const at = START + LIMIT.windowMs
    expect(await one().attempt({ ...attempt, at })).toEqual({ kind: 'counted', since: at, last: false })
  })

  test('an attempt that is taken back does not count, and takes its block along', async () => {
    const attempt = { name: newName(), limit: { ...LIMIT, most: 2 }, at: START }
    ofKind(await one().attempt(attempt), 'counted')
    expect(ofKind(await one().attempt(attempt), 'counted').last).toBe(true)
    ofKind(await other().takeBack({ ...attempt, since: START }), 'taken_back')
    expect(ofKind(await one().attempt(attempt), 'counted').last).toBe(true)
    ofKind(await one().attempt(attempt), 'blocked')
  })

  test('a limit that nobody reaches is one, as where the lockout is turned off', async () => {
    const limit = { ...LIMIT, most: Number.MAX_SAFE_INTEGER }
    const attempt = { name: newName(), limit, at: START }
    for (const store of stores())
      expect(await store.attempt(attempt)).toEqual({ kind: 'counted', since: START, last: false })
    ofKind(await one().takeBack({ ...attempt, since: START }), 'taken_back')
  })

  test('one of an earlier window changes nothing', async () => {
    const attempt = { name: newName(), limit: { ...LIMIT, most: 1 }, at: START }
    await one().attempt(attempt)
    ofKind(await one().takeBack({ ...attempt, since: START - 1 }), 'taken_back')
    ofKind(await one().attempt(attempt), 'blocked')
    ofKind(await one().takeBack({ ...attempt, name: newName(), since: START }), 'taken_back')
  })

  test('what is forgotten counts no more, and it is told whether there was a block', async () => {
    const attempt = { name: newName(), limit: { ...LIMIT, most: 2 }, at: START }
    expect(await one().forget({ name: attempt.name, at: START })).toEqual({
      kind: 'forgotten',
      wasBlocked: false,
    })
    await one().attempt(attempt)
    expect(await one().forget({ name: attempt.name, at: START })).toEqual({
      kind: 'forgotten',
      wasBlocked: false,
    })
    await one().attempt(attempt)
    await one().attempt(attempt)
    expect(await other().forget({ name: attempt.name, at: START })).toEqual({
      kind: 'forgotten',
      wasBlocked: true,
    })
    expect(ofKind(await one().attempt(attempt), 'counted').last).toBe(false)
  })

  test('a block holds whatever was counted, and an attempt that is under way does not lift it', async () => {
    const attempt = { name: newName(), limit: LIMIT, at: START }
    const { name } = attempt
    ofKind(await one().attempt(attempt), 'counted')
    expect(await other().block({ name, forMs: HOUR, at: START })).toEqual({ kind: 'blocked' })
    const blocked = { kind: 'blocked', retryAfterMs: HOUR }
    expect(await one().attempt(attempt)).toEqual(blocked)
    await one().takeBack({ ...attempt, since: START })
    expect(await one().attempt(attempt)).toEqual(blocked)
    const notForgotten = { kind: 'forgotten', wasBlocked: false }
    expect(await one().forget({ name, since: START, at: START })).toEqual(notForgotten)
    expect(await one().attempt(attempt)).toEqual(blocked)
    // A shorter one does not shorten it, and a longer one replaces it.
    await other().block({ name, forMs: SECOND, at: START })
    expect(await one().attempt(attempt)).toEqual(blocked)
    await other().block({ name, forMs: 2 * HOUR, at: START })
    expect(await one().attempt(attempt)).toEqual({ ...blocked, retryAfterMs: 2 * HOUR })
    const at = START + 2 * HOUR
    expect(await other().attempt({ ...attempt, at })).toEqual({ kind: 'counted', since: at, last: false })
    expect(await other().block({ name, forMs: HOUR, at })).toEqual({ kind: 'blocked' })
    expect(await one().forget({ name, at })).toEqual({ kind: 'forgotten', wasBlocked: true })
    expect(ofKind(await one().attempt({ ...attempt, at }), 'counted').last).toBe(false)
  })

  test('counters of other names are not concerned', async () => {
    const attempt = { name: newName(), limit: { ...LIMIT, most: 1 }, at: START }
    await one().attempt(attempt)
    ofKind(await one().attempt({ ...attempt, name: newName() }), 'counted')
    await one().forget({ name: newName(), at: START })
    await one().block({ name: newName(), forMs: HOUR, at: START })
    ofKind(await one().attempt(attempt), 'blocked')
  })

  test('of many attempts at once, no more are counted than are allowed, and one of them is the last', async () => {
    for (let round = 0; round < 10; round++) {
      const attempt = { name: newName(), limit: { ...LIMIT, most: 5 }, at: START }
      const outcomes = await Promise.all(
        Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? one() : other()).attempt(attempt)),
      )
      const counted = outcomes.filter((outcome) => outcome.kind === 'counted')
      expect(counted).toHaveLength(5)
      expect(counted.filter(({ last }) => last)).toHaveLength(1)
      expect(outcomes.filter(({ kind }) => kind === 'blocked')).toHaveLength(95)
    }
  })

  test('whatever is done in whatever order, it is as the rule says', async () => {
    const step = fc.record({
      what: fc.constantFrom('attempt', 'attempt', 'attempt', 'takeBack', 'block', 'forget', 'forgive'),
      passes: fc.constantFrom(0, 0, 1, HOUR / 2, HOUR, 2 * HOUR),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const name = newName()
        const rule = new Rule()
        let at = START
        let since = 0
        for (const [index, { what, passes }] of steps.entries()) {
          at += passes
          const store = index % 2 === 0 ? one() : other()
          if (what === 'attempt') {
            const outcome = await store.attempt({ name, limit: LIMIT, at })
            expect(outcome).toEqual(rule.attempt(at))
            if (outcome.kind === 'counted') since = outcome.since
          } else if (what === 'takeBack') {
            await store.takeBack({ name, limit: LIMIT, at, since })
            rule.takeBack(at, since)
          } else if (what === 'block') {
            expect(await store.block({ name, forMs: HOUR, at })).toEqual({ kind: 'blocked' })
            rule.block(at)
          } else {
            const window = what === 'forgive' ? since : undefined
            expect(await store.forget({ name, since: window, at })).toEqual(rule.forget(at, window))
          }
        }
      }),
      { numRuns: 60 },
    )
  })
}

/** The rule, written as plainly as can be: when attempts were made, and until when more are blocked. */
class Rule {
  #attempts: number[] = []
  #since = 0
  #blockedUntil = 0

  attempt(at: number): object {
    if (at < this.#blockedUntil) return { kind: 'blocked', retryAfterMs: this.#blockedUntil - at }
    if (this.#blockedUntil > 0 || at >= this.#since + LIMIT.windowMs) {
      this.#attempts = []
      this.#since = at
      this.#blockedUntil = 0
    }
    this.#attempts.push(at)
    const last = this.#attempts.length >= LIMIT.most
    if (last) this.#blockedUntil = at + LIMIT.blockMs
    return { kind: 'counted', since: this.#since, last }
  }

  takeBack(at: number, since: number): void {
    const isOver = at >= this.#since + LIMIT.windowMs && at >= this.#blockedUntil
    if (isOver || since !== this.#since || this.#attempts.length === 0) return
    this.#attempts.pop()
    if (this.#attempts.length < LIMIT.most) this.#blockedUntil = 0
  }

  block(at: number): void {
    this.#attempts = []
    this.#since = 0
    this.#blockedUntil = Math.max(this.#blockedUntil, at + HOUR)
  }

  forget(at: number, since = this.#since): object {
    const isOver = at >= this.#since + LIMIT.windowMs && at >= this.#blockedUntil
    if (since !== this.#since || isOver) return { kind: 'forgotten', wasBlocked: false }
    const wasBlocked = at < this.#blockedUntil
    this.#attempts = []
    this.#since = 0
    this.#blockedUntil = 0
    return { kind: 'forgotten', wasBlocked }
  }
}
