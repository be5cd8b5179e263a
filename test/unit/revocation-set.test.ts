import { createHash } from 'node:crypto'
import type { Revocation } from '@sallyport/core'
import {
  decodeRevocation,
  encodeRevocation,
  REVOCATION_RETENTION_MS,
  type SessionId,
  type SubjectTag,
  sessionIdFrom,
  type TokenIdentity,
  tagOf,
} from '@sallyport/core/store'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRevocationSet, isRevoked, type RevocationSet } from '../../packages/core/src/revocation/set.ts'

const START = Date.UTC(2026, 0, 1)
const MINUTE = 60_000
const TAGS = [tagOf('alice'), tagOf('bob')] as const
const idOf = (tag: SubjectTag, number: number): SessionId => {
  const own = createHash('sha256').update(String(number)).digest().subarray(0, 16)
  return sessionIdFrom(tag, own.toString('base64url'))
}
const tokenOf = (part: Partial<TokenIdentity>): TokenIdentity => ({
  own: true,
  session: 'some session',
  generation: 1,
  tag: TAGS[0],
  jti: 'some token',
  kid: 'some key',
  issuedAt: 0,
  ...part,
})
const session = (number: number): Revocation => ({ kind: 'session', session: idOf(TAGS[0], number) })

/** What is in a set concerns a token. */
const isIn = (set: RevocationSet, one: TokenIdentity): boolean =>
  isRevoked(one, Number.NEGATIVE_INFINITY, { ofSession: () => set, ofName: () => set, ofSubject: () => set })

/** The plain meaning of a revocation. */
function concerns(revocation: Revocation, token: TokenIdentity): boolean {
  switch (revocation.kind) {
    case 'session':
      return revocation.session === token.session
    case 'generation':
      return revocation.session === token.session && revocation.generation === token.generation
    case 'token':
      return revocation.jti === token.jti
    case 'key':
      return revocation.kid === token.kid
    case 'subject':
      return (
        revocation.tag === token.tag &&
        (token.issuedAt ?? 0) <= revocation.notBefore &&
        (revocation.except === undefined || token.session !== revocation.except)
      )
    case 'all':
      return false
  }
}

const texts = ['a', 'b', 'j:a', 'k:a', 's:a', '', 'ZP0Yk2Rz0qRkq0jzZP0YkA', 'ZP0Yk2Rz0qRkq0jzZP0YkB'] as const
const text = fc.constantFrom(...texts)
const ownSid = fc.constantFrom(idOf(TAGS[0], 1), idOf(TAGS[0], 2), idOf(TAGS[1], 1))
const sid = fc.oneof(text, ownSid)
const tag = fc.constantFrom(...TAGS)
const second = fc.integer({ min: 0, max: 3 })
const revocation: fc.Arbitrary<Revocation> = fc.oneof(
  fc.record({ kind: fc.constant('session' as const), session: sid }),
  fc.record({ kind: fc.constant('generation' as const), session: ownSid, generation: second }),
  fc.record({ kind: fc.constant('token' as const), jti: text }),
  fc.record({ kind: fc.constant('key' as const), kid: text }),
  fc.record({ kind: fc.constant('all' as const), until: second }),
  fc.record({ kind: fc.constant('subject' as const), tag, notBefore: second }),
  fc.record({
    kind: fc.constant('subject' as const),
    tag,
    notBefore: second,
    except: fc.constantFrom(idOf(TAGS[0], 1), idOf(TAGS[1], 1)),
  }),
)
const token: fc.Arbitrary<TokenIdentity> = fc.record({
  own: fc.constant(true),
  session: sid,
  generation: fc.option(second, { nil: undefined }),
  tag,
  jti: text,
  kid: text,
  issuedAt: second,
})
/** Revocations with the time that passes before each. */
const history = fc.array(
  fc.tuple(revocation, fc.oneof(fc.constant(0), fc.integer({ min: 0, max: REVOCATION_RETENTION_MS / 2 }))),
  { maxLength: 40, size: 'max' },
)

