import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { badClaims } from './bad-claims.ts'
import { badHeaders } from './bad-headers.ts'
import { badShapes } from './bad-shapes.ts'
import { type Fields, type Reply, type Send, send } from './client.ts'
import { goodTokens } from './good-tokens.ts'
import { type CountingApp, countingApps } from './reached-apps.ts'
import { Mint, makeKey } from './token-mint.ts'
import { bearer, signedIn } from './visitor.ts'

const ISSUER = 'https://auth.example.test'
const AUDIENCE = 'https://api.example.test'
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
const ROUTES = ['/count', '/guarded/count'] as const

interface Refused {
  readonly name: string
  readonly send: Omit<Send, 'path'>
  readonly status: number
}

const headers = (name: string, given: Fields, status: number): Refused => ({
  name,
  send: { headers: given },
  status,
})
const authorization = (value: Fields[string], status: number): Refused =>
  headers(`Authorization ${JSON.stringify(value)}`, { authorization: value }, status)

/** `{token}` stands for a good token. */
const presentations: readonly Refused[] = [
  headers('no credentials', {}, 401),
  authorization('', 401),
  authorization('{token}', 401),
  authorization('Basic {token}', 401),
  authorization('DPoP {token}', 401),
  authorization('Bearer', 401),
  authorization('Bearer{token}', 401),
  authorization('Bearer\t{token}', 401),
  authorization('Bearer "{token}"', 401),
  authorization('Bearer {token} {token}', 401),
  authorization('Bearer {token},', 401),
  authorization('Bearer {token}=', 401),
  authorization(['Bearer {token}', 'Bearer {token}'], 400),
  authorization(['Bearer {token}', 'Basic YTpi'], 400),
  authorization(['Basic YTpi', 'Bearer {token}'], 400),
  headers('a token in a cookie', { cookie: 'access_token={token}; __Host-refresh={token}' }, 401),
  headers('a token in another header', { 'x-authorization': 'Bearer {token}' }, 401),
  ...METHODS.map((method): Refused => ({ name: `${method} without a token`, send: { method }, status: 401 })),
  {
    name: 'a token in a form',
    send: {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'access_token={token}',
    },
    status: 401,
  },
]

const SCOPES = [
  '',
  'coun',
  'counts',
  'COUNT',
  'Count',
  'count:read',
  'xcount',
  'a b c',
  'count,a',
  '*',
  'count*',
]

/** Other spellings of both routes; what of them a framework knows is guarded as they are. */
const paths: readonly string[] = ROUTES.flatMap((path) => [
  path,
  `${path}?access_token={token}`,
  `${path}/`,
  `/${path}`,
  path.toUpperCase(),
  path.replace('count', '%63ount'),
  path.replace('count', 'count%2f'),
  path.replace('/count', '//count'),
  path.replace('/count', '/./count'),
  path.replace('/count', '/x/../count'),
  path.replace('/count', '/%2e/count'),
  `${path};x`,
  `${path}%00`,
  `${path}#x`,
  `http://127.0.0.1${path}`,
  `/x/..${path}`,
]).concat('/GUARDED/count', '/guarded%2fcount', '/%67uarded/count', '/guarded;x/count', '/guarded\\count')

let mint: Mint
const apps = new Map<string, CountingApp>()

beforeAll(async () => {
  const keys = {
    EdDSA: await makeKey('EdDSA', 'first'),
    RS256: await makeKey('RS256', 'second'),
    ES256: await makeKey('ES256', 'third'),
  }
  const claims = { iss: ISSUER, aud: AUDIENCE, sub: 'somebody', sid: 'session', client_id: 'web' }
  mint = new Mint(keys, await makeKey('EdDSA', 'attacker'), 'http://127.0.0.1:1', {
    ...claims,
    scope: 'count',
  })
  const options = { issuer: ISSUER, audience: AUDIENCE, secret: crypto.getRandomValues(new Uint8Array(32)) }
  const access = { keys: Object.values(keys).map((key) => key.jwk) }
  for (const [name, start] of Object.entries(countingApps))
    apps.set(name, await start({ ...options, access }))
})
afterAll(() => Promise.all([...apps.values()].map((app) => app.close())))

