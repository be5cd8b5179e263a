import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { BoundTo, SessionId, Transport } from '@sallyport/core/store'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bondOf, holds } from '../../packages/core/src/sessions/tokens/bond.ts'
import {
  createRefreshTokens,
  type RefreshTicket,
} from '../../packages/core/src/sessions/tokens/refresh-token.ts'

const KEY = { mac: randomBytes(32), encryption: randomBytes(32) }
const OTHER_KEY = { mac: randomBytes(32), encryption: randomBytes(32) }
const tokens = createRefreshTokens([KEY])

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const LENGTH = 70

const ticket: fc.Arbitrary<RefreshTicket> = fc.record({
  session: fc
    .uint8Array({ minLength: 28, maxLength: 28 })
    .map((bytes) => Buffer.from(bytes).toString('base64url') as SessionId),
  generation: fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(0, 1, 2 ** 32 - 1)),
  transport: fc.constantFrom<Transport>('cookie', 'body'),
})

const SAMPLE: RefreshTicket = {
  session: Buffer.alloc(28, 0xa5).toString('base64url') as SessionId,
  generation: 258,
  transport: 'cookie',
}
const sample = tokens.mint(SAMPLE)
const bytesOf = (text: string): Buffer => Buffer.from(text.slice(4), 'base64url')
const textOf = (bytes: Uint8Array): string => `spr_${Buffer.from(bytes).toString('base64url')}`
/** What the sample says after its version. */
const REST = Buffer.concat([Buffer.alloc(28, 0xa5), Buffer.of(0, 0, 1, 2)])
const macOf = (body: Uint8Array): Buffer =>
  createHmac('sha256', KEY.mac).update(body).digest().subarray(0, 16)

/** A token under the key, with its first byte in the clear. */
function encrypted(body: Buffer): string {
  const mac = macOf(body)
  const stream = createHash('sha256')
    .update(Buffer.of(0, 0, 0, 1))
    .update(KEY.encryption)
    .update(mac)
    .digest()
  const hidden = body.subarray(1).map((byte, at) => byte ^ (stream[at] ?? 0))
  return textOf(Buffer.concat([body.subarray(0, 1), hidden, mac]))
}

describe('a bond', () => {
  const value = fc.option(fc.string({ minLength: 1, maxLength: 43 }), { nil: undefined })
  const boundTo = fc
    .record({ jkt: value, x5t: value, fgp: value })
    .map(
      (given) => Object.fromEntries(Object.entries(given).filter(([, one]) => one !== undefined)) as BoundTo,
    )

  test('is read from the token as it was written, whatever secret it is under', () => {
    const rotated = createRefreshTokens([OTHER_KEY, KEY])
    fc.assert(
      fc.property(ticket, boundTo, (one, given) => {
        const bond = bondOf(given)
        const read = rotated.parse(tokens.mint({ ...one, bond }))
        expect(read).toEqual(bond === undefined ? one : { ...one, bond })
        if (read?.bond !== undefined) expect(holds(read.bond, given)).toBe(true)
      }),
    )
  })

  test('asks for the very values of its members, and for no others', () => {
    fc.assert(
      fc.property(boundTo, boundTo, (given, shown) => {
        const bond = bondOf(given)
        if (bond === undefined) return
        const members = Object.keys(given) as (keyof BoundTo)[]
        const isSame = members.every((member) => shown[member] === given[member])
        expect(holds(bond, shown)).toBe(isSame)
        expect(holds(bond, { ...shown, ...given })).toBe(true)
      }),
    )
  })

  test('cannot be taken off a token', () => {
    const bound = tokens.mint({ ...SAMPLE, bond: bondOf({ jkt: 'a key' }) })
    const bytes = bytesOf(bound)
    const shorter = Buffer.concat([bytes.subarray(0, 33), bytes.subarray(-16)])
    for (const first of [3, 4, 5, 6])
      for (const cut of [shorter, bytes.subarray(0, shorter.length)])
        expect(tokens.parse(textOf(Buffer.concat([Buffer.of(first), cut.subarray(1)])))).toBeUndefined()
    expect(tokens.parse(bound)).toMatchObject({ bond: { members: ['jkt'] } })
  })
})

describe('a minted token', () => {
  test('says what it was minted for', () => {
    fc.assert(
      fc.property(ticket, (one) => {
        expect(tokens.parse(tokens.mint(one))).toEqual(one)
      }),
    )
  })

  test('is the same text whenever it is minted for the same', () => {
    fc.assert(
      fc.property(ticket, (one) => {
        expect(tokens.mint(one)).toBe(tokens.mint({ ...one }))
      }),
    )
  })

  test('is another text for whatever differs', () => {
    fc.assert(
      fc.property(ticket, ticket, (one, two) => {
        const same =
          one.session === two.session && one.generation === two.generation && one.transport === two.transport
        expect(tokens.mint(one) === tokens.mint(two)).toBe(same)
      }),
    )
  })

  test('is of one length and of characters that need no escape in a cookie or a form', () => {
    fc.assert(
      fc.property(ticket, (one) => {
        expect(tokens.mint(one)).toMatch(/^spr_[A-Za-z0-9_-]{66}$/)
      }),
    )
  })

  test('stays readable: version, session and generation, encrypted, and MAC in this order', () => {
    expect(sample).toBe(encrypted(Buffer.concat([Buffer.of(3), REST])))
  })

  test('shows nothing of its session: tokens of one session share no run of bytes but the version', () => {
    fc.assert(
      fc.property(ticket, (one) => {
        const bytes = bytesOf(tokens.mint(one))
        expect(bytes.includes(Buffer.from(one.session, 'base64url').subarray(0, 12))).toBe(false)
        const next = bytesOf(tokens.mint({ ...one, generation: (one.generation + 1) % 2 ** 32 }))
        expect(bytes.subarray(1, 13)).not.toEqual(next.subarray(1, 13))
      }),
    )
  })
})

