import { describe, expect, test } from 'vitest'
import type { Proofs } from '../../packages/core/src/access/dpop/index.ts'
import type { ProofOutcome, ProvedToken } from '../../packages/core/src/access/dpop/proof.ts'
import { KnownToken } from '../../packages/core/src/access/known-token.ts'
import { createPossession, type Possession } from '../../packages/core/src/access/possession.ts'
import type { Auth } from '../../packages/core/src/seam/auth.ts'
import { ownSource } from '../../packages/core/src/tokens/source.ts'
import { viewOf } from './view.ts'

const mark = (letter: string): string => letter.repeat(43)
const [KEY, CERTIFICATE, COOKIE] = [mark('A'), mark('E'), mark('I')]
const view = viewOf({})

function tokenBoundTo(claims: { readonly cnf?: object; readonly fgp?: string }): KnownToken {
  const { source, auth } = {
    source: ownSource({ issuer: 'https://a', audience: ['api'] }, { find: () => ({ kind: 'unknown' }) }),
    auth: {
      ...{ issuer: 'https://a', own: true, credential: 'access_token', subject: 'user-1', session: 's' },
      ...{ client: 'web', scopes: [], kid: 'k' },
      claims: { iss: 'https://a', sub: 'user-1', aud: 'api', exp: 2, iat: 1, ...claims },
    } satisfies Auth,
  }
  return new KnownToken('the token', auth, source, 0)
}

function possessionOf(
  claims: Parameters<typeof tokenBoundTo>[0],
  has: { readonly certificate?: string; readonly cookie?: string; readonly proof?: ProofOutcome },
  sent: 'proof' | 'bearer' = has.proof === undefined ? 'bearer' : 'proof',
) {
  const asked: ProvedToken[] = []
  const proofs: Proofs = {
    ...{ mode: 'accepted', algorithms: [] },
    ofSignIn: () => Promise.reject(new Error('not asked')),
    async ofToken(_view, token) {
      asked.push(token)
      return has.proof ?? { kind: 'absent' }
    },
  }
  const check = createPossession({
    proofs: has.proof === undefined ? undefined : proofs,
    certificateOf: () => has.certificate,
    fingerprintOf: () => has.cookie,
  })
  return { possession: check(tokenBoundTo(claims), view, sent === 'proof' ? view : undefined), asked }
}

const refused = (problem: string, reason: string) => ({ kind: 'refused', problem, reason })
const PROVED: ProofOutcome = { kind: 'proved', jkt: KEY, nonce: undefined }

// biome-ignore format: one row, one line
test.each([
  ['nothing', {}, {}],
  ['a certificate', { cnf: { 'x5t#S256': CERTIFICATE } }, { certificate: CERTIFICATE }],
  ['a cookie', { fgp: COOKIE }, { cookie: COOKIE }],
  ['both', { cnf: { 'x5t#S256': CERTIFICATE }, fgp: COOKIE }, { certificate: CERTIFICATE, cookie: COOKIE }],
] as const)('a token that is bound to %s is held by whoever has it, at once', (_what, claims, has) => {
  expect(possessionOf(claims, has).possession).toEqual({ kind: 'held' })
})

// biome-ignore format: one row, one line
test.each([
  ['a certificate without one', { cnf: { 'x5t#S256': CERTIFICATE } }, {}, 'token_certificate'],
  ['a certificate with another', { cnf: { 'x5t#S256': CERTIFICATE } }, { certificate: KEY }, 'token_certificate'],
  ['a cookie without one', { fgp: COOKIE }, {}, 'token_cookie'],
  ['a cookie with another', { fgp: COOKIE }, { cookie: KEY }, 'token_cookie'],
  ['both with one of them', { cnf: { 'x5t#S256': CERTIFICATE }, fgp: COOKIE }, { certificate: CERTIFICATE }, 'token_cookie'],
  ['a key without a proof', { cnf: { jkt: KEY } }, {}, 'token_confirmation'],
] as const)('a token that is bound to %s is refused', (_what, claims, has, reason) => {
  expect(possessionOf(claims, has).possession).toEqual(refused('token_invalid', reason))
})

test('a token that is bound to no key is refused as a DPoP token, and one that is as a bearer token', () => {
  expect(possessionOf({}, {}, 'proof').possession).toEqual(refused('token_invalid', 'token_unbound'))
  const bearer = possessionOf({ cnf: { jkt: KEY } }, { proof: PROVED }, 'bearer')
  expect(bearer.possession).toEqual(refused('token_invalid', 'token_confirmation'))
  // Where no proofs are checked, none helps.
  const unchecked = possessionOf({ cnf: { jkt: KEY } }, {}, 'proof')
  expect(unchecked.possession).toEqual(refused('token_invalid', 'token_confirmation'))
})

test('a proof is asked for the key of the token, and not before the rest is right', async () => {
  const { possession, asked } = possessionOf({ cnf: { jkt: KEY } }, { proof: PROVED })
  expect(await possession).toEqual({ kind: 'held' })
  expect(asked).toEqual([{ token: 'the token', jkt: KEY }])
  const both = { cnf: { jkt: KEY, 'x5t#S256': CERTIFICATE } }
  const without = possessionOf(both, { proof: PROVED })
  expect(without.possession).toEqual(refused('token_invalid', 'token_certificate'))
  expect(without.asked).toEqual([])
})

describe('what follows from the check of a proof', () => {
  const headers = { 'DPoP-Nonce': 'nonce', 'Cache-Control': 'no-store' }
  // biome-ignore format: one row, one line
  test.each([
    [{ kind: 'proved', jkt: KEY, nonce: 'nonce' }, { kind: 'held', headers }],
    [{ kind: 'absent' }, refused('dpop_invalid', 'dpop_missing')],
    [{ kind: 'invalid', why: 'time' }, refused('dpop_invalid', 'dpop_time')],
    [{ kind: 'invalid', why: 'holder' }, refused('token_invalid', 'dpop_holder')],
    [{ kind: 'replayed' }, refused('dpop_replayed', 'dpop_replayed')],
    [{ kind: 'use_nonce', nonce: 'nonce' }, { kind: 'refused', problem: 'dpop_nonce', reason: undefined, headers }],
    [{ kind: 'unavailable' }, refused('store_unavailable', 'store_unavailable')],
  ] as readonly (readonly [ProofOutcome, object])[])('%o', async (proof, expected) => {
    const { possession } = possessionOf({ cnf: { jkt: KEY } }, { proof })
    const settled: Possession = await possession
    expect(settled).toEqual(expected)
  })
})
