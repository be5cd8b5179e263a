import { memoryStore, type SallyportOptions, type StoreDriver } from '@sallyport/core'
import type { Store } from '@sallyport/core/store'
import { decodeJwt } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import { introspecting } from './introspecting.ts'
import { API, basic, GATEWAY, gateway, oauthSite, type Site } from './oauth-site.ts'

const INACTIVE = { status: 200, text: '{"active":false}' }
const REVOKED = { status: 200, text: '' }
const open: Site[] = []
afterEach(async () => {
  for (const { sallyport } of open.splice(0)) await sallyport.close()
})

async function start(...args: Parameters<typeof oauthSite>): Promise<Site> {
  const site = await oauthSite(...args)
  open.push(site)
  return site
}

const revoke = (site: Site, token: string) => site.ask('revoke', { token }, GATEWAY)

describe.each(['jwt', 'encrypted', 'reference'] as const)('access tokens of the form %s', (accessToken) => {
  test('are told until they expire', async () => {
    const site = await start(undefined, {
      accessToken,
      claims: { of: () => ({ plan: 'pro', active: false }), allow: ['plan', 'active'] },
    })
    const { token } = await site.signIn()
    expect((await site.introspect(token)).body).toMatchObject({
      ...{ active: true, sub: 'alice', aud: API, client_id: 'native', scope: 'read', plan: 'pro' },
      ...{ token_type: 'Bearer', jti: expect.any(String), sid: expect.any(String) },
    })
    site.clock.turn(900_000)
    expect(await site.introspect(token)).toMatchObject(INACTIVE)
  })

  test('are revoked one by one, and by the refresh token all at once', async () => {
    const site = await start(undefined, { accessToken })
    const { token, refresh } = await site.signIn()
    expect(await revoke(site, token)).toMatchObject(REVOKED)
    expect([await site.opens(token), await site.introspect(token)]).toMatchObject([401, INACTIVE])
    const next = await site.ask('token', { grant_type: 'refresh_token', refresh_token: refresh })
    const { access_token: later } = next.body as { access_token: string }
    expect(await site.opens(later)).toBe(200)
    expect(await revoke(site, refresh)).toMatchObject(REVOKED)
    expect([await site.opens(later), await site.introspect(later)]).toMatchObject([401, INACTIVE])
  })
})

describe('a client', () => {
  test('is told of tokens for its audience, and of no others', async () => {
    const audience = [API, 'https://orders.example.com']
    const rights = (named: string) => ({ ...gateway, introspect: { audience: named } })
    const clients = [
      { ...rights('https://orders.example.com'), clientId: 'orders' },
      { ...rights('https://bills.example.com'), clientId: 'bills' },
    ]
    const site = await start({ clients }, { audience })
    const { token } = await site.signIn()
    const asked = (id: string) => site.ask('introspect', { token }, basic(id, 'gateway-secret'))
    expect((await asked('orders')).body).toMatchObject({ active: true, aud: audience })
    expect(await asked('bills')).toMatchObject(INACTIVE)
  })

  test('may do nothing but what it is registered for', async () => {
    const plain = { clientId: 'plain', clientSecret: 'plain-secret' }
    const site = await start({ clients: [gateway, plain] })
    const { token, refresh } = await site.signIn()
    const own = await site.signIn({ client: 'plain' })
    const as = basic('plain', 'plain-secret')
    const refused = { status: 400, body: { error: 'unauthorized_client' } }
    expect(await site.ask('introspect', { token }, as)).toMatchObject(refused)
    for (const other of [token, refresh])
      expect(await site.ask('revoke', { token: other }, as)).toMatchObject(refused)
    expect(await site.opens(token)).toBe(200)
    expect(await site.ask('revoke', { token: own.refresh }, as)).toMatchObject(REVOKED)
    expect(await site.opens(own.token)).toBe(401)
  })

  test('is told of API keys if it may, and revokes none', async () => {
    const site = await start(
      { clients: [gateway, { ...gateway, clientId: 'keys', introspect: { apiKeys: 'accept' } }] },
      { apiKeys: {} },
    )
    const created = await site.sallyport.apiKeys.create('alice', { name: 'robot', scope: ['read'] })
    if (created.kind !== 'created') throw new Error('the user has too many keys')
    const { key, id } = created
    expect(await site.introspect(key)).toMatchObject(INACTIVE)
    const asked = () => site.ask('introspect', { token: key }, basic('keys', 'gateway-secret'))
    expect((await asked()).body).toMatchObject({ active: true, sub: 'alice', jti: id, scope: 'read' })
    expect(await revoke(site, key)).toMatchObject({ status: 400, body: { error: 'unsupported_token_type' } })
    expect(await site.opens(key)).toBe(200)
    await site.sallyport.apiKeys.revoke('alice', id)
    expect(await asked()).toMatchObject(INACTIVE)
  })
})

