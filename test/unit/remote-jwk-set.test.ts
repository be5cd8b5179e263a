import type { JsonWebKey } from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  createRemoteKeys,
  type IssuerSettings,
  type RemoteKeys,
} from '../../packages/core/src/issuers/remote.ts'
import { type KeyPair, keyPair } from '../support/key-pair.ts'
import { turnedClock } from '../support/turned-clock.ts'
import { json, type ScriptedIssuer, scriptedIssuer, settingsFor, status } from './scripted-issuer.ts'

const COOLDOWN_MS = 30_000

const open = ({ publicKey }: KeyPair): JsonWebKey => publicKey.export({ format: 'jwk' })
const whole = ({ privateKey }: KeyPair): JsonWebKey => privateKey.export({ format: 'jwk' })
const rsa = (modulusLength = 2048, publicExponent = 65_537): KeyPair =>
  keyPair('rsa', { modulusLength, publicExponent })
const ec = (namedCurve: string): KeyPair => keyPair('ec', { namedCurve })
const RSA = rsa()
const OTHER_RSA = rsa()
const EC = ec('P-256')
const ED = keyPair('ed25519')
const OTHER_ED = keyPair('ed25519')
const good = { ...open(EC), kid: 'good' }

let issuer: ScriptedIssuer
const clock = turnedClock()
const notices: string[] = []

beforeEach(async () => {
  issuer = await scriptedIssuer()
  notices.length = 0
})
afterEach(() => issuer.close())

async function started(
  jwks: readonly unknown[],
  algorithms: IssuerSettings['algorithms'],
): Promise<RemoteKeys> {
  issuer.answers.set('/jwks', json({ keys: jwks }))
  const keys = createRemoteKeys(settingsFor(issuer, { algorithms }), clock, (message) =>
    notices.push(message),
  )
  await keys.start()
  return keys
}
const startedAll = (jwks: readonly unknown[]): Promise<RemoteKeys> =>
  started(jwks, ['RS256', 'ES256', 'EdDSA'])
/** The notices, without the issuer that each of them names. */
function told(): readonly string[] {
  const before = `of the issuer "${issuer.origin}", `
  return notices.map((notice) => {
    expect(notice.slice(0, before.length)).toBe(before)
    return notice.slice(before.length)
  })
}

const weak = 'it must be an RSA key of at least 2048 bits'
const exponent = 'it must be an RSA key with a public exponent of at least 65537'
const leaked = 'its private half is public'
const rsaAlg = 'its "alg" must be "RS256" or "PS256", or left out'
const notAllowed = 'its "alg" must be "RS256" or "ES256" or "EdDSA"'
const operations = 'its "key_ops" must be an array with "verify", or left out'
const unreadable = 'it must be a complete and valid EC, OKP or RSA key'
const noJwk = 'it must be a JWK (RFC 7517)'
const badName = 'its "kid" must be 1 to 128 printable ASCII characters'

