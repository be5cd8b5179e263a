import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { judgeRunning } from '../../../packages/cli/src/doctor/answers/index.ts'
import { findingsOf, readCatalogue } from '../../../packages/cli/src/doctor/catalogue.ts'
import { type Clinic, ISSUER, openClinic } from './clinic.ts'
import { type Fault, type Reply, serve } from './server.ts'

let clinic: Clinic
let jwks: Awaited<ReturnType<Clinic['jwks']>>
beforeAll(async () => {
  clinic = await openClinic()
  jwks = await clinic.jwks()
})
afterAll(() => clinic.close())

/** What the command finds, which opens the deployment as well. */
async function idsAt(fault: Fault, args: readonly string[] = []): Promise<readonly string[]> {
  const server = await serve(jwks, fault)
  try {
    return await clinic.ids('', ['--url', server.url, '--protected', '/api/me', ...args])
  } finally {
    await server.close()
  }
}

/** What is found in the answers alone, which takes half as long. */
async function judgedAt(fault: Fault): Promise<readonly string[]> {
  const server = await serve(jwks, fault)
  try {
    const keys = jwks.keys.map(({ kid }) => ({ kid: String(kid), alg: 'EdDSA', state: 'active' }) as const)
    const sightings = await judgeRunning({
      ...{ url: new URL(server.url), authPath: '/auth', protectedPath: '/api/me', timeoutMs: 5000 },
      ...{ issuer: ISSUER, keys: keys.map((key) => ({ ...key, signsFrom: undefined })) },
    })
    return findingsOf(readCatalogue(), sightings).map(({ id }) => id)
  } finally {
    await server.close()
  }
}

/** Replies so on one route. */
const on =
  (route: string, reply: Reply): Fault =>
  (request) =>
    request.route === route ? reply : undefined
const everywhere =
  (headers: NonNullable<Reply['headers']>): Fault =>
  (_, good) => ({ headers: { ...good.headers, ...headers } })
/** Changes the first key, which signs. */
const key = (members: object): Fault =>
  ((request) => {
    const [first, ...others] = jwks.keys
    const body = JSON.stringify({ keys: [{ ...first, ...members }, ...others] })
    return request.route === JWKS ? { body } : undefined
  }) satisfies Fault
const metadata = (members: object): Fault =>
  ((request, good) =>
    request.route === METADATA
      ? { body: JSON.stringify({ ...JSON.parse(good.body ?? ''), ...members }) }
      : undefined) satisfies Fault
const cookie = (value: string): Fault => on(REFRESH, { headers: { 'set-cookie': value } })

const JWKS = 'GET /.well-known/jwks.json'
const METADATA = 'GET /.well-known/oauth-authorization-server'
const REFRESH = 'POST /auth/refresh'
const RSA_1024 = Buffer.alloc(128, 255).toString('base64url')

test('at a good server, nothing is found', async () => {
  expect(await idsAt(() => undefined)).toEqual([])
})