describe('a client with a secret that has sessions of its own', () => {
  const oauth = { clients: [{ clientId: 'backend', clientSecret: 'backend-secret' }, gateway] }
  const grant = (refresh: string) => ({ grant_type: 'refresh_token', refresh_token: refresh })

  test('gets new tokens only if it authenticates', async () => {
    const site = await start(oauth)
    const { refresh } = await site.signIn({ client: 'backend' })
    const refused = { status: 401, body: { error: 'invalid_client' } }
    for (const more of [{}, { client_id: 'backend' }, { client_id: 'backend', client_secret: 'x' }])
      expect(await site.ask('token', { ...grant(refresh), ...more })).toMatchObject(refused)
    expect(await site.ask('token', grant(refresh), GATEWAY)).toMatchObject({
      body: { error: 'invalid_grant' },
    })
    expect(await site.ask('token', { ...grant(refresh), client_id: 'native' })).toMatchObject({
      body: { error: 'invalid_grant' },
    })
    expect(await site.ask('token', grant(refresh), basic('backend', 'backend-secret'))).toMatchObject({
      ...{ status: 200, body: { token_type: 'Bearer' } },
    })
  })

  test('may be what all sessions of apps belong to', async () => {
    const site = await start(oauth, { clients: { body: 'backend' } })
    const { refresh } = await site.signIn()
    expect((await site.ask('token', grant(refresh))).status).toBe(401)
    expect((await site.ask('token', grant(refresh), basic('backend', 'backend-secret'))).status).toBe(200)
  })
})

describe('while the store is away', () => {
  /** A store of which some calls are unavailable, once `away` says so. */
  const failing = (isAway: () => boolean): StoreDriver => ({
    ...memoryStore(),
    async open(context) {
      const store: Store = await memoryStore().open(context)
      const unless =
        <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
        async (...args: A) =>
          isAway() ? ({ kind: 'unavailable' } as const) : call(...args)
      return {
        ...store,
        sessions: { ...store.sessions, read: unless(store.sessions.read), end: unless(store.sessions.end) },
        revocations: {
          ...store.revocations,
          check: unless(store.revocations.check),
          revoke: unless(store.revocations.revoke),
        },
      }
    },
  })

  test.each([
    ['introspect', { revocation: { mode: 'strict' } }, ({ token }) => token],
    ['introspect', { accessToken: 'reference' }, ({ token }) => token],
    ['revoke', {}, ({ token }) => token],
    ['revoke', {}, ({ refresh }) => refresh],
    ['revoke', { accessToken: 'reference' }, ({ token }) => token],
  ] satisfies readonly [
    'introspect' | 'revoke',
    Partial<SallyportOptions>,
    (of: { token: string; refresh: string }) => string,
  ][])('%s with %o answers 503, and goes on afterwards', async (endpoint, options, of) => {
    let away = false
    const site = await start(undefined, { store: failing(() => away), ...options })
    const tokens = await site.signIn()
    const ask = () => site.ask(endpoint, { token: of(tokens) }, GATEWAY)
    away = true
    expect(await ask()).toMatchObject({
      ...{ status: 503, body: { error: 'temporarily_unavailable' } },
      headers: { 'Retry-After': '1' },
    })
    away = false
    expect((await ask()).status).toBe(200)
    expect(await site.introspect(tokens.token)).toMatchObject(
      endpoint === 'revoke' ? INACTIVE : { status: 200 },
    )
  })
})

test('nobody else is asked about a token, whatever it looks like', async () => {
  const world = await introspecting()
  const { issuer } = world
  world.known.set('theirs', world.goodAnswer())
  const introspection = { url: `${issuer.origin}/introspect`, clientId: 'api', clientSecret: 'secret' }
  const site = await start(undefined, { issuers: [{ issuer: issuer.origin, audience: API, introspection }] })
  expect(await site.introspect('theirs')).toMatchObject(INACTIVE)
  expect(await revoke(site, 'theirs')).toMatchObject(REVOKED)
  expect(world.questions).toEqual([])
  await world.close()
})

test('a question neither confirms a generation nor tells anything', async () => {
  const confirmed: unknown[] = []
  const store: StoreDriver = {
    ...memoryStore(),
    async open(context) {
      const inner: Store = await memoryStore().open(context)
      const confirm: typeof inner.sessions.confirm = (given) => {
        confirmed.push(given)
        return inner.sessions.confirm(given)
      }
      return { ...inner, sessions: { ...inner.sessions, confirm } }
    },
  }
  const site = await start(undefined, { store })
  const { token } = await site.signIn()
  site.events.length = 0
  expect((await site.introspect(token)).body.active).toBe(true)
  expect([confirmed, site.events]).toEqual([[], []])
  await site.opens(token)
  expect(confirmed).toEqual([{ id: decodeJwt(token).sid, generation: 1 }])
})

const JWT = 'application/token-introspection+jwt'
// RFC 9110, section 12.5.1: the most specific range counts, then its weight, then the order.
test.each([
  [JWT, true],
  [JWT.toUpperCase(), true],
  [`${JWT};q=1`, true],
  [`${JWT};q=0.001`, true],
  [`${JWT};q=0`, false],
  [`${JWT};q=0.000, */*`, false],
  [`application/json, ${JWT};q=0`, false],
  [`application/json;q=0.9, ${JWT}`, true],
  [`application/json, ${JWT};q=0.9`, false],
  [`${JWT};q=0.5, application/json;q=0.4`, true],
  [`${JWT}, application/json`, true],
  [`application/json, ${JWT}`, false],
  [`*/*, ${JWT}`, true],
  [`${JWT};q=0.1, */*;q=0.2`, false],
  [`application/*;q=0.2, ${JWT};q=0.3`, true],
  ['*/*', false],
  ['application/*', false],
  ['application/jwt', false],
  ['text/html', false],
  ['application/json;q=0', false],
  ['', false],
  [',;=q', false],
  [`${JWT}x, x${JWT}`, false],
])('with "Accept: %s", the answer to a question is signed: %s', async (accept, isSigned) => {
  const told = await (await start()).ask('introspect', { token: 'x' }, { ...GATEWAY, accept })
  expect(told).toMatchObject({
    ...{ status: 200, headers: { 'Content-Type': isSigned ? JWT : 'application/json; charset=utf-8' } },
  })
})
