import { expect, test } from 'vitest'
import { createTokenCache, type Genuine } from '../../packages/core/src/access/token-cache.ts'

const tokenOf = (index: number, length = 400): string =>
  `${'h'.repeat(60)}.${'p'.repeat(length)}.${String(index).padStart(86, 's')}`

test('holds as many as it may, the latest used', () => {
  const cache = createTokenCache<Genuine>({ entries: 3, bytes: 1e6 })
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
  const cache = createTokenCache<Genuine>({ entries: 1000, bytes: 65_536 })
  for (let index = 0; index < 1000; index++) cache.add({ claims: {}, token: tokenOf(index) })
  const held = Array.from({ length: 1000 }, (_, index) => cache.get(tokenOf(index))).filter(Boolean)
  expect(held.length).toBeGreaterThan(40)
  expect(held.length).toBeLessThan(65_536 / 546)
  cache.add({ claims: {}, token: tokenOf(1, 40_000) })
  expect(cache.get(tokenOf(1, 40_000))).toBeUndefined()
})

test('tells apart what ends alike, and forgets what is dropped', () => {
  const cache = createTokenCache<Genuine>({ entries: 10, bytes: 1e6 })
  cache.add({ claims: {}, token: tokenOf(1) })
  expect(cache.get(tokenOf(1, 401))).toBeUndefined()
  expect(cache.get('')).toBeUndefined()
  cache.drop(tokenOf(1))
  expect(cache.get(tokenOf(1))).toBeUndefined()
})

test('counts the claims of an opaque token, which come from elsewhere', () => {
  const opaque = (index: number): string => `spa_${String(index).padStart(82, 's')}`
  const held = (claims: object): number => {
    const cache = createTokenCache<Genuine>({ entries: 1000, bytes: 65_536 })
    for (let index = 0; index < 1000; index++) cache.add({ token: opaque(index), claims })
    return Array.from({ length: 1000 }, (_, index) => cache.get(opaque(index))).filter(Boolean).length
  }
  expect(held({})).toBeGreaterThan(100)
  expect(held({ about: 'x'.repeat(4096) })).toBeLessThanOrEqual(65_536 / 4096)
  expect(held({ about: '\u4e2d'.repeat(2048) })).toBeLessThanOrEqual(65_536 / 4096)
})