// biome-ignore format: one row, one line
const leftOut: readonly (readonly [string, unknown, string])[] = [
  ['for encryption', { ...open(RSA), kid: 'x', use: 'enc' }, 'key "x" is left out: its "use" must be "sig" or left out'],
  ['for operations of encryption', { ...open(RSA), kid: 'x', key_ops: ['encrypt'] }, `key "x" is left out: ${operations}`],
  ['for signing alone', { ...open(RSA), kid: 'x', key_ops: ['sign'] }, `key "x" is left out: ${operations}`],
  ['of an algorithm not supported', { ...open(RSA), kid: 'x', alg: 'RS512' }, `key "x" is left out: ${rsaAlg}`],
  ['of an algorithm of encryption', { ...open(RSA), kid: 'x', alg: 'RSA-OAEP' }, `key "x" is left out: ${rsaAlg}`],
  ['of an algorithm that is no string', { ...open(RSA), kid: 'x', alg: ['RS256'] }, `key "x" is left out: ${rsaAlg}`],
  ['of an algorithm that is not allowed', { ...open(RSA), kid: 'x', alg: 'PS256' }, `key "x" is left out: ${notAllowed}`],
  ['of another kind than its algorithm', { ...open(EC), kid: 'x', alg: 'RS256' }, 'key "x" is left out: its "alg" must be "ES256", or left out'],
  ['symmetric', { kty: 'oct', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0', kid: 'x', alg: 'HS256' }, 'key "x" is left out: it must be an asymmetric key (EC, OKP or RSA)'],
  ['symmetric under an asymmetric name', { kty: 'oct', k: 'c2VjcmV0', kid: 'x', alg: 'RS256' }, 'key "x" is left out: it must be an asymmetric key (EC, OKP or RSA)'],
  ['private on Ed25519', { ...whole(ED), kid: 'x' }, `key "x" is left out: ${leaked}`],
  ['private on P-256', { ...whole(ec('P-256')), kid: 'x' }, `key "x" is left out: ${leaked}`],
  ['private RSA', { ...whole(RSA), kid: 'x' }, `key "x" is left out: ${leaked}`],
  ['RSA with its primes alone', { ...open(RSA), p: whole(RSA).p, kid: 'x' }, `key "x" is left out: ${leaked}`],
  ['RSA with a third prime alone', { ...open(RSA), oth: [{ r: whole(RSA).p }], kid: 'x' }, `key "x" is left out: ${leaked}`],
  ['RSA of 1024 bits', { ...open(rsa(1024)), kid: 'x' }, `key "x" is left out: ${weak}`],
  ['RSA of 2040 bits', { ...open(rsa(2040)), kid: 'x' }, `key "x" is left out: ${weak}`],
  ['RSA with the exponent 1', { ...open(RSA), e: 'AQ', kid: 'x' }, `key "x" is left out: ${exponent}`],
  ['RSA with the exponent 3', { ...open(rsa(2048, 3)), kid: 'x' }, `key "x" is left out: ${exponent}`],
  ['on P-384', { ...open(ec('P-384')), kid: 'x' }, 'key "x" is left out: it must be an EC key on the curve P-256'],
  ['on Ed448', { ...open(keyPair('ed448')), kid: 'x' }, 'key "x" is left out: it must be an Ed25519, P-256 or RSA key'],
  ['on X25519', { ...open(keyPair('x25519')), kid: 'x' }, 'key "x" is left out: it must be an Ed25519, P-256 or RSA key'],
  ['a point that is not on its curve', { ...open(EC), y: open(EC).x, kid: 'x' }, `key "x" is left out: ${unreadable}`],
  ['without its members', { kty: 'RSA', kid: 'x' }, `key "x" is left out: ${unreadable}`],
  ['of no type', { kid: 'x' }, `key "x" is left out: ${unreadable}`],
  ['null', null, `key number 1 is left out: ${noJwk}`],
  ['an array', [open(ED)], `key number 1 is left out: ${noJwk}`],
  ['a string', 'x', `key number 1 is left out: ${noJwk}`],
  ['with an empty name', { ...open(ED), kid: '' }, `key number 1 is left out: ${badName}`],
  ['with a name that is a number', { ...open(ED), kid: 5 }, `key number 1 is left out: ${badName}`],
  ['with a name that ends a line', { ...open(ED), kid: 'x\n\u001b[2J' }, `key number 1 is left out: ${badName}`],
  ['with a name that is too long', { ...open(ED), kid: 'x'.repeat(129) }, `key number 1 is left out: ${badName}`],
]

describe('a key of a set is left out, and told of by its name alone, that is', () => {
  for (const [name, jwk, notice] of leftOut)
    test(name, async () => {
      const keys = await startedAll([jwk, good])
      expect(told()).toEqual([notice])
      expect(keys.find('good', 'ES256')).toMatchObject({ kind: 'found' })
      for (const alg of ['RS256', 'ES256', 'EdDSA']) expect(keys.find('x', alg)).toEqual({ kind: 'unknown' })
      for (const alg of ['RS256', 'EdDSA']) expect(keys.find(undefined, alg)).toEqual({ kind: 'unknown' })
    })

  test('told of once, for as long as it stays', async () => {
    const bad = { ...open(RSA), kid: 'x', use: 'enc' }
    const keys = await startedAll([bad, good])
    for (const jwks of [[bad, good], [good], [bad, good]]) {
      issuer.answers.set('/jwks', json({ keys: jwks }))
      clock.turn(COOLDOWN_MS)
      await keys.find('other', 'ES256')
    }
    issuer.answers.set('/jwks', status(500))
    clock.turn(COOLDOWN_MS)
    await keys.find('other', 'ES256')
    const fault = 'key "x" is left out: its "use" must be "sig" or left out'
    expect(notices.pop()).toMatch(/it answered 500$/)
    expect(told()).toEqual([fault, fault])
  })

  test('all that there is: then the set is a failure, and the last good one answers', async () => {
    const keys = await startedAll([good])
    issuer.answers.set('/jwks', json({ keys: [{ ...open(rsa(1024)), kid: 'good' }] }))
    clock.turn(COOLDOWN_MS)
    expect(await keys.find('other', 'ES256')).toEqual({ kind: 'unavailable' })
    expect(keys.find('good', 'ES256')).toMatchObject({ kind: 'found' })
    expect(notices.pop()).toMatch(/its JWK Set has no key that can be used$/)
    expect(told()).toEqual([`key "good" is left out: ${weak}`])
  })
})

describe('a name that several keys of a set have', () => {
  // biome-ignore format: one row, one line
  test.each([
    ['of the same kind', [{ ...open(ED), kid: 'x' }, { ...open(OTHER_ED), kid: 'x' }]],
    ['of different kinds', [{ ...open(ED), kid: 'x' }, { ...open(RSA), kid: 'x' }]],
    ['three of them, two being equal', [{ ...open(ED), kid: 'x' }, { ...open(OTHER_ED), kid: 'x' }, { ...open(ED), kid: 'x' }]],
  ])('names none of them: %s', async (_what, jwks) => {
    const keys = await startedAll([...jwks, good])
    for (const kid of ['x', undefined])
      for (const alg of ['EdDSA', 'RS256']) expect(keys.find(kid, alg)).toEqual({ kind: 'unknown' })
    expect(keys.find('good', 'ES256')).toMatchObject({ kind: 'found' })
    expect(told()).toEqual(['keys "x" are left out: different keys have this name'])
  })

  test('names the only one of them that can be used', async () => {
    const keys = await startedAll([
      { ...open(RSA), kid: 'x', use: 'enc' },
      { ...open(OTHER_RSA), kid: 'x' },
    ])
    expect(keys.find('x', 'RS256')).toMatchObject({ kind: 'found' })
    expect(told()).toHaveLength(1)
  })

  test('names the key that is in the set twice, as Ed25519 under both names of its algorithm', async () => {
    const keys = await startedAll(['EdDSA', 'Ed25519'].map((alg) => ({ ...open(ED), kid: 'x', alg })))
    for (const kid of ['x', undefined])
      for (const alg of ['EdDSA', 'Ed25519']) expect(keys.find(kid, alg)).toMatchObject({ kind: 'found' })
    expect(told()).toEqual([])
  })

  test('names the first of one key for two algorithms', async () => {
    const keys = await started(
      ['RS256', 'PS256'].map((alg) => ({ ...open(RSA), kid: 'x', alg })),
      ['RS256', 'PS256'],
    )
    expect(keys.find('x', 'RS256')).toMatchObject({ kind: 'found' })
    expect(keys.find('x', 'PS256')).toEqual({ kind: 'unknown' })
    expect(told()).toEqual(['key "x" for PS256 is left out: the same key stands before it for RS256'])
  })

  test('names none of them when the private half of one is public', async () => {
    const keys = await startedAll([{ ...open(ED), kid: 'x' }, { ...whole(ED), kid: 'x' }, good])
    expect(keys.find('x', 'EdDSA')).toEqual({ kind: 'unknown' })
    expect(told()).toEqual([`key "x" is left out: ${leaked}`])
  })
})

describe('a key without a name', () => {
  test('is found when nothing is named, and by its thumbprint', async () => {
    const keys = await startedAll([open(ED), good])
    const kid = await calculateJwkThumbprint(open(ED) as JWK)
    for (const name of [undefined, kid])
      expect(keys.find(name, 'EdDSA')).toMatchObject({ kind: 'found', key: { kid } })
    expect(keys.find('', 'EdDSA')).toEqual({ kind: 'unknown' })
  })
})

describe('an RSA key that names no algorithm', () => {
  test.each([
    [['PS256', 'RS256'], 'PS256'],
    [['RS256', 'PS256'], 'RS256'],
    [['ES256', 'PS256'], 'PS256'],
  ] as const)('is, of %s, for %s alone', async (algorithms, alg) => {
    const keys = await started([{ ...open(RSA), kid: 'x' }], algorithms)
    for (const one of ['RS256', 'PS256'] as const)
      expect(keys.find('x', one)).toMatchObject({ kind: one === alg ? 'found' : 'unknown' })
  })
})
