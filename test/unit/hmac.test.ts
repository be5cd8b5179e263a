import { createHmac, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFixedHmac, createMessageHmac, hmacOf } from '../../packages/core/src/tokens/hmac.ts'

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')

/** RFC 4231, sections 4.2 to 4.5. */
const VECTORS = [
  [
    '0b'.repeat(20),
    Buffer.from('Hi There'),
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  ],
  [
    Buffer.from('Jefe').toString('hex'),
    Buffer.from('what do ya want for nothing?'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    'aa'.repeat(20),
    bytes('dd'.repeat(50)),
    '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
  ],
  [
    '0102030405060708090a0b0c0d0e0f10111213141516171819',
    bytes('cd'.repeat(50)),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
] as const

test.each(VECTORS)('gives the MAC of RFC 4231 under the key %s', (key, message, mac) => {
  const macOf = createFixedHmac(bytes(key), message.length)
  const anyMacOf = createMessageHmac(bytes(key))
  // Twice, since the space is used again.
  for (let time = 0; time < 2; time++)
    for (const made of [macOf(message), anyMacOf(message), hmacOf(bytes(key), message)])
      expect(Buffer.from(made, 'latin1').toString('hex')).toBe(mac)
})

test('gives what createHmac gives, for every key of at most a block', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 64 }),
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 200 }),
      (key, message, after) => {
        const macOf = createFixedHmac(key, message.length)
        const expected = createHmac('sha256', key).update(message).digest('binary')
        expect(macOf(message)).toBe(expected)
        // What follows the message is not part of it.
        expect(macOf(Buffer.concat([message, after]))).toBe(expected)
      },
    ),
  )
})

test('gives it for messages of all lengths in turn', () => {
  const key = Buffer.alloc(32, 7)
  const macOf = createMessageHmac(key)
  for (const length of [1024, 0, 1025, 64, 5000, 1, 1023]) {
    const message = Buffer.alloc(length, length)
    const expected = createHmac('sha256', key).update(message).digest('binary')
    expect([macOf(message), hmacOf(key, message)]).toEqual([expected, expected])
  }
})

test('takes text as its UTF-8, under keys in turn', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 64 }),
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constant('\u{1f600}'.repeat(256)),
        fc.constant('é'.repeat(600)),
      ),
      (key, text) => {
        const expected = createHmac('sha256', key).update(text).digest('binary')
        expect([createMessageHmac(key)(text), hmacOf(key, text)]).toEqual([expected, expected])
      },
    ),
  )
})

test('takes a key that is exactly a block', () => {
  const key = randomBytes(64)
  const message = randomBytes(20)
  const expected = createHmac('sha256', key).update(message).digest('binary')
  expect([createFixedHmac(key, 20)(message), createMessageHmac(key)(message)]).toEqual([expected, expected])
})

test('refuses a key that is longer than a block, which HMAC would hash', () => {
  expect(() => createFixedHmac(new Uint8Array(65), 1)).toThrow(
    new RangeError('the key is longer than a block'),
  )
  for (const made of [createMessageHmac, (key: Uint8Array) => hmacOf(key, '')])
    expect(() => made(new Uint8Array(65))).toThrow(new RangeError('the key is longer than a block'))
})
