import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  calculateJwkThumbprint,
  createRemoteJWKSet,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { setupFault } from '../../examples/app/src/environment.ts'
import { type Host, type HostName, type Hosts, hostNames, startHosts } from '../support/hosts.ts'
import { type Listening, listening } from '../support/listening.ts'

/** Each framework once. */
const NAMES: readonly HostName[] = hostNames.filter((name) =>
  /^express on memory$|^(?:koa|fastify) on (?!memory)/.test(name),
)
const ISSUER = 'https://login.example.test'
const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const now = (): number => Math.floor(Date.now() / 1000)

const signing = await generateKeyPair('ES256')
const stranger = await generateKeyPair('ES256')
const rsa = await generateKeyPair('PS256')
const jwk: JWK = { ...(await exportJWK(signing.publicKey)), alg: 'ES256', use: 'sig' }
const kid = await calculateJwkThumbprint(jwk)
const publicPem = await exportSPKI(signing.publicKey)

type Claims = Record<string, unknown>
type Key = typeof signing.privateKey

/** A good logout token, but for what a case changes; `undefined` leaves a claim out. */
function claimsOf(about: Claims, changed: Claims = {}): Claims {
  return {
    ...{ iss: ISSUER, aud: 'gateway', iat: now(), exp: now() + 120, jti: randomUUID() },
    events: { [EVENT]: {} },
    ...about,
    ...changed,
  }
}

async function signed(claims: Claims, header: Claims = {}, key: Key = signing.privateKey): Promise<string> {
  const all = { alg: 'ES256', typ: 'logout+jwt', kid, ...header }
  return new SignJWT(claims as JWTPayload).setProtectedHeader(all as { alg: string }).sign(key, {
    crit: { b64: true },
  })
}

const encoded = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url')
const unsigned = (claims: Claims, header: Claims): string => `${encoded(header)}.${encoded(claims)}.`

interface Person {
  readonly token: string
  readonly sid: string
  readonly sub: string
}

let folder: string
let hosts: Hosts
let receiver: Listening
/** The logout tokens that the service got. */
const got: string[] = []
let answerWith: (token: string) => number = () => 200

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-logout-'))
  receiver = await listening(
    createServer(async (req, res) => {
      const chunks: Buffer[] = []
      for await (const chunk of req) chunks.push(chunk as Buffer)
      const token = new URLSearchParams(Buffer.concat(chunks).toString()).get('logout_token') ?? ''
      got.push(token)
      res.writeHead(answerWith(token)).end()
    }),
    () => Promise.resolve(),
  )
  const clients = [{ client_id: 'shop', backchannel_logout_uri: `${receiver.url}/logout` }]
  await writeFile(join(folder, 'clients.json'), JSON.stringify(clients))
  await writeFile(join(folder, 'keys.json'), JSON.stringify({ keys: [{ ...jwk, kid }] }))
  hosts = await startHosts(
    {
      LOGOUT_ISSUER: ISSUER,
      LOGOUT_JWKS: join(folder, 'keys.json'),
      LOGOUT_CLIENTS: join(folder, 'clients.json'),
    },
    NAMES,
  )
}, 60_000)
afterAll(async () => {
  await hosts.close()
  await receiver.close()
  await rm(folder, { recursive: true, force: true })
})

