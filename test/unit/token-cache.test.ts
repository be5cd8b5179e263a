import { expect, test } from 'vitest'
import { createTokenCache, type Genuine } from '../../packages/core/src/access/token-cache.ts'
import { turnedClock } from '../support/turned-clock.ts'

const clock = turnedClock()
const tokenOf = (index: number, length = 400): string =>
  `${'h'.repeat(60)}.${'p'.repeat(length)}.${String(index).padStart(86, 's')}`

test('holds as many as it may, the latest used', () => {
  const cache = createTokenCache<Genuine>({ entries: 3, bytes: 1e6 }, clock)
  for (const index of [1, 2, 3]) cache.add({ claims: {}, token: tokenOf(index) })
  expect(cache.get(tokenOf(1))).toEqual({ claims: {}, token: tokenOf(1) })
  cache.add({ claims: {}, token: tokenOf(4) })
  expect([1, 2, 3, 4].map((index) => cache.get(tokenOf(index)) !== undefined)).toEqual([
    true,
    false,
    true,
    true,
  ])
})

test('holds as many bytes as it may, and nothing that is larger', () => {
  const cache = createTokenCache<Genuine>({ entries: 1000, bytes: 65_536 }, clock)
  for (let index = 0; index < 1000; index++) cache.add({ claims: {}, token: tokenOf(index) })
  const held = Array.from({ length: 1000 }, (_, index) => cache.get(tokenOf(index))).filter(Boolean)
  expect(held.length).toBeGreaterThan(40)
  expect(held.length).toBeLessThan(65_536 / 546)
  cache.add({ claims: {}, token: tokenOf(1, 40_000) })
  expect(cache.get(tokenOf(1, 40_000))).toBeUndefined()
})

test('tells apart what ends alike, and forgets what is dropped', () => {
  const cache = createTokenCache<Genuine>({ entries: 10, bytes: 1e6 }, clock)
  cache.add({ claims: {}, token: tokenOf(1) })
  expect(cache.get(tokenOf(1, 401))).toBeUndefined()
  expect(cache.get('')).toBeUndefined()
  cache.drop(tokenOf(1))
  expect(cache.get(tokenOf(1))).toBeUndefined()
})

test('counts the claims of an opaque token, which come from elsewhere', () => {
  const opaque = (index: number): string => `spa_${String(index).padStart(82, 's')}`
  const held = (claims: object): number => {
    const cache = createTokenCache<Genuine>({ entries: 1000, bytes: 65_536 }, clock)
    for (let index = 0; index < 1000; index++) cache.add({ token: opaque(index), claims })
    return Array.from({ length: 1000 }, (_, index) => cache.get(opaque(index))).filter(Boolean).length
  }
  expect(held({})).toBeGreaterThan(100)
  expect(held({ about: 'x'.repeat(4096) })).toBeLessThanOrEqual(65_536 / 4096)
  expect(held({ about: '\u4e2d'.repeat(2048) })).toBeLessThanOrEqual(65_536 / 4096)
})

test('holds expired tokens for a minute, and those that do not expire for as long as there is room', () => {
  const turned = turnedClock()
  const cache = createTokenCache<Genuine>({ entries: 1000, bytes: 1e6 }, turned)
  const [endless, brief, lasting] = [tokenOf(1), tokenOf(2), tokenOf(3)]
  const seconds = turned.now() / 1000
  const isHeld = (token: string): boolean => cache.get(token) !== undefined
  cache.add({ token: endless, claims: {} })
  cache.add({ token: brief, claims: { exp: seconds + 60 } })
  cache.add({ token: lasting, claims: { exp: seconds + 7200 } })
  const addOthers = (from: number): void => {
    for (let index = from; index < from + 9; index++)
      cache.add({ token: tokenOf(index), claims: { exp: seconds + 7200 } })
  }
  turned.turn(120_000 - 1)
  addOthers(10)
  expect([endless, brief, lasting].map(isHeld)).toEqual([true, true, true])
  turned.turn(1)
  addOthers(20)
  expect([endless, brief, lasting].map(isHeld)).toEqual([true, false, true])
})

test('gets rid of all that have expired, whatever else is between them', () => {
  const turned = turnedClock()
  const cache = createTokenCache<Genuine>({ entries: 10_000, bytes: 1e9 }, turned)
  const add = (index: number, claims: Genuine['claims']): void => cache.add({ token: tokenOf(index), claims })
  const held = (count: number): number =>
    Array.from({ length: count }, (_, index) => cache.get(tokenOf(index))).filter(Boolean).length
  const exp = turned.now() / 1000 + 60
  for (let index = 0; index < 500; index++) add(index, index % 2 === 0 ? {} : { exp })
  turned.turn(120_000)
  for (let index = 500; index < 1000; index++) add(index, {})
  expect(held(1000)).toBe(750)
})
