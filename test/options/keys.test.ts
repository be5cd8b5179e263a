import type { JsonWebKey } from 'node:crypto'
import { inspect } from 'node:util'
import { createSallyport } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { configFault } from '../support/config-fault.ts'
import { keyPair } from '../support/key-pair.ts'
import { expectRefusal, type Refusal } from '../support/wrong-option.ts'

const pairs = {
  ed25519: keyPair('ed25519'),
  other: keyPair('ed25519'),
  p256: keyPair('ec', { namedCurve: 'P-256' }),
  p256too: keyPair('ec', { namedCurve: 'P-256' }),
  p384: keyPair('ec', { namedCurve: 'P-384' }),
  x25519: keyPair('x25519'),
  short: keyPair('rsa', { modulusLength: 1024 }),
  cubic: keyPair('rsa', { modulusLength: 2048, publicExponent: 3 }),
  rsa: keyPair('rsa', { modulusLength: 2048 }),
  rsatoo: keyPair('rsa', { modulusLength: 2048 }),
}
type Name = keyof typeof pairs
const own = (pair: Name): JsonWebKey => pairs[pair].privateKey.export({ format: 'jwk' })
const open = (pair: Name): JsonWebKey => pairs[pair].publicKey.export({ format: 'jwk' })
const octets = 'c3ltbWV0cmljLWtleS1vZi1vdGhlcnMtbXVzdC1zdGF5LXNlY3JldA'

type WrongKeys = {
  readonly name: string
  readonly keys: unknown
  readonly option: string
} & Refusal

const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'] as const
/** What nobody may see. */
const secrets = [
  octets,
  ...(Object.keys(pairs) as Name[]).flatMap((pair) =>
    SECRET_MEMBERS.flatMap((member) => {
      const value = own(pair)[member]
      return typeof value === 'string' ? [value] : []
    }),
  ),
]

const sameKid = 'two keys in "access.keys" have the same "kid": give each key a "kid" of its own'

// biome-ignore format: one row, one line
const wrong: readonly WrongKeys[] = [
  { name: 'an empty array', keys: [], option: 'access.keys', allowed: 'an array of JWKs' },
  { name: 'a JWK Set', keys: { keys: [own('ed25519')] }, option: 'access.keys', allowed: 'an array of JWKs' },
  { name: 'a JWK as a string', keys: [JSON.stringify(own('ed25519'))], option: 'access.keys.0', allowed: 'a JWK' },
  { name: 'a JWK Set as a string', keys: JSON.stringify({ keys: [own('rsa')] }), option: 'access.keys', allowed: 'an array of JWKs' },
  { name: 'null for a key', keys: [own('rsa'), null], option: 'access.keys.1', allowed: 'a JWK' },
  { name: 'no key at all', keys: [{}], option: 'access.keys.0', allowed: 'a complete and valid EC, OKP or RSA key' },
  { name: 'a symmetric key', keys: [{ kty: 'oct', k: octets }], option: 'access.keys.0', allowed: 'an asymmetric key (EC, OKP or RSA)', given: 'a symmetric one' },
  { name: 'a symmetric key among others', keys: [own('p256'), { kty: 'oct', k: octets }], option: 'access.keys.1', allowed: 'an asymmetric key (EC, OKP or RSA)', given: 'a symmetric one' },
  { name: 'a public key first', keys: [open('p256'), own('p256')], option: 'access.keys.0', allowed: 'a private key, since the first key signs', given: 'a public one' },
  { name: 'another curve', keys: [own('p384')], option: 'access.keys.0', allowed: 'the curve P-256' },
  { name: 'a key for agreement', keys: [own('x25519')], option: 'access.keys.0', allowed: 'an Ed25519, P-256 or RSA key' },
  { name: 'a short RSA key', keys: [own('short')], option: 'access.keys.0', allowed: 'at least 2048 bits', given: '1024 bits' },
  { name: 'a small exponent', keys: [own('cubic')], option: 'access.keys.0', allowed: 'a public exponent of at least 65537' },
  { name: 'parts of two keys', keys: [{ ...own('ed25519'), d: own('other').d }], option: 'access.keys.0', allowed: 'belong together' },
  { name: 'parts of two EC keys', keys: [{ ...own('p256'), d: own('p256too').d }], option: 'access.keys.0', allowed: 'belong together' },
  { name: 'parts of two RSA keys', keys: [{ ...own('rsa'), n: own('rsatoo').n }], option: 'access.keys.0', allowed: 'belong together' },
  { name: 'a private part that is none', keys: [{ ...own('p256'), d: octets }], option: 'access.keys.0', allowed: 'private' },
  { name: 'an algorithm of another key type', keys: [{ ...own('ed25519'), alg: 'ES256' }], option: 'access.keys.0.alg', allowed: '"EdDSA", or left out', given: '"ES256"' },
  { name: 'a longer hash', keys: [{ ...own('rsa'), alg: 'RS512' }], option: 'access.keys.0.alg', allowed: '"RS256" or "PS256", or left out', given: '"RS512"' },
  { name: 'a key to encrypt with', keys: [{ ...own('rsa'), use: 'enc' }], option: 'access.keys.0.use', allowed: '"sig" or left out', given: '"enc"' },
  { name: 'operations that are none of ours', keys: [{ ...own('rsa'), key_ops: ['decrypt'] }], option: 'access.keys.0.key_ops', allowed: 'an array with "sign", or left out', given: 'an array' },
  { name: 'an empty kid', keys: [{ ...own('p256'), kid: '' }], option: 'access.keys.0.kid', allowed: '1 to 128 printable ASCII characters' },
  { name: 'a kid that is too long', keys: [own('rsa'), { ...open('p256'), kid: 'x'.repeat(129) }], option: 'access.keys.1.kid', allowed: '1 to 128' },
  { name: 'one key twice', keys: [own('p256'), open('p256')], option: 'access.keys', says: sameKid },
  { name: 'one kid for two keys', keys: [{ ...own('p256'), kid: 'a' }, { ...own('rsa'), kid: 'a' }], option: 'access.keys', says: sameKid },
]

