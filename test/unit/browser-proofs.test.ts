import { describe, expect, test } from 'vitest'
import type { BoundKey } from '../../packages/core/src/ports/session.ts'
import { readBrowserProof, readRegistration } from '../../packages/core/src/tokens/proofs/browser-proof.ts'
import { badLaterProofs, badRegistrations } from '../conformance/device-bound/bad-proofs.ts'
import { browserKey, proofBy } from '../conformance/device-bound/browser.ts'

const AT = 1_700_000_000_000
const challenge = 'the challenge'
const here = { key: browserKey(), challenge }

async function registered(key = here.key): Promise<BoundKey> {
  const reading = await readRegistration(await proofBy(key, { jti: challenge }, { jwk: key.jwk }), AT)
  if (reading.kind !== 'signed') throw new TypeError(reading.why)
  return reading.key
}

describe.each(['ES256', 'RS256'] as const)('a browser with a key for %s', (alg) => {
  const key = browserKey(alg)

  test('registers it with its thumbprint, and nothing but its public members', async () => {
    const proof = await proofBy(key, { jti: challenge }, { jwk: { ...key.jwk, use: 'sig', kid: 'any' } })
    expect(await readRegistration(proof, AT)).toEqual({
      kind: 'signed',
      challenge,
      key: { alg, jwk: key.jwk, jkt: expect.stringMatching(/^[\w-]{43}$/), boundAt: AT },
    })
  })

  test('then proves it without naming it', async () => {
    const proof = await proofBy(key, { jti: challenge })
    expect(await readBrowserProof(proof, await registered(key))).toEqual({ kind: 'signed', challenge })
    expect(await readBrowserProof(proof, await registered(browserKey(alg)))).toEqual({
      ...{ kind: 'invalid', why: 'signature' },
    })
  })
})

/** Whether a challenge was given is for others to judge. */
const ofTheProof = ({ reason }: { readonly reason: string }): boolean => reason !== 'challenge'

test.each(badRegistrations.filter(ofTheProof))('a registration with $name is invalid', async (bad) => {
  expect(await readRegistration(String(await bad.make(here)), AT)).toEqual({
    kind: 'invalid',
    why: bad.reason,
  })
})

test.each(badLaterProofs.filter(ofTheProof))('a later proof with $name is invalid', async (bad) => {
  const proof = String(await bad.make(here))
  expect(await readBrowserProof(proof, await registered())).toEqual({ kind: 'invalid', why: bad.reason })
})

test.each([
  ['b64', { b64: true }],
  ['crit, with nothing in it', { crit: [] }],
])('a proof whose header has %s is invalid', async (_name, more) => {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const [, claims = '', signature = ''] = (await proofBy(here.key, { jti: challenge })).split('.')
  const withHeader = (header: object): string => `${encode(header)}.${claims}.${signature}`
  const header = { alg: 'ES256', typ: 'dbsc+jwt', ...more }
  const invalid = { kind: 'invalid', why: 'header' }
  expect(await readBrowserProof(withHeader(header), await registered())).toEqual(invalid)
  expect(await readRegistration(withHeader({ ...header, jwk: here.key.jwk }), AT)).toEqual(invalid)
})

test('a header that is no JSON is malformed', async () => {
  const proof = `e${'A'.repeat(7)}.e30.AAAA`
  expect(await readRegistration(proof, AT)).toEqual({ kind: 'invalid', why: 'malformed' })
  expect(await readBrowserProof(proof, await registered())).toEqual({ kind: 'invalid', why: 'malformed' })
})
