import { createSallyport } from '@sallyport/core'
import { gateOf, type StatementKind, type StatementReader } from '@sallyport/core/adapter'
import { type JWTPayload, SignJWT } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import { keyPair } from '../support/key-pair.ts'
import { turnedClock } from '../support/turned-clock.ts'

const ISSUER = 'https://sender.example.com'
const NOW = 1_800_000_000
const EC = keyPair('ec', { namedCurve: 'P-256' })
const OTHER = keyPair('ec', { namedCurve: 'P-256' })
const jwks = { keys: [{ ...EC.publicKey.export({ format: 'jwk' }), kid: 'one' }] }
const sender = { issuer: ISSUER, audience: 'us', jwks }
const LOGOUT = {
  kind: 'logout',
  types: new Set(['logout+jwt', undefined]),
  maxAgeSeconds: 120,
  expiry: 'optional',
} as const

const clock = turnedClock()
let reader: StatementReader

async function readerOf(rule: Partial<StatementKind> = {}) {
  const { statements } = gateOf(await createSallyport({ clock }))
  return statements.from(statements.parse(sender, 'senders.0'), { ...LOGOUT, ...rule })
}

beforeEach(async () => {
  clock.set(NOW * 1000)
  reader = await readerOf()
})

const good = { iss: ISSUER, aud: 'us', iat: NOW, exp: NOW + 60, jti: 'a' }

function signed(
  claims: JWTPayload,
  header: object = { typ: 'logout+jwt', kid: 'one' },
  key = EC.privateKey,
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', ...header }).sign(key)
}
const { exp: _exp, ...endless } = good
const { iat: _iat, ...undated } = good
const { aud: _aud, ...unaddressed } = good

describe('a statement is genuine', () => {
  const cases: Readonly<Record<string, () => Promise<string>>> = {
    'as it should be': () => signed(good),
    'with one audience of several': () => signed({ ...good, aud: ['others', 'us'] }),
    'with the whole media type, in any case': () =>
      signed(good, { typ: 'application/Logout+JWT', kid: 'one' }),
    'without a type, where that is accepted': () => signed(good, { kid: 'one' }),
    'without the name of the only key': () => signed(good, { typ: 'logout+jwt' }),
    'without an end, while it is young': () => signed({ ...endless, iat: NOW - 120 }),
    'without a beginning, if its end is near': () => signed({ ...undated, exp: NOW + 120 }),
    'from a clock that is a little ahead': () => signed({ ...good, iat: NOW + 5 }),
  }
  for (const [name, make] of Object.entries(cases))
    test(name, async () => {
      expect(await reader.verify(await make())).toMatchObject({ kind: 'genuine' })
    })
})

describe('a statement is refused', () => {
  const cases: Readonly<Record<string, readonly [why: string, make: () => string | Promise<string>]>> = {
    'that is no JWT': ['malformed', () => 'x.y.z'],
    'with another type': ['type', () => signed(good, { typ: 'at+jwt', kid: 'one' })],
    'with an extension': [
      'header',
      () => signed(good, { typ: 'logout+jwt', kid: 'one', b64: true, crit: ['b64'] }),
    ],
    'by an unknown key': ['key', () => signed(good, { typ: 'logout+jwt', kid: 'two' })],
    'by a key that is not the one it names': ['signature', () => signed(good, undefined, OTHER.privateKey)],
    'without a signature': [
      'malformed',
      async () => `${(await signed(good)).split('.').slice(0, 2).join('.')}.`,
    ],
    'by a shared secret': [
      'key',
      () =>
        new SignJWT(good)
          .setProtectedHeader({ alg: 'HS256', typ: 'logout+jwt', kid: 'one' })
          .sign(new TextEncoder().encode('a secret of at least thirty-two bytes')),
    ],
    'of another issuer': ['issuer', () => signed({ ...good, iss: `${ISSUER}/` })],
    'for others': ['audience', () => signed({ ...good, aud: ['others'] })],
    'for nobody': ['claims', () => signed(unaddressed)],
    'that has ended': ['lifetime', () => signed({ ...good, iat: NOW - 60, exp: NOW - 5 })],
    'that is too old, whenever it ends': ['lifetime', () => signed({ ...good, iat: NOW - 125 })],
    'of the future': ['lifetime', () => signed({ ...good, iat: NOW + 6 })],
    'that is not valid yet': ['lifetime', () => signed({ ...good, nbf: NOW + 6 })],
    'that ends too late, without a beginning': ['lifetime', () => signed({ ...undated, exp: NOW + 121 })],
    'with neither beginning nor end': ['lifetime', () => signed({ iss: ISSUER, aud: 'us' })],
    'whose times are texts': [
      'claims',
      () => signed({ ...good, exp: `${NOW + 60}` } as unknown as JWTPayload),
    ],
  }
  for (const [name, [why, make]] of Object.entries(cases))
    test(name, async () => {
      expect(await reader.verify(await make())).toEqual({ kind: 'invalid', why })
    })

  test('without an end, where one is required', async () => {
    const strict = await readerOf({ expiry: 'required' })
    expect(await strict.verify(await signed(endless))).toEqual({ kind: 'invalid', why: 'lifetime' })
  })
  test('with an end, where none may be', async () => {
    const strict = await readerOf({ expiry: 'none' })
    expect(await strict.verify(await signed(good))).toEqual({ kind: 'invalid', why: 'lifetime' })
    expect(await strict.verify(await signed(endless))).toMatchObject({ kind: 'genuine' })
  })
})

