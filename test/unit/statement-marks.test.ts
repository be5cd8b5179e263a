import { describe, expect, test } from 'vitest'
import { createMemoryOnce } from '../../packages/core/src/memory/once.ts'
import type { OnceMark, OnceStore } from '../../packages/core/src/ports/optional/once.ts'
import { begunBy, createStatementOnce } from '../../packages/core/src/tokens/statements/once.ts'
import { turnedClock } from '../support/turned-clock.ts'

const clock = turnedClock(1_800_000_000_000)
const seconds = clock.now() / 1000
const statement = { kind: 'logout', issuer: 'https://a.example.com', jti: 'one', usableUntil: seconds + 60 }
const UNAVAILABLE = { kind: 'unavailable' } as const

test('a statement is used once, and others are not concerned', async () => {
  const { mark } = createStatementOnce(createMemoryOnce(), clock)
  const others = [{ jti: 'two' }, { issuer: 'https://b.example.com' }, { kind: 'client assertion' }]
  for (const more of [{}, ...others]) expect(await mark({ ...statement, ...more })).toEqual({ kind: 'first' })
  for (const more of [{}, ...others]) expect(await mark({ ...statement, ...more })).toEqual({ kind: 'seen' })
  expect(await mark({ ...statement, usableUntil: 1 })).toEqual({ kind: 'seen' })
})

test('it is remembered half a minute longer than it can be used, whenever that was', async () => {
  const marks: OnceMark[] = []
  const noting: OnceStore = {
    mark: async (mark) => {
      marks.push(mark)
      return { kind: 'first' }
    },
    look: () => Promise.reject(new Error('not asked')),
  }
  const { mark } = createStatementOnce(noting, clock)
  for (const usableUntil of [seconds + 60, seconds, seconds - 60]) await mark({ ...statement, usableUntil })
  expect(marks.map(({ keptMs, at }) => [keptMs, at])).toEqual([
    [90_000, clock.now()],
    [30_001, clock.now()],
    [30_001, clock.now()],
  ])
  for (const { name } of marks) expect(name).toMatch(/^[\w-]{22}$/)
})

describe('what a statement says is done', () => {
  test('by the first, until which others may have begun before', async () => {
    const { begin, finish } = createStatementOnce(createMemoryOnce(), clock)
    expect(await begin(statement, seconds)).toEqual({ kind: 'first' })
    expect(await begin(statement, seconds)).toEqual({ kind: 'again', until: begunBy(seconds) })
    expect(await finish(statement)).toEqual({ kind: 'first' })
    expect(await begin(statement, seconds)).toEqual({ kind: 'done' })
    expect(await finish(statement)).toEqual({ kind: 'seen' })
    const other = { ...statement, jti: 'two' }
    expect(await begin(other, seconds)).toEqual({ kind: 'first' })
    expect(await begin(other, seconds)).toMatchObject({ kind: 'again' })
  })

  test('by nobody while the store does not answer', async () => {
    const away = createStatementOnce({ mark: async () => UNAVAILABLE, look: async () => UNAVAILABLE }, clock)
    expect(await away.begin(statement, seconds)).toEqual(UNAVAILABLE)
    expect(await away.finish(statement)).toEqual(UNAVAILABLE)
    const half = createStatementOnce(
      { mark: async () => ({ kind: 'seen' }), look: async () => UNAVAILABLE },
      clock,
    )
    expect(await half.begin(statement, seconds)).toEqual(UNAVAILABLE)
  })
})

test('what had begun by another clock is all of that second, and five more', () => {
  expect(begunBy(seconds)).toBe(clock.now() + 6000)
})
