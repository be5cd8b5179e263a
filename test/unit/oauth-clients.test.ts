import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { exportJWK, SignJWT } from 'jose'
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { API, basic, gateway, ISSUER, oauthSite, type Site } from './oauth-site.ts'
import { json, scriptedIssuer, status } from './scripted-issuer.ts'

const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const challenge = { 'WWW-Authenticate': 'Basic realm="oauth"' }

describe('a secret', () => {
  const next = 'a b+c%20d:e&f=g/h?i"j\\k'
  let site: Site
  beforeAll(async () => {
    site = await oauthSite({ clients: [{ ...gateway, clientSecret: ['the-first-one', next] }] })
  })
  afterAll(() => site.sallyport.close())
  const ask = (headers: Readonly<Record<string, string>>) => site.ask('introspect', { token: 'x' }, headers)
  const encoded = (text: string) => new URLSearchParams({ '': text }).toString().slice(1)

  test('is accepted form-urlencoded and as it is, each of several', async () => {
    for (const secret of ['the-first-one', next])
      for (const sent of [secret, encoded(secret), encodeURIComponent(secret)])
        expect(await ask(basic('gateway', sent)), sent).toMatchObject({ status: 200 })
  })

  test('is one of these, and nothing like it', async () => {
    for (const sent of ['', 'the-first-on', 'the-first-one ', `${next},the-first-one`, 'gateway-secret'])
      expect(await ask(basic('gateway', sent)), sent).toMatchObject({ status: 401, headers: challenge })
  })
})

