import { constants, type SignKeyObjectInput, sign } from 'node:crypto'
import { isSignature } from '@sallyport/core/signer'
import { describe, expect, test } from 'vitest'
import { keyPair } from '../support/key-pair.ts'

const input = Buffer.from('what was signed')
const edwards = keyPair('ed25519')
const p256 = keyPair('ec', { namedCurve: 'P-256' })
const rsa = keyPair('rsa', { modulusLength: 2048 })

const pss = (saltLength: number): SignKeyObjectInput => ({
  ...{ key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength },
})
const signatures = {
  EdDSA: { publicKey: edwards.publicKey, signature: sign(null, input, edwards.privateKey) },
  ES256: {
    publicKey: p256.publicKey,
    signature: sign('sha256', input, { key: p256.privateKey, dsaEncoding: 'ieee-p1363' }),
  },
  RS256: { publicKey: rsa.publicKey, signature: sign('sha256', input, rsa.privateKey) },
  PS256: { publicKey: rsa.publicKey, signature: sign('sha256', input, pss(32)) },
} as const

describe.each(['EdDSA', 'ES256', 'RS256', 'PS256'] as const)('a signature by %s', (alg) => {
  const { publicKey, signature } = signatures[alg]

  test('is one in the form of JWS', () => {
    expect(isSignature({ alg, publicKey }, input, signature)).toBe(true)
  })

  test('is none of anything else, by another key or with a changed byte', () => {
    const other = { EdDSA: keyPair('ed25519'), ES256: keyPair('ec', { namedCurve: 'P-256' }) }
    const another = alg === 'EdDSA' || alg === 'ES256' ? other[alg] : keyPair('rsa', { modulusLength: 2048 })
    const changed = Buffer.from(signature)
    changed[0] = (changed[0] ?? 0) ^ 1
    expect(isSignature({ alg, publicKey }, Buffer.from('what was not'), signature)).toBe(false)
    expect(isSignature({ alg, publicKey: another.publicKey }, input, signature)).toBe(false)
    expect(isSignature({ alg, publicKey }, input, changed)).toBe(false)
  })
})

// biome-ignore format: one row, one line
test.each([
  ['ES256 in DER', 'ES256', sign('sha256', input, p256.privateKey)],
  ['RS256 over SHA-512', 'RS256', sign('sha512', input, rsa.privateKey)],
  ['RS256 where PS256 is meant', 'PS256', signatures.RS256.signature],
  ['PS256 where RS256 is meant', 'RS256', signatures.PS256.signature],
  ['PS256 with a salt of another length', 'PS256', sign('sha256', input, pss(20))],
  ['PS256 over SHA-512', 'PS256', sign('sha512', input, pss(32))],
  ['ES256 over SHA-512', 'ES256', sign('sha512', input, { key: p256.privateKey, dsaEncoding: 'ieee-p1363' })],
] as const)('%s is not the form of JWS', (_what, alg, signature) => {
  expect(isSignature({ alg, publicKey: signatures[alg].publicKey }, input, signature)).toBe(false)
})
