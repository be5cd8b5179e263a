import { expect, test } from 'vitest'
import { type Bounds, breachesOf, type Fact } from './history.ts'

const bounds: Bounds = { refusedWithinMs: 1000, maxStalenessMs: 2000, slackMs: 100 }

const revoked = (session: string, node: string, at: number): Fact => ({ what: 'revoked', session, node, at })
const judged = (session: string, node: string, at: number, status: number): Fact => ({
  what: 'judged',
  session,
  node,
  sentAt: at - 1,
  at,
  status,
})
const refreshed = (presented: string, returned: string | undefined, at: number): Fact => ({
  what: 'refreshed',
  session: 's',
  node: 'a',
  presented,
  returned,
  sentAt: at - 1,
  at,
  status: returned === undefined ? 401 : 200,
})
const told = (what: 'started' | 'cut' | 'healed' | 'reconnected', node: string, at: number): Fact => ({
  what,
  node,
  at,
})
const promises = (history: readonly Fact[]): readonly string[] =>
  breachesOf(history, bounds).map(({ promise }) => promise)

test('a clean history breaks no promise', () => {
  const history = [
    judged('s', 'a', 10, 200),
    revoked('s', 'a', 20),
    judged('s', 'b', 900, 200),
    judged('s', 'b', 1100, 401),
    refreshed('1', '2', 5),
    refreshed('1', '2', 6),
    refreshed('2', '3', 8),
    told('cut', 'b', 2000),
    judged('kept', 'b', 3900, 200),
    judged('kept', 'b', 4200, 503),
    told('healed', 'b', 6000),
    told('reconnected', 'b', 6100),
    judged('kept', 'b', 6200, 200),
  ]
  expect(breachesOf(history, bounds)).toEqual([])
})

test('what is accepted after its bound is late, at once in the node that revoked it', () => {
  expect(promises([revoked('s', 'a', 0), judged('s', 'b', 1100, 200)])).toEqual(['late'])
  expect(promises([revoked('s', 'a', 0), judged('s', 'a', 10, 200)])).toEqual(['late'])
})

test('a node that was cut off has the bound anew once it is back, and one that starts after it listens', () => {
  const cut = [told('cut', 'b', 500), told('healed', 'b', 3000), told('reconnected', 'b', 3100)]
  expect(promises([revoked('s', 'a', 0), ...cut, judged('s', 'b', 4000, 200)])).toEqual([])
  expect(promises([revoked('s', 'a', 0), ...cut, judged('s', 'b', 4200, 200)])).toEqual(['late'])
  const started = told('started', 'c', 5000)
  expect(promises([revoked('s', 'a', 0), started, judged('s', 'c', 5900, 200)])).toEqual([])
  expect(promises([revoked('s', 'a', 0), started, judged('s', 'c', 6100, 200)])).toEqual(['late'])
  // A cut that came after the bound excuses nothing.
  const later = [told('cut', 'b', 1500), told('healed', 'b', 1600), told('reconnected', 'b', 1600)]
  expect(promises([revoked('s', 'a', 0), ...later, judged('s', 'b', 1700, 200)])).toEqual(['late'])
})

test('a revocation that a node knew and then forgot is lost', () => {
  const history = [
    revoked('s', 'a', 0),
    judged('s', 'b', 100, 401),
    told('cut', 'b', 200),
    told('healed', 'b', 300),
    told('reconnected', 'b', 310),
    judged('s', 'b', 500, 200),
  ]
  expect(promises(history)).toEqual(['lost'])
})

test('a session that lives on by its refresh token is revoked too late', () => {
  const again: Fact = {
    what: 'refreshed',
    session: 's',
    node: 'a',
    presented: '1',
    returned: '2',
    sentAt: 1500,
    at: 1510,
    status: 200,
  }
  expect(promises([revoked('s', 'a', 0), again])).toEqual(['late'])
})

test('a double spend is caught', () => {
  const fork = [refreshed('1', '2', 10), refreshed('1', '2x', 11)]
  expect(promises([...fork, refreshed('2', '3', 20), refreshed('2x', '3x', 21)])).toEqual(['forked'])
})

test('successors that die or meet again are one line', () => {
  const fork = [refreshed('1', '2', 10), refreshed('1', '2x', 11)]
  expect(promises([...fork, refreshed('2', '3', 20), refreshed('2x', undefined, 21)])).toEqual([])
  expect(promises([...fork, refreshed('2', '3', 20), refreshed('2x', '3', 21)])).toEqual([])
  expect(promises([...fork, refreshed('2', '2x', 20), refreshed('2x', '3', 21)])).toEqual([])
})

test('a node that judges alone for too long is stale', () => {
  const history = [told('cut', 'b', 0), judged('kept', 'b', 2050, 200), judged('kept', 'b', 2200, 200)]
  expect(breachesOf(history, bounds)).toEqual([
    { promise: 'stale', session: 'kept', node: 'b', at: 2200, byMs: 99 },
  ])
})

test('a session that nobody revoked must not be refused, unless somebody tried to', () => {
  expect(promises([judged('s', 'a', 10, 401)])).toEqual(['wronged'])
  expect(promises([{ what: 'doubted', session: 's' }, judged('s', 'a', 10, 401)])).toEqual([])
})

test('no answer and a 500 are noticed, a 503 is an answer', () => {
  expect(promises([judged('s', 'a', 10, 500), judged('s', 'a', 11, 0), judged('s', 'a', 12, 503)])).toEqual([
    'unanswered',
    'unanswered',
  ])
})
