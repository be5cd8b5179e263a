import type { RequestView } from '@sallyport/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createProofs, type DpopSettings, type Proofs } from '../../packages/core/src/access/dpop/index.ts'
import { createMemoryOnce } from '../../packages/core/src/memory/once.ts'
import { type Changes, type ProofKey, proof, proofKey } from '../conformance/dpop/proofs.ts'
import { type TurnedClock, turnedClock } from '../support/turned-clock.ts'
import { viewOf } from './view.ts'

const key: ProofKey = await proofKey('ES256')
const url = 'https://auth.example.com/auth/login'

function proofsOf(clock: TurnedClock, more: Partial<DpopSettings> = {}): Proofs {
  const settings = { mode: 'accepted', nonces: 'off', windowMs: 60_000, origins: 'asked', ...more } as const
  const parts = {
    once: createMemoryOnce(),
    nonceKeys: [new Uint8Array(32)],
    clock,
    notice: () => {},
  } as const
  const made = createProofs(settings, parts)
  if (made === undefined) throw new TypeError('there are no proofs')
  return made
}

function view(clock: TurnedClock, changes: Changes = {}, more: Partial<RequestView> = {}): RequestView {
  const dpop = proof({ key, method: 'POST', url, token: undefined, now: clock.now() }, changes)
  const headers = { host: 'auth.example.com', dpop }
  return viewOf({ target: '/auth/login', secure: true, headers, ...more })
}

