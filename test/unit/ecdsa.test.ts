import { sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rawFromDer } from '../../packages/aws-kms/src/ecdsa.ts'
import { derOf, sequence } from '../support/der.ts'
import { keyPair } from '../support/key-pair.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const ff = (bytes: number): string => 'ff'.repeat(bytes)
const number = fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((bytes) => bytes.some((one) => one > 0))
/** Short ones too: half of the numbers begin with zeros. */
const numbers = fc.oneof(
  number,
  fc.tuple(number, fc.nat(31)).map(([bytes, zeros]) => bytes.fill(0, 0, zeros).fill(1, 31)),
)

describe('a signature in DER becomes r and s of 32 bytes each', () => {
  test('whatever the numbers', () => {
    fc.assert(
      fc.property(numbers, numbers, (r, s) => {
        expect(Buffer.from(rawFromDer(derOf(r, s)) ?? [])).toEqual(Buffer.concat([r, s]))
      }),
      { numRuns: 2000 },
    )
  })

  test('that node:crypto verifies as its own, until short ones of both were seen', () => {
    const { privateKey, publicKey } = keyPair('ec', { namedCurve: 'P-256' })
    const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
    const seen = new Set<string>()
    for (let times = 0; times < 1000 || seen.size < 2; times++) {
      const message = Buffer.from(`message ${times}`)
      const raw = rawFromDer(sign('sha256', message, privateKey))
      expect(raw).toHaveLength(64)
      expect(verify('sha256', message, key, raw ?? Buffer.alloc(0))).toBe(true)
      if (raw?.[0] === 0) seen.add('short r')
      if (raw?.[32] === 0) seen.add('short s')
    }
  })

  // biome-ignore format: one row, one line
  test.each([
    ['of one byte', '3006 020101 020102', '01', '02'],
    ['with a zero in front of the high bit', '3008 02020080 020200ff', '80', 'ff'],
    ['with a zero inside', '3008 02020100 02027f00', '0100', '7f00'],
    ['of 32 bytes and a zero in front', `3046 022100${ff(32)} 022100${ff(32)}`, ff(32), ff(32)],
    ['of 31 bytes beside one of 32', `3044 021f01${ff(30)} 02210080${ff(31)}`, `01${ff(30)}`, `80${ff(31)}`],
  ])('%s', (_what, der, r, s) => {
    expect(Buffer.from(rawFromDer(hex(der)) ?? []).toString('hex')).toBe(r.padStart(64, '0') + s.padStart(64, '0'))
  })
})

describe('what is not the one DER form of two numbers in range is none:', () => {
  // biome-ignore format: one row, one line
  test.each([
    ['nothing', ''],
    ['a tag alone', '30'],
    ['an empty sequence', '3000'],
    ['r alone', '3003 020101'],
    ['a third number', '3009 020101 020102 020103'],
    ['r zero', '3006 020100 020101'],
    ['s zero', '3006 020101 020100'],
    ['r without bytes', '3005 0200 020101'],
    ['s without bytes', '3005 020101 0200'],
    ['r negative', '3006 020180 020101'],
    ['s negative', '3006 020101 0201ff'],
    ['r of 32 bytes and negative', `3025 0220${ff(32)} 020101`],
    ['r with a needless zero', '3007 02020001 020101'],
    ['s with a needless zero', '3007 020101 0202007f'],
    ['two zeros', '3007 02020000 020101'],
    ['r of 33 bytes', `3026 022101${ff(32)} 020101`],
    ['s of 33 bytes', `3026 020101 022101${ff(32)}`],
    ['s of 33 bytes behind a zero', `3027 020101 022200${ff(33)}`],
    ['a byte behind', '3006 020101 020102 00'],
    ['a byte behind, counted', '3007 020101 020102 00'],
    ['a byte missing', '3006 020101 0201'],
    ['r longer than all', '3006 022001 020102'],
    ['s longer than the rest', '3006 020101 020202'],
    ['a set', '3106 020101 020102'],
    ['r an octet string', '3006 040101 020102'],
    ['s a bit string', '3006 020101 030102'],
    ['the length of all in the long form', '308106 020101 020102'],
    ['the length of r in the long form', '3007 02810101 020102'],
    ['a length that is open', '3080 020101 020102 0000'],
    ['raw', ff(64)],
  ])('%s', (_what, der) => {
    expect(rawFromDer(hex(der))).toBeUndefined()
  })

  test('any cut of a good one, and any byte more', () => {
    fc.assert(
      fc.property(numbers, numbers, fc.nat(71), fc.nat(255), (r, s, cut, byte) => {
        const der = derOf(r, s)
        expect(rawFromDer(der.subarray(0, Math.min(cut, der.length - 1)))).toBeUndefined()
        expect(rawFromDer(Buffer.concat([der, Buffer.from([byte])]))).toBeUndefined()
        expect(rawFromDer(sequence(der.subarray(2), Buffer.from([byte])))).toBeUndefined()
      }),
    )
  })

  test('bytes are taken only if they are the form of what they are taken for', () => {
    const changed = fc.tuple(numbers, numbers, fc.nat(71), fc.nat(255)).map(([r, s, at, byte]) => {
      const der = derOf(r, s)
      der[at % der.length] = byte
      return der
    })
    fc.assert(
      fc.property(changed, (der) => {
        const raw = rawFromDer(der)
        if (raw !== undefined) expect(derOf(raw.subarray(0, 32), raw.subarray(32))).toEqual(der)
      }),
      { numRuns: 2000 },
    )
  })
})
