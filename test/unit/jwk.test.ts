import type { JsonWebKey, KeyObject } from 'node:crypto'
import { ConfigError } from '@sallyport/core'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { describe, expect, test } from 'vitest'
import { generateSigningKey, privateJwk, publicJwk, readJwk } from '../../packages/core/src/keys/jwk/jwk.ts'
import { keyPair } from '../support/key-pair.ts'

type Pair = { readonly privateKey: KeyObject }
const jwkOf = ({ privateKey }: Pair): JsonWebKey => privateKey.export({ format: 'jwk' })
const rsa = (modulusLength = 2048, publicExponent = 65_537): JsonWebKey =>
  jwkOf(keyPair('rsa', { modulusLength, publicExponent }))
const ec = (namedCurve: string): JsonWebKey => jwkOf(keyPair('ec', { namedCurve }))

const RSA = rsa()
const OTHER_RSA = rsa()
const EC = ec('P-256')
const OTHER_EC = ec('P-256')
const ED = jwkOf(keyPair('ed25519'))
const OTHER_ED = jwkOf(keyPair('ed25519'))
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi'] as const

const openOf = (jwk: JsonWebKey): JsonWebKey =>
  Object.fromEntries(Object.entries(jwk).filter(([name]) => !PRIVATE_MEMBERS.some((one) => one === name)))

async function refusalOf(jwk: unknown): Promise<ConfigError> {
  const refusal = await readJwk(jwk, 'access.keys.0').catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(ConfigError)
  return refusal as ConfigError
}

describe('a key is read', () => {
  test.each([
    ['Ed25519', ED, 'EdDSA'],
    ['Ed25519, named EdDSA', { ...ED, alg: 'EdDSA' }, 'EdDSA'],
    ['Ed25519, named Ed25519', { ...ED, alg: 'Ed25519' }, 'EdDSA'],
    ['P-256', EC, 'ES256'],
    ['RSA', RSA, 'RS256'],
    ['RSA for PSS', { ...RSA, alg: 'PS256' }, 'PS256'],
    ['a key for signatures', { ...EC, use: 'sig', key_ops: ['sign'] }, 'ES256'],
    ['a key with operations of both halves', { ...EC, key_ops: ['verify', 'sign'] }, 'ES256'],
  ])('%s', async (_what, jwk, alg) => {
    const key = await readJwk(jwk, 'key')
    expect(key.alg).toBe(alg)
    expect(key.privateKey?.type).toBe('private')
    expect(key.publicKey.type).toBe('public')
    expect(key.publicKey.export({ format: 'jwk' })).toEqual(openOf(jwkPart(jwk)))
    expect(key.kid).toBe(await calculateJwkThumbprint(jwkPart(jwk) as JWK))
  })

  test.each([
    ['Ed25519', ED],
    ['P-256', EC],
    ['RSA', RSA],
  ])('%s, its public half alone', async (_what, jwk) => {
    const key = await readJwk(openOf(jwk), 'key')
    expect(key).not.toHaveProperty('privateKey')
    const again = await readJwk({ ...openOf(jwk), key_ops: ['verify'] }, 'key')
    expect(again.kid).toBe(key.kid)
    expect(key.kid).toBe(await calculateJwkThumbprint(openOf(jwk) as JWK))
  })

  test.each(['a', 'my-key_2026.01', '!~', 'k'.repeat(128)])('under its own name %s', async (kid) => {
    expect((await readJwk({ ...ED, kid }, 'key')).kid).toBe(kid)
  })

  test('and what is thereby left out is not in the published form', async () => {
    for (const alg of ['EdDSA', 'ES256', 'RS256', 'PS256'] as const) {
      const key = await generateSigningKey(alg)
      const published = publicJwk(key)
      expect(published).toMatchObject({ kid: key.kid, alg, use: 'sig' })
      for (const member of [...PRIVATE_MEMBERS, 'k', 'oth']) expect(published).not.toHaveProperty(member)
      const again = await readJwk(privateJwk(key), 'key')
      expect(again).toMatchObject({ kid: key.kid, alg })
      expect(again.privateKey?.equals(key.privateKey)).toBe(true)
      expect(await readJwk(published, 'key')).toMatchObject({ kid: key.kid, alg })
    }
  })
})

/** Without what is added to a key in these tests. */
function jwkPart(jwk: JsonWebKey): JsonWebKey {
  const { alg: _alg, use: _use, key_ops: _operations, kid: _kid, ...rest } = jwk
  return rest
}