function appOn(framework: string): CountingApp {
  const app = apps.get(framework)
  if (app === undefined) throw new RangeError(`there is no application on ${framework}`)
  return app
}

/** Sends a request and tells how often it reached a handler. */
async function ask(app: CountingApp, request: Send): Promise<Reply & { readonly reached: number }> {
  const before = app.reached()
  const reply = await send(app.url, request)
  return { ...reply, reached: app.reached() - before }
}

function filled(given: Omit<Send, 'path'>, path: string, token: string): Send {
  const fill = (text: string): string => text.replaceAll('{token}', token)
  const fields = Object.entries(given.headers ?? {}).map(([name, value]) => [
    name,
    typeof value === 'string' ? fill(value) : value.map(fill),
  ])
  const body = typeof given.body === 'string' ? { body: fill(given.body) } : {}
  return { ...given, ...body, path: fill(path), headers: Object.fromEntries(fields) }
}

describe.each(Object.keys(countingApps))('on %s', (framework) => {
  describe.each(ROUTES)('the handler of %s', (path) => {
    test.each(METHODS)('is reached once by %s with a good token', async (method) => {
      const reply = await ask(appOn(framework), { method, path, headers: bearer(await mint.good()) })
      expect(reply).toMatchObject({ status: 200, reached: 1 })
    })

    test.each(goodTokens.filter((token) => token.scope === undefined))(
      'is reached once by a token: $name',
      async ({ make, scheme = 'Bearer ' }) => {
        const given = { authorization: `${scheme}${await make(mint)}` }
        const reply = await ask(appOn(framework), { path, headers: given })
        expect(reply).toMatchObject({ status: 200, reached: 1 })
      },
    )

    test.each(presentations)('is not reached: $name', async ({ send: given, status }) => {
      const reply = await ask(appOn(framework), filled(given, path, await mint.good()))
      expect(reply).toMatchObject({ status, reached: 0 })
    })

    test.each(SCOPES)('is not reached with the scope "%s"', async (scope) => {
      const token = await mint.good({ claims: { scope } })
      const reply = await ask(appOn(framework), { path, headers: bearer(token) })
      expect(reply).toMatchObject({ status: 403, reached: 0 })
      expect(reply.headers['www-authenticate']?.[0]).toMatch(
        /^Bearer error="insufficient_scope".*scope="count"$/,
      )
    })

    test('is not reached without any scope', async () => {
      const token = await mint.good({ claims: { scope: undefined } })
      expect(await ask(appOn(framework), { path, headers: bearer(token) })).toMatchObject({
        status: 403,
        reached: 0,
      })
    })

    test('is no longer reached once the session ended', async () => {
      const app = appOn(framework)
      const { token, refresh } = signedIn(await send(app.url, { method: 'POST', path: '/sign-in' }))
      expect(await ask(app, { path, headers: bearer(token) })).toMatchObject({ status: 200, reached: 1 })
      const cookie = { cookie: `__Host-refresh=${refresh}` }
      expect(await send(app.url, { method: 'POST', path: '/logout', headers: cookie })).toMatchObject({
        status: 204,
      })
      expect(await ask(app, { path, headers: bearer(token) })).toMatchObject({ status: 401, reached: 0 })
    })
  })

  test.each([...badHeaders, ...badClaims, ...badShapes])(
    'no handler is reached by a token: $name',
    async (bad) => {
      const token = await bad.make(mint)
      const reply = await ask(appOn(framework), { path: '/count', headers: bearer(token) })
      expect(reply).toMatchObject({ status: 401, reached: 0 })
    },
  )

  test.each(paths)('no handler is reached without a token by %s', async (path) => {
    const reply = await ask(appOn(framework), filled({}, path, await mint.good()))
    expect(reply.reached).toBe(0)
    expect([400, 401, 404]).toContain(reply.status)
  })

  test('a scope guard without authentication before it lets nobody through', async () => {
    const request = { path: '/unauthenticated', headers: bearer(await mint.good()) }
    expect(await ask(appOn(framework), request)).toMatchObject({ status: 500, reached: 0 })
  })
})