describe('a statement', () => {
  test('is marked once, of simultaneous calls too', async () => {
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => reader.mark('a', NOW + 60)))
    expect(outcomes.filter(({ kind }) => kind === 'first')).toHaveLength(1)
    expect(await reader.mark('b', NOW + 60)).toEqual({ kind: 'first' })
  })
  test('is begun with once, again until it is finished, and finished once', async () => {
    const statement = { jti: 'a', issuedAt: NOW, usableUntil: NOW + 60 }
    const begun = await Promise.all(Array.from({ length: 4 }, () => reader.begin(statement)))
    const again = { kind: 'again', until: (NOW + 6) * 1000 }
    expect(begun).toEqual([{ kind: 'first' }, again, again, again])
    const finished = await Promise.all(Array.from({ length: 4 }, () => reader.finish(statement)))
    expect(finished.filter(({ kind }) => kind === 'first')).toHaveLength(1)
    expect(await reader.begin(statement)).toEqual({ kind: 'done' })
    expect(await reader.begin({ ...statement, jti: 'b' })).toEqual({ kind: 'first' })
  })
  test('of ours can be verified by others, and is no access token', async () => {
    const sallyport = await createSallyport({ clock, issuer: ISSUER, audience: 'us' })
    const { statements, routes } = gateOf(sallyport)
    const made = await statements.sign('logout+jwt', { aud: 'us', sid: 'one' })
    if (made.kind !== 'signed') throw new Error('there is a key')
    expect(await sallyport.tokens.verify(made.jwt)).toEqual({ kind: 'refused', problem: 'token_invalid' })
    const published = routes(['well-known'])[0]
    const set = await published?.handle({ method: 'GET', target: '/', headers: {}, secure: true } as never)
    const other = gateOf(await createSallyport({ clock })).statements
    const keys = JSON.parse(String(set?.body))
    const from = await other.from(other.parse({ issuer: ISSUER, audience: 'us', jwks: keys }, 'x'), LOGOUT)
    expect(await from.verify(made.jwt)).toMatchObject({ kind: 'genuine', claims: { sid: 'one', iat: NOW } })
  })
})

describe('the options of a sender', () => {
  const wrong: Readonly<Record<string, readonly [object, string]>> = {
    'without keys': [
      { issuer: ISSUER, audience: 'us' },
      '"senders.0.jwks" is required, unless "senders.0.discovery" is true',
    ],
    'with keys twice': [
      { ...sender, discovery: true },
      'give either "senders.0.jwks" or "senders.0.discovery"',
    ],
    'with an unknown one': [{ ...sender, jwk: {} }, 'unknown option "senders.0.jwk"'],
    'with keys at no URL': [
      { ...sender, jwks: 'nowhere' },
      '"senders.0.jwks" must be an https URL (http on loopback), or a JWK Set; got "nowhere"',
    ],
    'with keys over http': [
      { ...sender, jwks: 'http://sender.example.com/jwks' },
      '"senders.0.jwks" must be an https URL',
    ],
  }
  for (const [name, [given, message]] of Object.entries(wrong))
    test(name, async () => {
      const { statements } = gateOf(await createSallyport({ clock }))
      expect(() => statements.parse(given as typeof sender, 'senders.0')).toThrow(message)
    })
  test('with keys that are secret', async () => {
    const { statements } = gateOf(await createSallyport({ clock }))
    const secret = { keys: [{ kty: 'oct', k: 'AAAA', kid: 'one' }] }
    const parsed = statements.parse({ ...sender, jwks: secret }, 'senders.0')
    await expect(statements.from(parsed, LOGOUT)).rejects.toThrow(
      '"senders.0.jwks" has no key that can be used',
    )
  })
})