describe('wrong keys are refused by their path, and no private part is shown:', () => {
  for (const row of wrong)
    test(row.name, async () => {
      const fault = await configFault(() => createSallyport({ access: { keys: row.keys as object[] } }))
      expect(secrets.filter((one) => inspect(fault).includes(one))).toEqual([])
      expectRefusal(fault, row)
    })
})

test.each([
  ['the only key', [{ ...own('p256'), kid: 'a' }], ['a']],
  [
    'every private key',
    [{ ...own('p256'), kid: 'a' }, { ...own('rsa'), kid: 'b' }, open('ed25519')],
    ['b', 'a'],
  ],
])('keys that are all compromised are refused at start: %s', async (_name, keys, compromised) => {
  const fault = await configFault(() => createSallyport({ access: { keys, compromised } }))
  expectRefusal(fault, {
    option: 'access.compromised',
    says: '"access.compromised" lists every key that can sign: put a new one first in "access.keys"',
  })
})

test('a key that is compromised neither signs nor verifies, and the next one signs', async () => {
  const keys = [
    { ...own('p256'), kid: 'a' },
    { ...own('rsa'), kid: 'b' },
  ]
  const sallyport = await createSallyport({ access: { keys, compromised: ['a', 'unknown'] } })
  expect(sallyport.keys.list()).toEqual([{ kid: 'b', alg: 'RS256', state: 'active', signsFrom: undefined }])
  await sallyport.close()
})

describe('right keys are accepted:', () => {
  const right: Readonly<Record<string, readonly object[]>> = {
    Ed25519: [own('ed25519')],
    'Ed25519 under its newer name': [{ ...own('ed25519'), alg: 'Ed25519' }],
    'P-256': [{ ...own('p256'), alg: 'ES256', use: 'sig', key_ops: ['sign'] }],
    'RSA of 2048 bits, either padding': [{ ...own('rsa'), alg: 'PS256' }],
    'public keys after the first': [own('ed25519'), open('p256'), open('rsa')],
    'a kid of 128 characters': [{ ...own('p256'), kid: 'x'.repeat(128) }],
  }
  for (const [name, keys] of Object.entries(right))
    test(name, async () => {
      const sallyport = await createSallyport({ access: { keys } })
      expect(await sallyport.ready()).toBe(true)
      await sallyport.close()
    })
})