async function signIn({ url }: Host, username = 'alice'): Promise<Person> {
  const answer = await fetch(`${url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-token-transport': 'body' },
    body: JSON.stringify({ username, password: 'correct horse battery staple' }),
  })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  const me = await fetch(`${url}/api/me`, { headers: { authorization: `Bearer ${token}` } })
  const { sid, sub } = (await me.json()) as Person
  return { token, sid, sub }
}

const isSignedIn = async ({ url }: Host, { token }: Person): Promise<boolean> =>
  (await fetch(`${url}/api/me`, { headers: { authorization: `Bearer ${token}` } })).status === 200

async function send({ url }: Host, token: string) {
  const answer = await fetch(`${url}/auth/backchannel-logout`, {
    method: 'POST',
    body: new URLSearchParams({ logout_token: token }),
  })
  const body = (await answer.json()) as { error?: string }
  return { status: answer.status, error: body.error, cache: answer.headers.get('cache-control') }
}
const TAKEN = { status: 200, error: undefined, cache: 'no-store' }
const REFUSED = { status: 400, error: 'invalid_request', cache: 'no-store' }

/** What makes a token of good claims one that ends nothing. */
const forgeries: Readonly<Record<string, (claims: Claims) => Promise<string> | string>> = {
  'signed by another key': (claims) => signed(claims, {}, stranger.privateKey),
  'signed by another key that names itself': async (claims) =>
    signed(claims, { jwk: await exportJWK(stranger.publicKey), kid: undefined }, stranger.privateKey),
  'not signed': (claims) => unsigned(claims, { alg: 'none', typ: 'logout+jwt', kid }),
  'with its signature cut off': async (claims) => (await signed(claims)).replace(/[^.]*$/, ''),
  'with a MAC under the public key': async (claims) =>
    new SignJWT(claims as JWTPayload)
      .setProtectedHeader({ alg: 'HS256', typ: 'logout+jwt', kid })
      .sign(Buffer.from(publicPem)),
  'of another algorithm': (claims) => signed(claims, { alg: 'PS256' }, rsa.privateKey),
  'with another name of the key': (claims) => signed(claims, { kid: 'another' }),
  'changed after it was signed': async (claims) => {
    const [header, , signature] = (await signed(claims)).split('.')
    return `${header}.${encoded({ ...claims, jti: randomUUID() })}.${signature}`
  },
  'with an extension that must be understood': (claims) => signed(claims, { crit: ['b64'], b64: true }),
  'of the type of access tokens': (claims) => signed(claims, { typ: 'at+jwt' }),
  'of the type of security events': (claims) => signed(claims, { typ: 'secevent+jwt' }),
  padded: async (claims) => `${await signed(claims)}=`,
  'with white space': async (claims) => `${await signed(claims)} `,
  'of another issuer': (claims) => signed({ ...claims, iss: 'https://other.example.test' }),
  'of this deployment itself': (claims) => signed({ ...claims, iss: 'https://auth.example.test' }),
  'without an issuer': (claims) => signed({ ...claims, iss: undefined }),
  'for another audience': (claims) => signed({ ...claims, aud: 'somebody-else' }),
  'for several others': (claims) => signed({ ...claims, aud: ['a', 'b'] }),
  'without an audience': (claims) => signed({ ...claims, aud: undefined }),
  'that has expired': (claims) => signed({ ...claims, iat: now() - 200, exp: now() - 60 }),
  'without an end': (claims) => signed({ ...claims, exp: undefined }),
  'issued an hour ago': (claims) => signed({ ...claims, iat: now() - 3600 }),
  'issued in an hour': (claims) => signed({ ...claims, iat: now() + 3600, exp: now() + 3700 }),
  'without a time of issue': (claims) => signed({ ...claims, iat: undefined }),
  'not valid yet': (claims) => signed({ ...claims, nbf: now() + 3600 }),
  'without an id': (claims) => signed({ ...claims, jti: undefined }),
  'with an id that is a number': (claims) => signed({ ...claims, jti: 7 }),
  'with a nonce': (claims) => signed({ ...claims, nonce: 'n' }),
  'without events': (claims) => signed({ ...claims, events: undefined }),
  'with an array of events': (claims) => signed({ ...claims, events: [EVENT] }),
  'with an event as text': (claims) => signed({ ...claims, events: EVENT }),
  'with another event': (claims) => signed({ ...claims, events: { 'http://example.test/event': {} } }),
  'with an event that is no object': (claims) => signed({ ...claims, events: { [EVENT]: true } }),
  'with an event that is an array': (claims) => signed({ ...claims, events: { [EVENT]: [] } }),
  'about nobody': (claims) => signed({ ...claims, sub: undefined, sid: undefined }),
  'about an empty subject': (claims) => signed({ ...claims, sub: '' }),
  'about an empty session': (claims) => signed({ ...claims, sid: '' }),
  'about a subject that is a list': (claims) => signed({ ...claims, sub: [claims.sub] }),
  'about a session that is an object': (claims) => signed({ ...claims, sid: { id: claims.sid } }),
  'about a session with a long name': (claims) => signed({ ...claims, sid: 'x'.repeat(256) }),
  'that is no token': () => 'no token',
  'that is empty': () => '',
}

describe.each(NAMES)('%s', (name) => {
  const host = (): Host => hosts.named(name)

  test('a logout token ends the session that it names, and no other', async () => {
    const [one, other] = [await signIn(host()), await signIn(host())]
    const { sub, sid } = one
    expect(await send(host(), await signed(claimsOf({ sub, sid })))).toEqual(TAKEN)
    expect(await isSignedIn(host(), one)).toBe(false)
    expect(await isSignedIn(host(), other)).toBe(true)
    expect(await send(host(), await signed(claimsOf({ sid: other.sid })))).toEqual(TAKEN)
    expect(await isSignedIn(host(), other)).toBe(false)
  })

  test('or every session of a user; in all forms that senders use', async () => {
    const forms: Claims[] = [{}, { typ: undefined }, { typ: 'JWT' }, { typ: 'application/logout+jwt' }]
    for (const header of forms) {
      const [one, other, bob] = [await signIn(host()), await signIn(host()), await signIn(host(), 'bob')]
      const audience = { aud: ['x', 'gateway'] }
      expect(await send(host(), await signed(claimsOf({ sub: one.sub }, audience), header))).toEqual(TAKEN)
      expect(await isSignedIn(host(), one)).toBe(false)
      expect(await isSignedIn(host(), other)).toBe(false)
      expect(await isSignedIn(host(), bob)).toBe(true)
    }
  })

  test('a session of somebody else is none of its business', async () => {
    const [alice, bob] = [await signIn(host()), await signIn(host(), 'bob')]
    expect(await send(host(), await signed(claimsOf({ sub: alice.sub, sid: bob.sid })))).toEqual(TAKEN)
    expect(await isSignedIn(host(), alice)).toBe(true)
    expect(await isSignedIn(host(), bob)).toBe(true)
  })

  test('one that comes again is refused, and ends nothing', async () => {
    const first = await signIn(host())
    const [byUser, bySession] = [
      await signed(claimsOf({ sub: first.sub })),
      await signed(claimsOf({ sid: first.sid })),
    ]
    expect(await send(host(), byUser)).toEqual(TAKEN)
    expect(await send(host(), bySession)).toEqual(TAKEN)
    const second = await signIn(host())
    expect(await isSignedIn(host(), second)).toBe(true)
    for (const token of [byUser, bySession]) expect(await send(host(), token)).toEqual(REFUSED)
    expect(await isSignedIn(host(), second)).toBe(true)
    const racing = await signed(claimsOf({ sub: second.sub }))
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(host(), racing)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(7)
  })

  test(`${Object.keys(forgeries).length} forged tokens end nothing, and use up no id`, async () => {
    const person = await signIn(host())
    const { sub, sid } = person
    const claims = claimsOf({ sub, sid })
    for (const [what, forge] of Object.entries(forgeries))
      expect([what, await send(host(), await forge(claims))]).toEqual([what, REFUSED])
    expect(await isSignedIn(host(), person)).toBe(true)
    expect(await send(host(), await signed(claims))).toEqual(TAKEN)
    expect(await isSignedIn(host(), person)).toBe(false)
  })

  test('other requests are refused as everywhere', async () => {
    const url = `${host().url}/auth/backchannel-logout`
    const statusOf = async (init: RequestInit): Promise<number> => (await fetch(url, init)).status
    expect(await statusOf({})).toBe(405)
    expect(await statusOf({ method: 'POST' })).toBe(415)
    expect(await statusOf({ method: 'POST', body: new URLSearchParams({ token: 'x' }) })).toBe(400)
    const twice = new URLSearchParams([
      ['logout_token', 'x'],
      ['logout_token', 'x'],
    ])
    expect(await statusOf({ method: 'POST', body: twice })).toBe(400)
    expect(
      await statusOf({ method: 'POST', body: new URLSearchParams({ logout_token: 'x'.repeat(17_000) }) }),
    ).toBe(413)
  })

  test('a session that ends is told to the service, by a token that any client library takes', async () => {
    const keys = createRemoteJWKSet(new URL(`${host().url}/.well-known/jwks.json`))
    const person = await signIn(host())
    const seen = async (): Promise<JWTPayload[]> => {
      const read = await Promise.all(
        got.map((token) =>
          jwtVerify(token, keys, {
            ...{ issuer: 'https://auth.example.test', audience: 'shop', typ: 'logout+jwt' },
            requiredClaims: ['iat', 'exp', 'jti', 'events', 'sid', 'sub'],
          }).then(
            ({ payload }) => payload,
            () => undefined,
          ),
        ),
      )
      return read.filter((payload) => payload !== undefined && payload.sid === person.sid) as JWTPayload[]
    }
    let failures = 2
    answerWith = () => (failures-- > 0 ? 503 : 204)
    await fetch(`${host().url}/auth/logout`, {
      method: 'POST',
      headers: { authorization: `Bearer ${person.token}` },
    })
    await vi.waitFor(async () => expect(await seen()).toHaveLength(3), { timeout: 8000, interval: 50 })
    const payloads = await seen()
    expect(new Set(payloads.map(({ jti }) => jti)).size).toBe(3)
    for (const { sub, events, iat = 0, exp = 0 } of payloads) {
      expect(sub).toBe(person.sub)
      expect(events).toEqual({ [EVENT]: {} })
      expect(exp - iat).toBe(120)
    }
    answerWith = () => 200
    const metadata = await fetch(`${host().url}/.well-known/oauth-authorization-server`)
    expect(await metadata.json()).toMatchObject({
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
    })
  })
})

test('without variables, nobody may send logout tokens, and none are sent', async () => {
  const plain = await startHosts({}, ['express on memory'])
  const host = plain.named('express on memory')
  const answer = await fetch(`${host.url}/auth/backchannel-logout`, { method: 'POST' })
  expect(answer.status).toBe(404)
  const metadata = await fetch(`${host.url}/.well-known/oauth-authorization-server`)
  expect(await metadata.json()).not.toHaveProperty('backchannel_logout_supported')
  await plain.close()
})

test.each([
  {
    variable: 'LOGOUT_ISSUER',
    env: { LOGOUT_ISSUER: 'http://a.example', LOGOUT_JWKS: 'https://a.example/jwks' },
  },
  { variable: 'LOGOUT_ISSUER', env: { LOGOUT_JWKS: 'https://a.example/jwks' } },
  { variable: 'LOGOUT_JWKS', env: { LOGOUT_ISSUER: ISSUER } },
  { variable: 'LOGOUT_JWKS', env: { LOGOUT_ISSUER: ISSUER, LOGOUT_JWKS: 'http://a.example/jwks' } },
  { variable: 'LOGOUT_JWKS', env: { LOGOUT_ISSUER: ISSUER, LOGOUT_JWKS: '/nowhere' } },
  { variable: 'LOGOUT_CLIENTS', env: { LOGOUT_CLIENTS: '/nowhere' } },
])('a wrong $variable is refused by name: $env', async ({ variable, env }) => {
  const fault = await startHosts(env, ['express on memory']).catch((cause: unknown) => cause)
  expect(setupFault(fault, {})).toMatch(new RegExp(`^${variable}`))
})
