import { createServer } from 'node:http'
import { createSallyport, type ExpressSallyport, type SallyportOptions } from '@sallyport/express'
import { securityHeaders } from '@sallyport/headers/express'
import express, { type Express } from 'express'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listening } from '../../support/listening.ts'
import { type Clinic, openClinic } from './clinic.ts'
import { type Fault, serve } from './server.ts'

const ISSUER = 'https://idp.example.com'
const JWKS = 'https://idp.invalid/jwks'
const issuer = (more: string): string =>
  `issuers: [{ issuer: '${ISSUER}', audience: 'api', algorithms: ['ES256'], jwks: '${JWKS}', ${more} }]`
/** Of the options of the clinic, the store alone. */
const sharing = (more = ''): string =>
  `issuer: undefined, audience: undefined, secret: undefined, audit: undefined, ${issuer(more)}`
const trusting = (more = ''): string => `${sharing(more)}, store: undefined`
const told = (jwks = `'${JWKS}'`): string =>
  `backchannelLogout: { issuers: [{ issuer: '${ISSUER}', audience: 'shop', jwks: ${jwks} }] }`

let clinic: Clinic
beforeAll(async () => {
  clinic = await openClinic()
})
afterAll(() => clinic.close())

describe('a service that is well configured, by the rules of production', () => {
  const trusted = { issuer: ISSUER, audience: 'api', jwks: JWKS, algorithms: ['ES256'] } as const
  const given: SallyportOptions = {
    issuers: [trusted],
    backchannelLogout: { issuers: [{ issuer: ISSUER, audience: 'shop', jwks: JWKS }] },
  }
  /** What is found at a running service. */
  async function foundAt(
    mount: (app: Express, sallyport: ExpressSallyport) => void,
    options: string,
    args: readonly string[] = ['--protected', '/api/me'],
  ): Promise<readonly string[]> {
    const sallyport = await createSallyport(given)
    const app = express().use(securityHeaders())
    mount(app, sallyport)
    const server = await listening(createServer(app), sallyport.close)
    try {
      return await clinic.ids(options, ['--url', server.url, ...args])
    } finally {
      await server.close()
    }
  }
  const mountRoute = (app: Express, { authMiddleware }: ExpressSallyport): void => {
    app.get('/api/me', authMiddleware(), (_req, res) => res.json({}))
  }

  test('nothing is found where it has a protected route, and no other', async () => {
    expect(await foundAt(mountRoute, trusting())).toEqual([])
  })

  test('nothing is found where that route is not named, so that every answer is a 404 of Express', async () => {
    expect(await foundAt(mountRoute, trusting(), [])).toEqual([])
  })

  test('nothing is found where all of it is protected, so that the routes it lacks answer 401', async () => {
    const mount = (app: Express, { authMiddleware }: ExpressSallyport): void => void app.use(authMiddleware())
    expect(await foundAt(mount, trusting())).toEqual([])
  })

  test('nothing is found where it is told of ended sessions, and shares that by a store', async () => {
    const mount = (app: Express, sallyport: ExpressSallyport): void => {
      app.use('/auth', sallyport.router('backchannel-logout'))
      mountRoute(app, sallyport)
    }
    expect(await foundAt(mount, `${sharing()}, ${told()}`)).toEqual([])
  })
})

test.each([
  'access: { ttlSeconds: 1800 }',
  'refresh: { idleSeconds: 20 * 86400, graceSeconds: 60 }',
  "binding: 'off'",
  'limits: { sessions: 0, refreshes: { count: 0 }, converged: 0, refreshesAtOnce: 0 }',
  'lockout: { attempts: 0, networkAttempts: 0 }',
  'allowList: { recheckSeconds: 3600 }',
  "origins: { allowed: ['http://app.example.com', 'http://localhost:5173'] }",
  "oauth: { clients: [{ clientId: 'gateway', clientSecret: otherSecret, revoke: 'all' }] }",
])('what concerns only sessions of its own is not found: %s', async (options) => {
  expect(await clinic.ids(`${trusting()}, ${options}`)).toEqual([])
})

/** Each has one fault, and the id of what must be found: that, and nothing else. */
const faults: readonly (readonly [id: string, options: string])[] = [
  ['dpop-window', "dpop: { mode: 'accepted', windowSeconds: 300 }"],
  ['mtls-any-proxy', "mtls: { mode: 'accepted', proxies: ['0.0.0.0/0'] }"],
  ['revocation-stale', 'revocation: { maxStalenessSeconds: 300 }'],
  ['clock-replaced', 'clock: { now: () => Date.now(), monotonic: () => performance.now() }'],
  ['audit-plain', "audit: { subjects: 'plain', sink: { name: 'test', write: () => Promise.resolve() } }"],
  ['store-memory', told()],
  // It does not start with these, though nothing of its own depends on them.
  ['options-refused', 'cookie: { secure: false }'],
  ['options-refused', "claims: { of: () => ({ tier: 'gold' }), leaks: 'warn' }"],
]
const faultsOfIssuer: readonly (readonly [id: string, options: string])[] = [
  ['issuer-keys-http', "jwks: 'http://idp.internal/jwks', insecureJwks: true"],
  ['issuer-keys-http', "jwks: 'HTTP://idp.internal/jwks', insecureJwks: true"],
  ['issuer-keys-loopback', "jwks: 'http://127.0.0.1:9/jwks'"],
  ['issuer-untyped', 'untyped: true'],
  ['issuer-stale', 'maxStaleSeconds: 604800'],
  [
    'introspection-cached',
    "introspection: { url: 'https://idp.invalid/i', clientId: 'a', clientSecret: otherSecret, cacheSeconds: 600 }",
  ],
]