describe('a client with a key', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  let site: Site
  let now: number
  beforeAll(async () => {
    const keys = [{ ...(await exportJWK(publicKey)), kid: 'one' }]
    const { clientSecret: _secret, ...rights } = gateway
    const keyed = { ...rights, jwks: { keys } }
    site = await oauthSite({ clients: [keyed, { ...gateway, clientId: 'second' }] })
    now = Math.floor(site.clock.now() / 1000)
  })
  afterAll(() => site.sallyport.close())

  const good = () => ({
    iss: 'gateway',
    sub: 'gateway',
    aud: ISSUER,
    jti: randomUUID(),
    iat: now,
    exp: now + 60,
  })
  const signed = (claims: object, header: object = {}, key = privateKey) =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'one', ...header })
      .sign(key, { crit: { exp: true } })
  const form = (assertion: string, more: object = {}) => ({
    ...{ token: 'x', client_assertion_type: TYPE, client_assertion: assertion },
    ...more,
  })
  const statusOf = async (assertion: string, more: object = {}) =>
    (await site.ask('introspect', form(assertion, more))).status

  const right: Readonly<Record<string, () => Promise<string>>> = {
    'for the issuer': () => signed(good()),
    'for an endpoint': () => signed({ ...good(), aud: `${ISSUER}/auth/introspect` }),
    'for the token endpoint, among others': () => signed({ ...good(), aud: [API, `${ISSUER}/auth/token`] }),
    'with its type': () => signed(good(), { typ: 'client-authentication+jwt' }),
    'with the type of any JWT': () => signed(good(), { typ: 'JWT' }),
    'that says not when it was made': () => signed({ ...good(), iat: undefined }),
    'without the name of the only key': () => signed(good(), { kid: undefined }),
  }
  for (const [name, make] of Object.entries(right))
    test(`authenticates by a JWT ${name}, once`, async () => {
      const assertion = await make()
      expect(await statusOf(assertion)).toBe(200)
      expect(await statusOf(assertion)).toBe(401)
    })

  test('authenticates by its name besides, and at every endpoint', async () => {
    expect(await statusOf(await signed(good()), { client_id: 'gateway' })).toBe(200)
    expect((await site.ask('revoke', form(await signed(good())))).status).toBe(200)
    const grant = { grant_type: 'refresh_token', refresh_token: 'x' }
    const asked = await site.ask('token', { ...form(await signed(good())), ...grant })
    expect(asked).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })

  test('authenticates as oauth4webapi does it', async () => {
    const body = new URLSearchParams({ token: 'x' })
    const key = await crypto.subtle.importKey(
      'jwk',
      privateKey.export({ format: 'jwk' }),
      { name: 'ECDSA', namedCurve: 'P-256' },
      false,
      ['sign'],
    )
    // The library goes by the real time, and the clock here stands still.
    const skew = Math.floor(site.clock.now() / 1000) - Math.floor(Date.now() / 1000)
    const client = { client_id: 'gateway', [oauth.clockSkew]: skew }
    await oauth.PrivateKeyJwt(key)({ issuer: ISSUER }, client, body, new Headers())
    expect((await site.ask('introspect', Object.fromEntries(body))).status).toBe(200)
  })

  const wrong: Readonly<Record<string, () => string | Promise<string>>> = {
    'that is none': () => 'x.y.z',
    'for somebody else': () => signed({ ...good(), aud: API }),
    'for nobody': () => signed({ ...good(), aud: undefined }),
    'of another client': () => signed({ ...good(), iss: 'second', sub: 'second' }),
    'of nobody': () => signed({ ...good(), iss: 'nobody', sub: 'nobody' }),
    'of an object': () => signed({ ...good(), iss: '__proto__', sub: '__proto__' }),
    'about somebody else': () => signed({ ...good(), sub: 'second' }),
    'about nobody': () => signed({ ...good(), sub: undefined }),
    'without an id': () => signed({ ...good(), jti: undefined }),
    'without an end': () => signed({ ...good(), exp: undefined }),
    'that is over': () => signed({ ...good(), iat: now - 120, exp: now - 10 }),
    'that is old': () => signed({ ...good(), iat: now - 400, exp: now + 600 }),
    'from the future': () => signed({ ...good(), iat: now + 60, exp: now + 90 }),
    'that ends too late': () => signed({ ...good(), iat: undefined, exp: now + 3600 }),
    'by another key': () => signed(good(), {}, other),
    'by a key with another name': () => signed(good(), { kid: 'two' }),
    'of another type': () => signed(good(), { typ: 'at+jwt' }),
    'with an extension': () => signed(good(), { crit: ['exp'], exp: 1 }),
    'that nobody signed': async () => `${(await signed(good())).split('.').slice(0, 2).join('.')}.`,
    'signed by the public key': async () =>
      new SignJWT(good())
        .setProtectedHeader({ alg: 'HS256', kid: 'one' })
        .sign(Buffer.from(JSON.stringify(await exportJWK(publicKey)))),
  }
  for (const [name, make] of Object.entries(wrong))
    test(`does not authenticate by a JWT ${name}`, async () => {
      const asked = await site.ask('introspect', form(await make()))
      expect(asked).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
      expect(asked.headers).not.toHaveProperty('WWW-Authenticate')
    })

  test('is not another one, whose name the request has besides', async () => {
    expect(await statusOf(await signed(good()), { client_id: 'second' })).toBe(401)
  })

  test('of racing requests with one JWT exactly one passes', async () => {
    const assertion = await signed(good())
    const all = await Promise.all(Array.from({ length: 8 }, () => statusOf(assertion)))
    expect(all.filter((status) => status === 200)).toHaveLength(1)
    expect(all.filter((status) => status === 401)).toHaveLength(7)
  })

  test('has no secret, not even an empty one', async () => {
    for (const secret of ['', 'undefined', 'gateway-secret'])
      expect((await site.ask('introspect', { token: 'x' }, basic('gateway', secret))).status).toBe(401)
  })
})

test('the keys of a client may be at a URL; while they can not be had, it is told to come back', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const server = await scriptedIssuer()
  server.answers.set('/keys', status(500))
  const { clientSecret: _secret, ...rights } = gateway
  const site = await oauthSite({ clients: [{ ...rights, jwks: `${server.origin}/keys` }] })
  const ask = async () => {
    const now = Math.floor(site.clock.now() / 1000)
    const claims = { iss: 'gateway', sub: 'gateway', aud: ISSUER, jti: randomUUID(), iat: now, exp: now + 60 }
    const signed = new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(privateKey)
    return site.ask('introspect', { token: 'x', client_assertion_type: TYPE, client_assertion: await signed })
  }
  expect(await ask()).toMatchObject({
    ...{ status: 503, body: { error: 'temporarily_unavailable' }, headers: { 'Retry-After': '1' } },
  })
  server.answers.set('/keys', json({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one' }] }))
  site.clock.turn(60_000)
  expect((await ask()).status).toBe(200)
  await site.sallyport.close()
  await server.close()
})