const refused: readonly (readonly [string, unknown])[] = [
  ['nothing', undefined],
  ['null', null],
  ['a text', JSON.stringify(ED)],
  ['a list', [ED]],
  ['an empty object', {}],
  ['a set', { keys: [ED] }],
  ['a symmetric key', { kty: 'oct', k: 'c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0' }],
  ['a symmetric key with an asymmetric name', { kty: 'oct', k: 'c2VjcmV0', alg: 'RS256' }],
  ['a symmetric member beside', { ...RSA, k: 'c2VjcmV0' }],
  ['RSA of 1024 bits', rsa(1024)],
  ['RSA of 2040 bits', rsa(2040)],
  ['RSA of 1024 bits, public', openOf(rsa(1024))],
  ['RSA with the exponent 3', rsa(2048, 3)],
  ['RSA with the exponent 17, public', openOf(rsa(2048, 17))],
  ['P-384', ec('P-384')],
  ['P-521', ec('P-521')],
  ['secp256k1', ec('secp256k1')],
  ['X25519', jwkOf(keyPair('x25519'))],
  ['Ed448', jwkOf(keyPair('ed448'))],
  ['a curve that is none', { ...EC, crv: 'P-257' }],
  ['a point that is not on the curve', { ...openOf(EC), y: EC.x }],
  ['Ed25519 whose private half is of another key', { ...ED, d: OTHER_ED.d }],
  ['P-256 whose private half is of another key', { ...EC, d: OTHER_EC.d }],
  ['RSA whose private half is of another key', { ...OTHER_RSA, n: RSA.n, e: RSA.e }],
  ['RSA without its primes', { kty: 'RSA', n: RSA.n, e: RSA.e, d: RSA.d }],
  ['a private half that is too short', { ...ED, d: 'AAAA' }],
  ['a private half that is no text', { ...ED, d: 5 }],
  ['P-256 with the private half zero', { ...EC, d: Buffer.alloc(32).toString('base64url') }],
  ['a key for encryption', { ...RSA, use: 'enc' }],
  ['a use that is no text', { ...RSA, use: ['sig'] }],
  ['operations of encryption', { ...RSA, key_ops: ['encrypt', 'decrypt', 'wrapKey'] }],
  ['operations of the public half alone', { ...RSA, key_ops: ['verify'] }],
  ['operations of the private half, which is not there', { ...openOf(RSA), key_ops: ['sign'] }],
  ['no operation at all', { ...RSA, key_ops: [] }],
  ['operations that are no list', { ...RSA, key_ops: 'sign' }],
  ...['none', 'HS256', 'RS384', 'RS1', 'ES256', 'EdDSA', 'rs256', '', 5, null].map(
    (alg) => [`RSA for ${JSON.stringify(alg)}`, { ...RSA, alg }] as const,
  ),
  ['P-256 for ES384', { ...EC, alg: 'ES384' }],
  ['P-256 for Ed25519', { ...EC, alg: 'Ed25519' }],
  ['Ed25519 for ES256', { ...ED, alg: 'ES256' }],
  ...['', 'a b', 'é', 'a\n', 'k'.repeat(129), 5, null, {}].map(
    (kid) => [`the name ${JSON.stringify(kid).slice(0, 20)}`, { ...ED, kid }] as const,
  ),
]

describe('the algorithm of a key that names none', () => {
  test.each([
    ['RSA', RSA, 'PS256', 'PS256'],
    ['RSA', RSA, 'RS256', 'RS256'],
    ['RSA', RSA, 'ES256', 'RS256'],
    ['P-256', EC, 'PS256', 'ES256'],
    ['Ed25519', ED, 'PS256', 'EdDSA'],
  ] as const)('is, of %s, the preferred one where it fits', async (_what, jwk, preferred, alg) => {
    expect((await readJwk(jwk, 'key', preferred)).alg).toBe(alg)
    expect((await readJwk({ ...jwk, alg }, 'key', 'PS256')).alg).toBe(alg)
  })
})

describe('a key is refused, by its path and without showing it:', () => {
  for (const [what, jwk] of refused)
    test(what, async () => {
      const { option, message } = await refusalOf(jwk)
      expect(option).toMatch(/^access\.keys\.0(\.\w+)?$/)
      const { d, k, p } = Object(jwk)
      for (const hidden of [d, k, p]) if (typeof hidden === 'string') expect(message).not.toContain(hidden)
    })
})
