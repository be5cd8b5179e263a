import { type KeyObject, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { FoundKey } from '../../packages/core/src/keys/ring.ts'
import type { TokenSource } from '../../packages/core/src/tokens/source.ts'
import { ownSource } from '../../packages/core/src/tokens/source.ts'
import {
  createTokenVerification,
  type ForeignForms,
  type OwnForms,
  type VerifiedToken,
} from '../../packages/core/src/tokens/verify.ts'
import { keyPair } from '../support/key-pair.ts'
import { turnedClock } from '../support/turned-clock.ts'

const NOW = 1_800_000_000
const OURS = 'https://auth.example.com'
const THEIRS = 'https://others.example.com'
const AUDIENCE = ['https://api.example.com', 'https://admin.example.com'] as const
const own = keyPair('ed25519')
const other = keyPair('ed25519')
const p256 = keyPair('ec', { namedCurve: 'P-256' })

const claims = {
  ...{ iss: OURS, sub: 'user-1', aud: 'https://api.example.com', exp: NOW + 900, iat: NOW, jti: 'token-1' },
  ...{ client_id: 'web', sid: 'session-1' },
}
const header = { alg: 'EdDSA', typ: 'at+jwt', kid: 'k1' }

const encoded = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url')
function signed(changes: object = {}, headers: object = {}, key: KeyObject = own.privateKey): string {
  const input = `${encoded({ ...header, ...headers })}.${encoded({ ...claims, ...changes })}`
  const bytes = Buffer.from(input)
  const signature =
    key.asymmetricKeyType === 'ec'
      ? sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' })
      : sign(null, bytes, key)
  return `${input}.${signature.toString('base64url')}`
}

const keys: Readonly<Record<string, FoundKey>> = {
  k1: { kind: 'found', key: { kid: 'k1', alg: 'EdDSA', publicKey: own.publicKey } },
  ec: { kind: 'found', key: { kid: 'ec', alg: 'ES256', publicKey: p256.publicKey } },
  away: { kind: 'unavailable' },
}
const find = (kid: string): FoundKey => keys[kid] ?? { kind: 'unknown' }
const ours = ownSource({ issuer: OURS, audience: AUDIENCE }, { find })

const theirs: TokenSource = {
  ...{ own: false, issuer: THEIRS, audience: ['https://api.example.com'], audienceClaim: 'aud' },
  ...{ types: new Set(['at+jwt', undefined]), leewaySeconds: 60, rememberedMs: 1000 },
  find: async (kid) => find(kid ?? 'k1'),
}

function verifying(
  sources: readonly [TokenSource, ...TokenSource[]] = [ours],
  forms: OwnForms & ForeignForms = {},
): (token: string) => VerifiedToken | Promise<VerifiedToken> {
  const clock = turnedClock(NOW * 1000)
  return createTokenVerification(sources, forms, clock)
}
const invalid = (why: string) => ({ kind: 'invalid', why })

describe('a token of this deployment', () => {
  const genuine = { kind: 'genuine', kid: 'k1', credential: 'access_token', source: ours }

  test('is genuine as it should be, with its claims', async () => {
    expect(await verifying()(signed())).toEqual({ ...genuine, claims })
  })

  // biome-ignore format: one row, one line
  test.each([
    ['another audience of ours', { aud: 'https://admin.example.com' }, {}],
    ['one audience of several', { aud: ['https://x', 'https://admin.example.com'] }, {}],
    ['the whole media type', {}, { typ: 'application/at+jwt' }],
    ['a clock that is 5 s ahead', { iat: NOW + 5, nbf: NOW + 5 }, {}],
    ['its last second', { iat: NOW - 899, exp: NOW + 1 }, {}],
    ['the longest lifetime', { iat: NOW, exp: NOW + 1800 }, {}],
    ['a bond to a key', { cnf: { jkt: 'A'.repeat(43) }, fgp: 'E'.repeat(43) }, {}],
    ['a use that other issuers name', { token_use: 'id' }, {}],
    ['a name of 255 characters that nobody asks for', {}, { jku: 'x'.repeat(1000) }],
  ])('is genuine with %s', async (_what, changes, headers) => {
    expect(await verifying()(signed(changes, headers))).toMatchObject({ kind: 'genuine' })
  })

  // biome-ignore format: one row, one line
  test.each([
    ['header', 'an extension', {}, { crit: ['x'], x: 1 }],
    ['header', 'b64', {}, { b64: true }],
    ['header', 'no algorithm', {}, { alg: undefined }],
    ['header', 'a kid that is a number', {}, { kid: 1 }],
    ['header', 'a kid of 256 characters', {}, { kid: 'k'.repeat(256) }],
    ['header', 'a typ of 256 characters', {}, { typ: 'k'.repeat(256) }],
    ['header', 'a typ that is an array', {}, { typ: ['at+jwt'] }],
    ['type', 'no typ', {}, { typ: undefined }],
    ['type', 'another typ', {}, { typ: 'JWT' }],
    ['key', 'no kid', {}, { kid: undefined }],
    ['key', 'an unknown kid', {}, { kid: 'k2' }],
    ['key', 'a kid of 255 characters', {}, { kid: 'k'.repeat(255) }],
    ['algorithm', 'another algorithm', {}, { alg: 'ES256' }],
    ['algorithm', 'the new name of the algorithm, which is not ours', {}, { alg: 'Ed25519' }],
    ['algorithm', 'none', {}, { alg: 'none' }],
    ['claims', 'a claim of another type', { sid: 5 }, {}],
    ['issuer', 'another issuer', { iss: THEIRS }, {}],
    ['audience', 'another audience', { aud: 'https://x' }, {}],
    ['audience', 'no audience', { aud: [] }, {}],
    ['lifetime', 'more than the longest lifetime', { exp: NOW + 1801 }, {}],
    ['confirmation', 'an unknown confirmation', { cnf: { jwk: {} } }, {}],
    ['confirmation', 'a confirmation that is none', { cnf: 'x' }, {}],
    ['confirmation', 'a confirmation of nothing', { cnf: {} }, {}],
    ['confirmation', 'a confirmation that is null', { cnf: null }, {}],
    ['confirmation', 'an unknown confirmation beside a known one', { cnf: { jkt: 'A'.repeat(43), kid: 'x' } }, {}],
    ['confirmation', 'a thumbprint that is too short', { cnf: { jkt: 'A'.repeat(42) } }, {}],
    ['confirmation', 'a thumbprint in an array', { cnf: { jkt: ['A'.repeat(43)] } }, {}],
    ['confirmation', 'a cookie that is none', { fgp: 'x' }, {}],
  ])('is invalid, by its %s, with %s', async (why, _what, changes, headers) => {
    expect(await verifying()(signed(changes, headers))).toEqual(invalid(why))
  })

  test('is invalid by the signature of another key, and by none', async () => {
    expect(await verifying()(signed({}, {}, other.privateKey))).toEqual(invalid('signature'))
    expect(await verifying()(signed({}, { kid: 'ec', alg: 'ES256' }, p256.privateKey))).toMatchObject({
      kid: 'ec',
    })
    const [first = '', , third = ''] = signed().split('.')
    expect(await verifying()(`${first}.${encoded({ ...claims, sub: 'x' })}.${third}`)).toEqual(
      invalid('signature'),
    )
  })

  test.each([
    ['early', { iat: NOW + 6 }],
    ['early', { nbf: NOW + 6 }],
  ])('is %s with %o', async (kind, changes) => {
    expect(await verifying()(signed(changes))).toEqual({ kind })
  })

  test('is over at the second of its end, and is still told whose it was', async () => {
    expect(await verifying()(signed({ iat: NOW - 900, exp: NOW }))).toEqual({
      ...{ ...genuine, kind: 'expired' },
      claims: { ...claims, iat: NOW - 900, exp: NOW },
    })
  })

  test('is not judged while its key cannot be asked for', async () => {
    expect(await verifying()(signed({}, { kid: 'away' }))).toEqual({ kind: 'unavailable', of: 'store' })
  })

  // biome-ignore format: one row, one line
  test.each([
    ['nothing', ''],
    ['a word', 'token'],
    ['two parts', signed().split('.').slice(0, 2).join('.')],
    ['four parts', `${signed()}.AAAA`],
    ['padding', `${signed()}==`],
    ['another spelling of its last character', signed().replace(/.$/, (last) => String.fromCharCode(last.charCodeAt(0) + 1))],
    ['a blank before it', ` ${signed()}`],
    ['a line feed behind it', `${signed()}\n`],
    ['a header that is no JSON', `eAAA.${signed().split('.').slice(1).join('.')}`],
    ['more than 8192 characters', signed({ more: 'x'.repeat(6200) })],
  ])('is malformed with %s', async (_what, token) => {
    expect(await verifying()(token)).toEqual({ kind: 'malformed' })
  })

  test('may have 8192 characters', async () => {
    const more = [0, 1, 2, 3].flatMap((header) => [0, 1, 2, 3].map((claim) => [header, claim] as const))
    const longest = more
      .map(([header, claim]) => signed({ more: 'x'.repeat(5848 + claim) }, { jku: 'x'.repeat(header) }))
      .find(({ length }) => length === 8192)
    expect(await verifying()(longest ?? '')).toMatchObject({ kind: 'genuine' })
  })

  test('is refused at once where no key is needed for it', () => {
    expect(verifying()(signed({}, { typ: 'JWT' }))).toEqual(invalid('type'))
    expect(verifying()('x')).toEqual({ kind: 'malformed' })
  })
})

describe('beside tokens of other issuers', () => {
  const both = () => verifying([ours, theirs])
  const foreign = { iss: THEIRS, sub: 'user-1', aud: 'https://api.example.com', exp: NOW + 900 }
  const only = (changes: object = {}, headers: object = {}): string => {
    const input = `${encoded({ ...header, typ: undefined, kid: undefined, ...headers })}.${encoded({ ...foreign, ...changes })}`
    return `${input}.${sign(null, Buffer.from(input), own.privateKey).toString('base64url')}`
  }

  test('the issuer selects by whose rules a token is judged', async () => {
    expect(await both()(signed())).toMatchObject({ kind: 'genuine', source: ours })
    expect(await both()(only())).toMatchObject({
      kind: 'genuine',
      source: theirs,
      claims: foreign,
      kid: 'k1',
    })
    expect(await both()(signed({ iss: THEIRS }))).toMatchObject({ source: theirs })
  })

  // biome-ignore format: one row, one line
  test.each([
    ['no accepted issuer', signed({ iss: 'https://x' }), invalid('issuer')],
    ['an issuer that is no string', signed({ iss: 5 }), invalid('issuer')],
    ['no issuer', signed({ iss: undefined }), invalid('issuer')],
    ['a type that this issuer has not', signed({ iss: THEIRS }, { typ: 'JWT' }), invalid('type')],
    ['a key that cannot be fetched', only({}, { kid: 'away' }), { kind: 'unavailable', of: 'issuer' }],
    ['an unknown key', only({}, { kid: 'x' }), invalid('key')],
    ['the use of an ID token', only({ token_use: 'id' }), invalid('type')],
    ['another audience', only({ aud: 'https://admin.example.com' }), invalid('audience')],
    ['no audience', only({ aud: undefined }), invalid('claims')],
    ['an unknown confirmation', only({ cnf: { kid: 'x' } }), invalid('confirmation')],
  ])('a token with %s is refused', async (_what, token, expected) => {
    expect(await both()(token)).toEqual(expected)
  })

  // biome-ignore format: one row, one line
  test.each([
    ['the new name of the algorithm', only({}, { alg: 'Ed25519' })],
    ['the use of an access token', only({ token_use: 'access' })],
    ['a longer lifetime than ours may have', only({ exp: NOW + 10 * 86_400, iat: NOW })],
    ['an end that was up to the tolerance ago', only({ exp: NOW - 59 })],
    ['a cookie that only this deployment knows', only({ fgp: 'x' })],
  ])('a token with %s is genuine', async (_what, token) => {
    expect(await both()(token)).toMatchObject({ kind: 'genuine', source: theirs })
  })

  test('a payload that is no JSON names no issuer', async () => {
    const [first = '', , third = ''] = signed().split('.')
    for (const payload of ['AAAA', Buffer.from('[]').toString('base64url')])
      expect(await both()(`${first}.${payload}.${third}`)).toEqual(invalid('issuer'))
  })

  test('is over when the tolerance is', async () => {
    expect(await both()(only({ exp: NOW - 60 }))).toMatchObject({ kind: 'expired' })
  })

  test('the new name does not stand for another algorithm', async () => {
    for (const headers of [
      { alg: 'Ed25519', kid: 'ec' },
      { alg: 'ES256', kid: 'k1' },
    ])
      expect(await both()(only({}, headers))).toEqual(invalid('algorithm'))
  })

  test('the client may be named instead of an audience', async () => {
    const byClient: TokenSource = { ...theirs, audience: ['web'], audienceClaim: 'client_id' }
    const verify = verifying([byClient])
    expect(await verify(only({ client_id: 'web', aud: undefined }))).toMatchObject({ kind: 'genuine' })
    expect(await verify(only({ client_id: 'x', aud: 'web' }))).toEqual(invalid('audience'))
  })
})

describe('a token of another form', () => {
  const asked: string[] = []
  const answering = (name: string) => async (token: string) => {
    asked.push(`${name} ${token}`)
    return invalid(name) as VerifiedToken
  }
  const opaque = 'an-opaque-token'

  test('is looked up by its prefix, where there is such a form', async () => {
    asked.length = 0
    const verify = verifying([ours], { lookUp: answering('reference'), lookUpApiKey: answering('api_key') })
    for (const token of ['spa_x', 'spk_x', opaque, 'x.spa_x']) await verify(token)
    expect(asked).toEqual(['reference spa_x', 'api_key spk_x'])
    asked.length = 0
    for (const token of ['spa_x', 'spk_x']) expect(await verifying()(token)).toEqual({ kind: 'malformed' })
    expect(asked).toEqual([])
  })

  test('is asked of its issuer, unless it may be one of ours', async () => {
    asked.length = 0
    const introspect = answering('inactive')
    const verify = verifying([ours], { introspect })
    for (const token of [opaque, 'spa_x', 'spk_x', 'spr_x', signed(), 'with a blank', '']) await verify(token)
    expect(asked).toEqual([`inactive ${opaque}`])
    await verifying([ours], { introspect, areReferencesForeign: true })('spa_x')
    expect(asked).toEqual([`inactive ${opaque}`, 'inactive spa_x'])
  })

  test('is judged by its claims, as a signed one is', async () => {
    const judging = (changes: object) =>
      verifying([theirs], {
        introspect: (_token, judge) => judge({ ...claims, iss: THEIRS, ...changes }, theirs),
      })
    expect(await judging({})(opaque)).toMatchObject({
      kind: 'genuine',
      kid: undefined,
      credential: 'access_token',
    })
    expect(await judging({ iss: OURS })(opaque)).toEqual(invalid('issuer'))
    expect(await judging({ aud: 'x' })(opaque)).toEqual(invalid('audience'))
    expect(await judging({ nbf: NOW + 6 })(opaque)).toEqual({ kind: 'early' })
  })

  test('is decrypted, and then judged as what it holds', async () => {
    const encrypted = 'eAAA..AAAA.AAAA.AAAA'
    const holding = (token: string | undefined, kid = 'k1') =>
      verifying([ours, theirs], {
        encryption: {
          encrypt: () => Promise.reject(new Error('not asked')),
          decrypt: async (text) => (token === undefined || text !== encrypted ? undefined : { token, kid }),
        },
      })(encrypted)
    expect(await holding(signed())).toMatchObject({ kind: 'genuine', claims })
    expect(await holding(signed({ exp: NOW, iat: NOW - 1 }))).toMatchObject({ kind: 'expired' })
    expect(await holding(signed({ nbf: NOW + 6 }))).toEqual({ kind: 'early' })
    expect(await holding(signed({ aud: 'x' }))).toEqual(invalid('audience'))
    for (const [token, kid] of [[undefined], ['x'], [signed(), 'k2'], [signed({ iss: THEIRS })]] as const)
      expect(await holding(token, kid)).toEqual(invalid('encryption'))
    expect(await verifying()(encrypted)).toEqual({ kind: 'malformed' })
  })

  test('is not decrypted if it is not spelled as one', async () => {
    const asked: string[] = []
    const verify = verifying([ours], {
      encryption: {
        encrypt: () => Promise.reject(new Error('not asked')),
        async decrypt(text) {
          asked.push(text)
          return undefined
        },
      },
    })
    const longest = `eAAA..AAAA.${'A'.repeat(12_288 - 16)}.AAAA`
    const others = [
      `${longest}A`,
      'eAAA..AAAA.AAAA.AAB',
      'eAAB.AAAA.AAAA.AAAA.AAAA',
      'eAAA..AA.AAAA.AAAA.AAAA',
    ]
    for (const token of others) expect(await verify(token)).toEqual({ kind: 'malformed' })
    expect(await verify(signed())).toMatchObject({ kind: 'genuine' })
    expect(asked).toEqual([])
    expect(await verify(longest)).toEqual(invalid('encryption'))
    expect(asked).toEqual([longest])
  })
})
