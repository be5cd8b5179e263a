import type { Revocation } from '@sallyport/core'
import { concernsToken, sessionIdFrom, tagOf } from '@sallyport/core/store'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { notBeforeOf } from '../../packages/core/src/ports/revocations.ts'
import { createConnections, type TrackedToken } from '../../packages/core/src/watch/connections.ts'
import { turnedClock } from '../support/turned-clock.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const NOW = 1_790_000_000
const SUBJECTS = ['alice', 'bob'].map(tagOf)
const few = (name: string) => fc.constantFrom(`${name} 1`, `${name} 2`, `${name} 3`)
const subject = fc.constantFrom(...SUBJECTS)
const session = fc
  .tuple(subject, fc.constantFrom('A', 'B'))
  .map(([tag, letter]) => sessionIdFrom(tag, `${letter.repeat(21)}A`))

const token: fc.Arbitrary<TrackedToken> = fc.record({
  own: fc.boolean(),
  session: fc.option(session, { nil: undefined }),
  generation: fc.option(fc.nat(2), { nil: undefined }),
  tag: subject,
  jti: fc.option(few('token'), { nil: undefined }),
  kid: fc.option(few('key'), { nil: undefined }),
  issuedAt: fc.option(fc.integer({ min: NOW - 3, max: NOW + 3 }), { nil: undefined }),
  expiresAt: fc.constant(NOW + 300),
})

const revocation: fc.Arbitrary<Revocation> = fc.oneof(
  fc.record({ kind: fc.constant('session' as const), session }),
  fc.record({ kind: fc.constant('generation' as const), session, generation: fc.nat(2) }),
  fc.record({ kind: fc.constant('token' as const), jti: few('token') }),
  fc.record({ kind: fc.constant('key' as const), kid: few('key') }),
  fc.record({
    kind: fc.constant('subject' as const),
    tag: subject,
    notBefore: fc.integer({ min: NOW - 3, max: NOW + 3 }),
  }),
  fc.record({ kind: fc.constant('all' as const), until: fc.constant(NOW * 1000) }),
)

/** The plain meaning of a revocation. */
function concerns(one: Revocation, given: TrackedToken): boolean {
  switch (one.kind) {
    case 'session':
      return given.session === one.session
    case 'generation':
      return given.session === one.session && given.generation === one.generation
    case 'token':
      return given.jti === one.jti
    case 'key':
      return given.kid === one.kid
    case 'subject':
      return given.tag === one.tag && concernsToken(one, given)
    case 'all':
      return given.own && (given.issuedAt ?? 0) <= notBeforeOf(one)
  }
}

test('a revocation ends the connections that it concerns, each once, and no others', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ open: token }) },
    { weight: 2, arbitrary: fc.record({ revoke: revocation }) },
    { weight: 1, arbitrary: fc.record({ close: fc.nat(20) }) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const connections = createConnections(turnedClock(NOW * 1000))
      const ended: number[] = []
      const opened: { readonly token: TrackedToken; readonly close: () => void }[] = []
      const open = new Set<number>()
      const expected: number[] = []
      for (const one of steps) {
        if ('open' in one) {
          const number = opened.length
          opened.push({ token: one.open, close: connections.track(one.open, () => ended.push(number)) })
          open.add(number)
        } else if ('close' in one) {
          opened[one.close]?.close()
          open.delete(one.close)
        } else {
          const concerned = [...open].filter((number) => {
            const given = opened[number]?.token
            return given !== undefined && concerns(one.revoke, given)
          })
          for (const number of concerned) open.delete(number)
          expected.push(...concerned)
          connections.revoked(one.revoke)
        }
      }
      expect(ended.toSorted((a, b) => a - b)).toEqual(expected.toSorted((a, b) => a - b))
    }),
    { numRuns: 500 },
  )
})

test('closing ends all connections, and those that come later', () => {
  const connections = createConnections(turnedClock(NOW * 1000))
  const nothing = { session: undefined, generation: undefined, jti: undefined, kid: undefined }
  const token = { ...nothing, own: true, tag: tagOf('alice'), issuedAt: NOW, expiresAt: NOW + 300 }
  const ended: string[] = []
  connections.track(token, () => ended.push('first'))
  const forget = connections.track(token, () => ended.push('forgotten'))
  forget()
  connections.close()
  expect(ended).toEqual(['first'])
  connections.track(token, () => ended.push('late'))
  expect(ended).toEqual(['first'])
  vi.advanceTimersByTime(0)
  expect([ended, connections.count()]).toEqual([['first', 'late'], 0])
})