describe('what was never issued is not read', () => {
  test('with any single character changed', () => {
    for (let at = 0; at < LENGTH; at++)
      for (const letter of `${LETTERS} .~+/=%\0é`) {
        if (letter === sample[at]) continue
        const changed = sample.slice(0, at) + letter + sample.slice(at + 1)
        expect(tokens.parse(changed), changed).toBeUndefined()
      }
  })

  test('with any single bit changed', () => {
    const bytes = bytesOf(sample)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      expect(tokens.parse(textOf(changed)), `bit ${bit}`).toBeUndefined()
    }
  })

  test('in another spelling of the same bytes', () => {
    const others = [
      ...[...LETTERS].map((letter) => sample.slice(0, -1) + letter),
      sample.replaceAll('-', '+').replaceAll('_', '/'),
      `spr_${bytesOf(sample).toString('base64')}`,
    ]
    const same = others.filter((text) => text !== sample && bytesOf(text).equals(bytesOf(sample)))
    expect(same.length).toBeGreaterThanOrEqual(15)
    for (const text of same) expect(tokens.parse(text), text).toBeUndefined()
  })

  test.each([
    ['padded', `${sample}==`],
    ['padded over its last characters', `${sample.slice(0, -2)}==`],
    ['without its prefix', sample.slice(4)],
    ['with the prefix in capitals', sample.replace('spr_', 'SPR_')],
    ['with the prefix twice', `spr_${sample}`],
    ['with a space before', ` ${sample}`],
    ['with a line break after', `${sample}\n`],
    ['with spaces in the place of characters', `${sample.slice(0, -4)}    `],
    ['in quotes', `"${sample}"`],
    ['twice', sample + sample],
    ['empty', ''],
    ['of the prefix alone', 'spr_'],
    ['of zero bytes alone', textOf(Buffer.alloc(49))],
    ['of letters of two code units', `spr_${'𝔞'.repeat(33)}`],
  ])('%s', (_how, text) => {
    expect(tokens.parse(text)).toBeUndefined()
  })

  test('cut off or drawn out anywhere', () => {
    for (let length = 0; length < LENGTH; length++)
      expect(tokens.parse(sample.slice(0, length))).toBeUndefined()
    for (let more = 1; more < 8; more++) expect(tokens.parse(sample + 'A'.repeat(more))).toBeUndefined()
  })

  test('as any text that somebody makes up', () => {
    const madeUp = fc.oneof(
      fc.string({ maxLength: 100 }),
      fc.uint8Array({ minLength: 49, maxLength: 49 }).map(textOf),
      fc.string({ minLength: 66, maxLength: 66 }).map((rest) => `spr_${rest}`),
    )
    fc.assert(
      fc.property(madeUp, (text) => {
        expect(tokens.parse(text)).toBeUndefined()
      }),
    )
  })

  test('under a key that is not in force', () => {
    fc.assert(
      fc.property(ticket, (one) => {
        expect(createRefreshTokens([OTHER_KEY]).parse(tokens.mint(one))).toBeUndefined()
      }),
    )
  })

  test.each([0, 5, 255])('under the key, but of the version %i', (version) => {
    expect(tokens.parse(encrypted(Buffer.concat([Buffer.of(version), REST])))).toBeUndefined()
  })

  test('as a token of the other transport with the MAC of this one', () => {
    for (const version of [1, 2, 4]) {
      const changed = bytesOf(sample)
      changed[0] = version
      expect(tokens.parse(textOf(changed)), `version ${version}`).toBeUndefined()
    }
  })
})

describe('while a secret is being rotated', () => {
  const rotating = createRefreshTokens([OTHER_KEY, KEY])

  test('tokens under the earlier one are still read', () => {
    fc.assert(
      fc.property(ticket, (one) => {
        expect(rotating.parse(tokens.mint(one))).toEqual(one)
      }),
    )
  })

  test('new tokens are under the current one', () => {
    const minted = rotating.mint(SAMPLE)
    expect(minted).not.toBe(sample)
    expect(createRefreshTokens([OTHER_KEY]).parse(minted)).toEqual(SAMPLE)
    expect(tokens.parse(minted)).toBeUndefined()
  })
})

test('a generation that has no room is not minted', () => {
  for (const generation of [-1, 2 ** 32]) expect(() => tokens.mint({ ...SAMPLE, generation })).toThrow()
})