const faults: readonly (readonly [ids: string, what: string, fault: Fault])[] = [
  ['jwks-unreadable', 'no route', on(JWKS, { status: 404 })],
  ['jwks-unreadable', 'garbage', on(JWKS, { body: '\u0000<html>{{{' })],
  ['jwks-unreadable', 'keys that are no array', on(JWKS, { body: '{"keys":{}}' })],
  ['jwks-private', 'a private key', key({ d: 'AAAA' })],
  [
    'jwks-unnamed',
    'a key twice',
    (request) =>
      request.route === JWKS ? { body: JSON.stringify({ keys: [...jwks.keys, ...jwks.keys] }) } : undefined,
  ],
  ['jwks-no-algorithm', 'no alg', key({ alg: undefined })],
  ['jwks-bad-algorithm', 'alg none', key({ alg: 'none' })],
  ['jwks-use', 'for encryption', key({ use: 'enc' })],
  ['jwks-weak', 'a short key', key({ n: RSA_1024 })],
  ['jwks-foreign', 'another deployment', key({ kid: 'another' })],
  ['jwks-cached-long', 'a proxy that caches', on(JWKS, { headers: { 'cache-control': 'max-age=604800' } })],
  ['metadata-unreadable', 'no route', on(METADATA, { status: 404 })],
  ['metadata-issuer', 'another issuer', metadata({ issuer: 'https://other.example.com' })],
  ['metadata-http', 'no TLS', metadata({ token_endpoint: 'http://auth.example.com/auth/token' })],
  ['metadata-none', 'alg none', metadata({ introspection_signing_alg_values_supported: ['none'] })],
  [
    'host-believed',
    'a redirect to any host',
    ({ route, headers }) =>
      route === 'GET /'
        ? { status: 301, headers: { location: `https://${String(headers.host)}/` } }
        : undefined,
  ],
  [
    'forwarded-host-believed',
    'links to any host',
    ({ route, headers }) =>
      route === 'GET /' ? { body: `https://${String(headers['x-forwarded-host'])}/` } : undefined,
  ],
  ['answer-cached', 'no Cache-Control', on(REFRESH, { headers: { 'cache-control': '' } })],
  [
    'refresh-accepts-anything',
    'any cookie is good',
    ({ route, headers }) =>
      route === REFRESH && headers['sec-fetch-site'] === undefined ? { status: 200 } : undefined,
  ],
  ['refresh-missing', 'another path', on(REFRESH, { status: 404 })],
  ['refresh-fails', 'a crash', on(REFRESH, { status: 500 })],
  ['refresh-cross-site', 'no check of the origin', on(REFRESH, { status: 401 })],
  ['refresh-by-get', 'every method', on('GET /auth/refresh', { status: 401 })],
  ['cookie-not-secure', 'a cookie', cookie('sid=1; HttpOnly; SameSite=Lax; Path=/')],
  ['cookie-readable', 'a cookie', cookie('__Host-sid=1; Secure; SameSite=Lax; Path=/')],
  ['cookie-cross-site', 'a cookie', cookie('__Host-sid=1; Secure; HttpOnly; SameSite=None; Path=/')],
  ['cookie-shared', 'a cookie', cookie('sid=1; Secure; HttpOnly; SameSite=Lax; Domain=example.com')],
  ['cors-any', 'every origin', everywhere({ 'access-control-allow-origin': '*' })],
  [
    'cors-any',
    'an echo of the origin',
    ({ headers }, good) =>
      headers.origin === undefined
        ? undefined
        : { headers: { ...good.headers, 'access-control-allow-origin': String(headers.origin) } },
  ],
  [
    'error-detail',
    'a stack',
    on('GET /metrics', { status: 404, body: 'Error\n    at f (/srv/app/index.js:10:3)' }),
  ],
  ['csp-missing', 'no policy', everywhere({ 'content-security-policy': '' })],
  ['framing-allowed', 'frames', everywhere({ 'content-security-policy': "default-src 'self'" })],
  ['sniffing-allowed', 'no nosniff', everywhere({ 'x-content-type-options': '' })],
  ['referrer-sent', 'no policy', everywhere({ 'referrer-policy': '' })],
  ['version-shown', 'X-Powered-By', everywhere({ 'x-powered-by': 'Express' })],
  ['version-shown', 'Server', everywhere({ server: 'nginx/1.27.1' })],
  [
    'metrics-open',
    '/metrics',
    on('GET /metrics', { status: 200, body: '# HELP a b\n# TYPE a counter\na 1\n' }),
  ],
  ['server-clock', 'a late clock', everywhere({ date: 'Tue, 01 Jan 2019 00:00:00 GMT' })],
  ['route-open', 'no middleware', on('GET /api/me', { status: 200 })],
  [
    'none-accepted',
    'no signature is checked',
    ({ route, headers }) =>
      route === 'GET /api/me' && headers.authorization !== undefined ? { status: 200 } : undefined,
  ],
]

describe('each fault of a server is found, and nothing else', () => {
  test.each(faults)('%s: %s', async (id, _, fault) => {
    expect(await judgedAt(fault)).toEqual([id])
  })

  test('the command finds it, too', async () => {
    expect(await idsAt(key({ kid: 'another' }))).toEqual(['jwks-foreign'])
  })
})

test('without a secret, the keys of the server are not known, and none is missed', async () => {
  const server = await serve(jwks, () => undefined)
  try {
    expect(await clinic.ids('secret: undefined', ['--url', server.url])).toEqual(['secret-missing'])
  } finally {
    await server.close()
  }
})

describe('a server that is no use', () => {
  test('nothing listens', async () => {
    expect(await clinic.ids('', ['--url', 'http://127.0.0.1:9'])).toEqual(['http-unreachable'])
  })

  test('it never answers', async () => {
    expect(await idsAt(() => 'hang', ['--timeout', '200'])).toEqual(['http-unreachable'])
  })

  test('one route never answers', async () => {
    const hang: Fault = ({ route }) => (route === 'GET /metrics' ? 'hang' : undefined)
    expect(await idsAt(hang, ['--timeout', '500'])).toEqual(['http-failed'])
  })

  test('it answers without end, or with control characters: no answer moves the cursor', async () => {
    const clearing = '\u001b[2J'
    const server = await serve(jwks, ({ route }) =>
      route === METADATA
        ? { body: JSON.stringify({ issuer: `${clearing}<script>alert(1)</script>` }) }
        : route === 'GET /metrics'
          ? { body: 'x'.repeat(2_000_000) }
          : undefined,
    )
    const report = await clinic.file('hostile.html', '')
    const { stdout } = await clinic.doctor('', ['--url', server.url, '--html', report])
    await server.close()
    expect(stdout).toContain('metadata-issuer')
    expect(stdout).not.toContain('\u001b')
    const html = await readFile(report, 'utf8')
    expect(html).toContain('&lt;script&gt;alert(1)')
    expect(html).not.toContain('<script')
    expect(html).not.toContain('\u001b')
  })
})