describe('the proof of a sign-in', () => {
  test('may be by any key, which is then known', async () => {
    const clock = turnedClock()
    const proofs = proofsOf(clock)
    const other = await proofKey('PS256')
    expect(await proofs.ofSignIn(view(clock))).toEqual({ kind: 'proved', jkt: key.jkt, nonce: undefined })
    const header = { alg: other.alg, jwk: other.jwk }
    expect(await proofs.ofSignIn(view(clock, { header, key: other }))).toMatchObject({ jkt: other.jkt })
  })

  test('may be absent, which is for the caller to judge', async () => {
    const clock = turnedClock()
    const proofs = proofsOf(clock, { mode: 'required' })
    expect(proofs.mode).toBe('required')
    expect(await proofs.ofSignIn(viewOf({}))).toEqual({ kind: 'absent' })
  })

  test.each([
    ['repeated', {}, { headers: { dpop: ['a', 'b'] } }],
    ['malformed', {}, { headers: { dpop: 'a' } }],
    ['type', { header: { typ: 'JWT' } }, {}],
    ['method', {}, { method: 'PUT' }],
    ['url', {}, { target: '/auth/refresh' }],
    ['url', {}, { secure: false }],
    ['url', {}, { host: 'other.example.com' }],
    ['time', { claims: { iat: 0 } }, {}],
  ] as const)('is refused for %s', async (why, changes, more) => {
    const clock = turnedClock()
    expect(await proofsOf(clock).ofSignIn(view(clock, changes, more))).toEqual({ kind: 'invalid', why })
  })

  test('is good for one request', async () => {
    const clock = turnedClock()
    const proofs = proofsOf(clock)
    const asked = view(clock)
    const later = { ...asked, headers: { ...asked.headers } }
    for (const same of [asked, { ...asked }])
      expect(await proofs.ofSignIn(same)).toMatchObject({ kind: 'proved' })
    expect(await proofs.ofSignIn(later)).toEqual({ kind: 'replayed' })
    const token = { token: 'token', jkt: key.jkt }
    expect(await proofs.ofToken(asked, token)).toEqual({ kind: 'invalid', why: 'token' })
  })

  test('is good from 5 seconds before its time to the end of the window', async () => {
    const clock = turnedClock()
    const proofs = proofsOf(clock)
    const second = clock.now() / 1000
    const at = async (iat: number) => (await proofs.ofSignIn(view(clock, { claims: { iat } }))).kind
    expect(await at(second + 5)).toBe('proved')
    expect(await at(second + 6)).toBe('invalid')
    expect(await at(second - 60)).toBe('proved')
    expect(await at(second - 61)).toBe('invalid')
    expect(await at(second - 0.5)).toBe('proved')
  })

  test('needs a nonce where they are required, and gets the next one in time', async () => {
    const clock = turnedClock()
    const proofs = proofsOf(clock, { nonces: 'required' })
    const first = await proofs.ofSignIn(view(clock))
    if (first.kind !== 'use_nonce') throw new TypeError(first.kind)
    const claims = { nonce: first.nonce, iat: 0 }
    expect(await proofs.ofSignIn(view(clock, { claims }))).toMatchObject({ kind: 'proved', nonce: undefined })
    clock.turn(200_000)
    const renewed = await proofs.ofSignIn(view(clock, { claims }))
    expect(renewed).toMatchObject({ kind: 'proved', nonce: expect.stringMatching(/^[\w-]{28}$/) })
    clock.turn(100_000)
    expect(await proofs.ofSignIn(view(clock, { claims }))).toMatchObject({ kind: 'use_nonce' })
  })

  test('is remembered for longer than its nonce can be used', async () => {
    const clock = turnedClock()
    const proofs = proofsOf(clock, { nonces: 'required' })
    const first = await proofs.ofSignIn(view(clock))
    if (first.kind !== 'use_nonce') throw new TypeError(first.kind)
    const asked = view(clock, { claims: { nonce: first.nonce } })
    expect(await proofs.ofSignIn(asked)).toMatchObject({ kind: 'proved' })
    clock.turn(299_999)
    const later = { ...asked, headers: { ...asked.headers } }
    expect(await proofs.ofSignIn(later)).toEqual({ kind: 'replayed' })
  })

  test('may have another header each time', async () => {
    const clock = turnedClock()
    const proofs = proofsOf(clock)
    const about = { key, method: 'POST', url, token: 'token', now: clock.now() }
    for (let index = 0; index < 50; index++) {
      const header = { kid: `key-${index}` }
      const asked = view(clock, {}, { headers: { host: 'auth.example.com', dpop: proof(about, { header }) } })
      expect(await proofs.ofToken(asked, { token: 'token', jkt: key.jkt })).toMatchObject({ kind: 'proved' })
    }
  })

  test('whatever is sent, it is an outcome', async () => {
    const clock = turnedClock()
    const proofs = proofsOf(clock, { nonces: 'required' })
    const ask = (dpop: string) =>
      proofs.ofSignIn(view(clock, {}, { headers: { host: 'auth.example.com', dpop } }))
    const member = fc.constantFrom(
      'typ',
      'alg',
      'jwk',
      'crit',
      'b64',
      'jti',
      'htm',
      'htu',
      'iat',
      'exp',
      'nbf',
      'nonce',
      'ath',
      '__proto__',
    )
    const odd = fc.dictionary(member, fc.jsonValue())
    const jwk = fc.dictionary(
      fc.constantFrom(
        'kty',
        'crv',
        'x',
        'y',
        'n',
        'e',
        'd',
        'k',
        'alg',
        'use',
        'key_ops',
        'kid',
        '__proto__',
      ),
      fc.oneof(
        fc.jsonValue(),
        fc.constantFrom('EC', 'RSA', 'OKP', 'oct', 'P-256', 'Ed25519', 'AQAB', key.jwk.x, key.jwk.y),
      ),
    )
    const about = { key, method: 'POST', url, token: undefined, now: clock.now() }
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary' }),
        odd,
        odd,
        jwk,
        async (string, header, claims, odder) => {
          const kinds = [
            await ask(string),
            await ask(proof(about, { header })),
            await ask(proof(about, { header: { jwk: odder } })),
            await ask(proof(about, { header: { jwk: { ...key.jwk, ...odder } } })),
            await ask(proof(about, { claims })),
          ].map(({ kind }) => kind)
          for (const kind of kinds) expect(['invalid', 'use_nonce']).toContain(kind)
        },
      ),
      { numRuns: 400 },
    )
  })
})
