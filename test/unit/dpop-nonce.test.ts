import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createNonces, NONCE_LIFETIME_MS } from '../../packages/core/src/access/dpop/nonce.ts'
import { turnedClock } from '../support/turned-clock.ts'

const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

test('a nonce can be used for five minutes, and is old from the middle of them on', () => {
  const clock = turnedClock()
  const nonces = createNonces([key(1)], clock)
  const nonce = nonces.current()
  const madeAt = clock.now()
  expect(nonces.read(nonce)).toEqual({ madeAt, isOld: false })
  clock.turn(NONCE_LIFETIME_MS / 2 - 1)
  expect(nonces.read(nonce)).toEqual({ madeAt, isOld: false })
  clock.turn(1)
  expect(nonces.read(nonce)).toEqual({ madeAt, isOld: true })
  clock.turn(NONCE_LIFETIME_MS / 2 - 1)
  expect(nonces.read(nonce)).toEqual({ madeAt, isOld: true })
  clock.turn(1)
  expect(nonces.read(nonce)).toBeUndefined()
})

test('a nonce stays the same for a second, so that it costs nothing to give it out', () => {
  const clock = turnedClock()
  const nonces = createNonces([key(1)], clock)
  const nonce = nonces.current()
  clock.turn(999)
  expect(nonces.current()).toBe(nonce)
  clock.turn(1)
  expect(nonces.current()).not.toBe(nonce)
})

test('a process whose clock is ahead by up to a minute makes nonces that others accept', () => {
  const [behind, ahead] = [turnedClock(), turnedClock()]
  ahead.turn(60_000)
  const nonce = createNonces([key(1)], ahead).current()
  const nonces = createNonces([key(1)], behind)
  expect(nonces.read(nonce)).toMatchObject({ isOld: false })
  behind.set(behind.now() - 1)
  expect(nonces.read(nonce)).toBeUndefined()
})

test('a clock before 1970 makes no other nonce than one of 1970', () => {
  const nonces = createNonces([key(1)], turnedClock(-5000))
  expect(nonces.read(nonces.current())).toMatchObject({ madeAt: 0 })
})

test('nonces under any of the keys are accepted, and the first key makes them', () => {
  const clock = turnedClock()
  const earlier = createNonces([key(1)], clock)
  const rotated = createNonces([key(2), key(1)], clock)
  const later = createNonces([key(2)], clock)
  expect(rotated.read(earlier.current())).toBeDefined()
  expect(later.read(rotated.current())).toBeDefined()
  expect(earlier.read(rotated.current())).toBeUndefined()
  expect(later.read(earlier.current())).toBeUndefined()
})

test('no other string is accepted, not even one that differs in a bit', () => {
  const nonces = createNonces([key(1)], turnedClock())
  const nonce = nonces.current()
  const bytes = Buffer.from(nonce, 'base64url')
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes)
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    expect(nonces.read(changed.toString('base64url'))).toBeUndefined()
  }
  const others = [
    '',
    `${nonce}=`,
    ` ${nonce}`,
    `${nonce}A`,
    nonce.slice(1),
    nonce.replace(/.$/, '*'),
    `${nonce}\n`,
  ]
  for (const other of others) expect(nonces.read(other)).toBeUndefined()
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.base64String()), (other) => {
      expect(nonces.read(other)).toBeUndefined()
    }),
  )
})