describe('what concerns it is found, and nothing else', () => {
  test.each(faults)('%s: %s', async (id, options) => {
    expect(await clinic.ids(`${trusting()}, ${options}`)).toEqual([id])
  })

  test.each(faultsOfIssuer)('%s: an issuer with %s', async (id, options) => {
    expect(await clinic.ids(trusting(options))).toEqual([id])
  })

  test.each([
    ['issuer-keys-loopback', "'http://127.0.0.1:9/jwks'"],
    ['issuer-stale', `'${JWKS}', maxStaleSeconds: 604800`],
  ])('%s: an issuer of logout tokens with jwks: %s', async (id, jwks) => {
    expect(await clinic.ids(`${sharing()}, ${told(jwks)}`)).toEqual([id])
  })

  test('store-refused: a database that Redis does not have', async () => {
    const { href } = new URL('/42', clinic.redisUrl)
    expect(await clinic.ids(`${trusting()}, store: redisStore({ url: '${href}' })`)).toEqual([
      'store-refused',
    ])
  })
})

test('one that makes API keys issues something, and nobody else can read them without a secret', async () => {
  const found = await clinic.ids(`${sharing()}, apiKeys: {}`)
  expect(found).toEqual(expect.arrayContaining(['secret-missing', 'options-refused']))
})

const on =
  (route: string, reply: ReturnType<Fault>): Fault =>
  (request) =>
    request.route === route ? reply : undefined
const missing = { status: 404, body: '' }
/** It has none of the routes of a deployment that issues. */
const lacking =
  (fault: Fault): Fault =>
  (request, good) =>
    fault(request, good) ?? (/well-known|refresh/.test(request.route) ? missing : undefined)

async function foundIn(fault: Fault): Promise<readonly string[]> {
  const server = await serve({}, lacking(fault))
  try {
    return await clinic.ids(trusting(), ['--url', server.url, '--protected', '/api/me'])
  } finally {
    await server.close()
  }
}

test.each([200, 401, 500])('what it answers with %d where others refresh is not judged', async (status) => {
  const fault: Fault = ({ route }) =>
    /refresh/.test(route) ? { status, headers: { 'cache-control': '' }, body: '' } : undefined
  expect(await foundIn(fault)).toEqual([])
})

describe('a fault of its server is found', () => {
  const jwks = JSON.stringify({ keys: [{ kty: 'OKP', alg: 'EdDSA', use: 'sig', kid: 'a', d: 'AAAA' }] })

  test.each([
    ['framing-allowed', on('GET /api/me', { status: 401, headers: { 'content-security-policy': 'a' } })],
    ['route-open', on('GET /api/me', { status: 200 })],
    ['jwks-private', on('GET /.well-known/jwks.json', { body: jwks })],
    [
      'cors-any',
      on('OPTIONS /auth/refresh', { ...missing, headers: { 'access-control-allow-origin': '*' } }),
    ],
    [
      'cookie-readable',
      on('GET /metrics', { headers: { 'set-cookie': '__Host-a=1; Secure; SameSite=Lax' } }),
    ],
    ['metrics-open', on('GET /metrics', { status: 200, body: '# TYPE a counter\na 1\n' })],
    [
      'version-shown',
      on('GET /.well-known/jwks.json', { ...missing, headers: { 'x-powered-by': 'Express' } }),
    ],
  ] as const)('%s', async (id, fault) => {
    expect(await foundIn(fault)).toEqual([id])
  })
})

test('nothing is found where its issuer answers at the same address', async () => {
  const server = await serve(await clinic.jwks(), () => undefined)
  try {
    expect(await clinic.ids(sharing(), ['--url', server.url])).toEqual([])
  } finally {
    await server.close()
  }
})

describe('a deployment that trusts issuers, and lacks something that is needed to issue', () => {
  test('secret-missing', async () => {
    expect(await clinic.ids(`secret: undefined, ${issuer('')}`)).toEqual(['secret-missing'])
  })

  test('audit-missing, and store-memory', async () => {
    const options = `${issuer('')}, audit: undefined, store: undefined`
    expect(await clinic.ids(options)).toEqual(['store-memory', 'audit-missing'])
  })
})

test('a policy of the application is judged, also where all of its answers are 404', async () => {
  const headers = { 'content-security-policy': "default-src 'self'" }
  expect(await foundIn(() => ({ status: 404, headers, body: '' }))).toContain('framing-allowed')
})