describe('a revocation is one text,', () => {
  test('and read back from it', () => {
    fc.assert(
      fc.property(revocation, (one) => {
        expect(decodeRevocation(encodeRevocation(one))).toEqual(one)
      }),
    )
  })

  test.each(['', '-0', '0x10', '1e3', ' 5', '5 ', '05', '5.0'])(
    'whose number is never written as %j',
    (number) => {
      expect(decodeRevocation(`a:${number}`)).toEqual({ kind: 'all', until: Number.NaN })
      expect(decodeRevocation(`u:${tagOf('alice')}:${number}:`)).toMatchObject({ notBefore: Number.NaN })
      expect(decodeRevocation(`g:session:${number}`)).toMatchObject({ generation: Number.NaN })
    },
  )

  test('and two that differ are two', () => {
    fc.assert(
      fc.property(revocation, revocation, (one, two) => {
        const same = JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(two).sort())
        expect(encodeRevocation(one) === encodeRevocation(two)).toBe(same)
      }),
    )
  })
})

describe('the set of live revocations', () => {
  test('is empty at first', () => {
    const set = createRevocationSet()
    expect([...set.all()]).toEqual([])
    expect(isIn(set, tokenOf({}))).toBe(false)
  })

  test.each(['another', 'ZP0Yk2Rz0qRkq0jzZP0YkA'])(
    'knows the token %s, though nothing else was revoked',
    (jti) => {
      const set = createRevocationSet()
      set.add({ kind: 'token', jti }, START)
      expect(isIn(set, tokenOf({ jti }))).toBe(true)
      expect(isIn(set, tokenOf({}))).toBe(false)
    },
  )

  test('does not look up what a token does not have', () => {
    const set = createRevocationSet()
    set.add({ kind: 'session', session: 'undefined' }, START)
    set.add({ kind: 'token', jti: 'undefined' }, START)
    set.add({ kind: 'key', kid: 'undefined' }, START)
    expect(isIn(set, tokenOf({ session: undefined, jti: undefined, kid: undefined }))).toBe(false)
  })

  test('judges tokens as a plain list would, in which nothing is forgotten too early', () => {
    fc.assert(
      fc.property(history, fc.array(token, { minLength: 20, maxLength: 20 }), (steps, tokens) => {
        const set = createRevocationSet()
        const first = new Map<string, { revocation: Revocation; at: number }>()
        let now = START
        for (const [one, passed] of steps) {
          now += passed
          const known = first.get(encodeRevocation(one))
          const isLive = known !== undefined && now - known.at < REVOCATION_RETENTION_MS
          const isNew = set.add(one, now)
          if (isLive) expect(isNew).toBe(false)
          if (isNew) first.set(encodeRevocation(one), { revocation: one, at: now })
          else expect(known).toBeDefined()
        }
        const all = [...first.values()]
        const live = all.filter(({ at }) => now - at < REVOCATION_RETENTION_MS)
        for (const one of tokens) {
          if (live.some((entry) => concerns(entry.revocation, one))) expect(isIn(set, one)).toBe(true)
          if (!all.some((entry) => concerns(entry.revocation, one))) expect(isIn(set, one)).toBe(false)
        }
        for (const entry of live) expect([...set.all()]).toContainEqual(entry.revocation)
      }),
    )
  })

  test('lists each once', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const set = createRevocationSet()
        let now = START
        for (const [one, passed] of steps) {
          now += passed
          set.add(one, now)
        }
        const listed = [...set.all()].map(encodeRevocation)
        expect(new Set(listed).size).toBe(listed.length)
      }),
    )
  })

  test.each([1, 17, 31, 60])(
    'keeps a revocation for the whole retention, with news every %i minutes',
    (every) => {
      for (let begins = 0; begins < REVOCATION_RETENTION_MS; begins += 7 * MINUTE) {
        const set = createRevocationSet()
        set.add(session(0), START)
        const made = START + begins
        set.add({ kind: 'token', jti: 'kept' }, made)
        for (let now = made; now < made + REVOCATION_RETENTION_MS; now += every * MINUTE) {
          set.add(session(now / MINUTE), now)
          expect(isIn(set, tokenOf({ jti: 'kept' }))).toBe(true)
        }
      }
    },
  )

  test('forgets it before twice the retention is over, as long as there are news', () => {
    for (let begins = 0; begins < REVOCATION_RETENTION_MS; begins += 7 * MINUTE) {
      const set = createRevocationSet()
      set.add(session(0), START)
      const made = START + begins
      const kinds: readonly Revocation[] = [
        { kind: 'token', jti: 'old' },
        { kind: 'key', kid: 'old' },
        { kind: 'session', session: 'old' },
        { kind: 'session', session: idOf(TAGS[1], 5) },
        { kind: 'subject', tag: TAGS[1], notBefore: 5 },
      ]
      for (const one of kinds) set.add(one, made)
      for (let now = made; now <= made + 2 * REVOCATION_RETENTION_MS; now += MINUTE)
        set.add(session(now / MINUTE), now)
      expect(isIn(set, tokenOf({ jti: 'old' }))).toBe(false)
      expect(isIn(set, tokenOf({ session: 'old', kid: 'old' }))).toBe(false)
      expect(isIn(set, tokenOf({ session: idOf(TAGS[1], 5) }))).toBe(false)
      expect(isIn(set, tokenOf({ tag: TAGS[1] }))).toBe(false)
      const listed = [...set.all()].map(encodeRevocation)
      for (const one of kinds) expect(listed).not.toContain(encodeRevocation(one))
    }
  })

  test('loses nothing to a clock that goes back', () => {
    const set = createRevocationSet()
    set.add({ kind: 'token', jti: 'kept' }, START)
    for (let now = START; now > START - 3 * REVOCATION_RETENTION_MS; now -= 10 * MINUTE) {
      set.add(session(now / MINUTE), now)
      expect(isIn(set, tokenOf({ jti: 'kept' }))).toBe(true)
    }
  })

  test('tells what was not seen since the watch began', () => {
    const revocation = fc.oneof(
      fc.nat(30).map(session),
      fc.nat(9).map((number): Revocation => ({ kind: 'token', jti: `another's ${number}` })),
      fc.nat(9).map((number): Revocation => ({ kind: 'token', jti: idOf(TAGS[0], number).slice(-22) })),
      fc.nat(9).map((number): Revocation => ({ kind: 'subject', tag: TAGS[1], notBefore: number })),
      fc.nat(9).map((number): Revocation => {
        return { kind: 'generation', session: idOf(TAGS[0], number), generation: number }
      }),
      fc.nat(3).map((number): Revocation => ({ kind: 'all', until: number })),
    )
    const step = fc.oneof(
      { weight: 9, arbitrary: fc.tuple(fc.constantFrom('add', 'see'), revocation, fc.nat(40)) },
      { weight: 1, arbitrary: fc.constant('watch') },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const set = createRevocationSet()
        const known = new Set<string>()
        const unseen = new Set<string>()
        for (const one of steps) {
          if (one === 'watch') {
            set.watch(true)
            for (const encoded of known) unseen.add(encoded)
            continue
          }
          const [how, given, minutes] = one
          const encoded = encodeRevocation(given)
          expect(set[how](given, START + minutes * MINUTE)).toBe(!known.has(encoded))
          if (how === 'see') unseen.delete(encoded)
          else if (!known.has(encoded)) unseen.add(encoded)
          known.add(encoded)
        }
        const isWatched = steps.includes('watch')
        const told = [...set.unseen()].filter((other) => other !== undefined).map(encodeRevocation)
        expect(told.toSorted()).toEqual(isWatched ? [...unseen].toSorted() : [])
        set.watch(false)
        expect([...set.unseen()]).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test('holds many thousands of sessions, and no others', () => {
    const set = createRevocationSet()
    const COUNT = 40_000
    const numbers = Array.from({ length: COUNT }, (_, number) => number)
    const has = (tag: SubjectTag, number: number) => isIn(set, tokenOf({ session: idOf(tag, number) }))
    expect(numbers.filter((number) => !set.add(session(number), START + number))).toEqual([])
    expect(numbers.filter((number) => set.add(session(number), START + COUNT))).toEqual([])
    expect(numbers.filter((number) => !has(TAGS[0], number))).toEqual([])
    expect(numbers.filter((number) => has(TAGS[1], number))).toEqual([])
    expect(numbers.filter((number) => has(TAGS[0], COUNT + number))).toEqual([])
    expect([...set.all()]).toHaveLength(COUNT)
  })
})
