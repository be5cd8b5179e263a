import type { Fields, Send } from './client.ts'
import type { Expected } from './expectations.ts'
import type { RequestCase } from './runner.ts'

/** For hosts that are started with these. */
const APP = 'https://app.example.test'
const ADMIN = 'https://admin.example.test:8443'
export const ALLOWED_ORIGINS = `${APP},${ADMIN}`

const readable = (origin: string): Readonly<Record<string, string>> => ({
  'access-control-allow-origin': origin,
  'access-control-allow-credentials': 'true',
  'access-control-expose-headers': 'DPoP-Nonce, Retry-After, WWW-Authenticate',
  vary: 'Origin',
})
const unreadable = {
  'access-control-allow-origin': null,
  'access-control-allow-credentials': null,
  'access-control-allow-methods': null,
  'access-control-allow-headers': null,
  'access-control-expose-headers': null,
  'access-control-max-age': null,
  vary: 'Origin',
} as const
const refused: Expected = { status: 403, error: 'cross_site_request', headers: unreadable }

const refresh = (name: string, told: Fields, expect: Expected): RequestCase => ({
  name: `refresh: ${name}`,
  send: { method: 'POST', path: '/auth/refresh', headers: { cookie: '__Host-refresh={refresh}', ...told } },
  expect,
})

const allowed: readonly RequestCase[] = [APP, ADMIN].flatMap((origin) =>
  [undefined, 'same-origin', 'same-site', 'cross-site', 'none'].map((site) =>
    refresh(
      `${origin} from ${site ?? 'an unknown site'} is served and may read it`,
      { origin, ...(site === undefined ? {} : { 'sec-fetch-site': site }) },
      { status: 200, cookie: 'set', headers: readable(origin) },
    ),
  ),
)

const others: readonly RequestCase[] = [
  ...[
    'https://other.example.test',
    'http://app.example.test',
    `${APP}/`,
    `${APP}:443`,
    `${APP}:8443`,
    'https://admin.example.test',
    'https://APP.example.test',
    'HTTPS://app.example.test',
    'https://sub.app.example.test',
    'https://xapp.example.test',
    'https://app.example.test.other.test',
    'https://app.example.testx',
    'https://app-example.test',
    'https://app.example.test@other.test',
    `${APP}, ${ADMIN}`,
    `${APP},https://other.example.test`,
    `"${APP}"`,
    'null',
    '*',
    '',
  ].map((origin) => refresh(`"${origin}" is refused and may not read it`, { origin }, refused)),
  refresh(
    'an allowed origin twice is refused',
    { origin: [APP, APP] },
    { ...refused, headers: { vary: 'Origin' } },
  ),
  refresh(
    'an allowed origin and another are refused',
    { origin: [APP, 'https://other.example.test'] },
    refused,
  ),
  refresh('cross-site without an origin is refused', { 'sec-fetch-site': 'cross-site' }, refused),
  refresh('our own origin is served', { origin: 'http://{host}' }, { status: 200, headers: unreadable }),
  refresh('a caller that tells nothing is served', {}, { status: 200, headers: unreadable }),
]

const json = { 'content-type': 'application/json' }
const told = { origin: APP, 'sec-fetch-site': 'cross-site' }
const routes: readonly (Pick<RequestCase, 'name' | 'expect'> & { readonly send: Send })[] = [
  {
    name: 'log-in',
    send: {
      method: 'POST',
      path: '/auth/login',
      headers: json,
      body: '{"username":"user1","password":"correct horse battery staple"}',
    },
    expect: { status: 200, cookie: 'set' },
  },
  {
    name: 'log-in with a wrong password',
    send: {
      method: 'POST',
      path: '/auth/login',
      headers: json,
      body: '{"username":"user1","password":"x"}',
    },
    expect: { status: 401, error: 'invalid_credentials' },
  },
  {
    name: 'log-in with a broken body',
    send: { method: 'POST', path: '/auth/login', headers: json, body: '{' },
    expect: { status: 400, error: 'invalid_request' },
  },
  {
    name: 'log-in with an unknown transport',
    send: {
      method: 'POST',
      path: '/auth/login',
      headers: { ...json, 'x-token-transport': 'x' },
      body: '{"username":"user1","password":"correct horse battery staple"}',
    },
    expect: { status: 400, error: 'invalid_request' },
  },
  {
    name: 'refresh without a cookie',
    send: { method: 'POST', path: '/auth/refresh' },
    expect: { status: 401, error: 'invalid_grant' },
  },
  {
    name: 'refresh over the limit',
    send: { method: 'POST', path: '/auth/refresh', body: 'x'.repeat(17_000) },
    expect: { status: 413, error: 'invalid_request' },
  },
  {
    name: 'refresh by GET',
    send: { path: '/auth/refresh' },
    expect: { status: 405, error: 'method_not_allowed' },
  },
  {
    name: 'logout without credentials',
    send: { method: 'POST', path: '/auth/logout' },
    expect: { status: 204, cookie: 'cleared' },
  },
  {
    name: 'the sessions',
    send: {
      path: '/auth/sessions',
      headers: { cookie: '__Host-refresh={refresh}', authorization: 'Bearer {token}' },
    },
    expect: { status: 200 },
  },
  {
    name: 'the sessions without a token',
    send: { path: '/auth/sessions' },
    expect: { status: 401, error: 'unauthorized' },
  },
  {
    name: 'another session of nobody',
    send: {
      method: 'DELETE',
      path: `/auth/sessions/${'A'.repeat(38)}`,
      headers: { authorization: 'Bearer {token}' },
    },
    expect: { status: 404, error: 'not_found' },
  },
]

const OUR_HEADERS = 'Authorization, Content-Type, DPoP, Device-Signals, Idempotency-Key, X-Token-Transport'
const preflight = (
  path: string,
  origin: string,
  method: string,
  headers: Expected['headers'],
  asked: string | null = 'authorization,content-type,x-token-transport',
): RequestCase => ({
  name: `preflight of ${method} ${path} by ${origin}${asked === null ? '' : ` with ${JSON.stringify(asked.slice(0, 60))}`}`,
  send: {
    method: 'OPTIONS',
    path,
    headers: {
      origin,
      'access-control-request-method': method,
      ...(asked === null ? {} : { 'access-control-request-headers': asked }),
    },
  },
  expect: { status: 204, ...(headers === undefined ? {} : { headers }) },
})
const allows = (methods: string, asked = 'authorization,content-type,x-token-transport', origin = APP) => ({
  ...readable(origin),
  'access-control-allow-methods': methods,
  'access-control-allow-headers': asked,
  'access-control-max-age': '600',
})
/** What a page may have to send besides our own headers: those of tracing, of a retry, of its own backend. */
const askedHeaders: readonly string[] = [
  'traceparent,tracestate',
  'sentry-trace, baggage',
  'idempotency-key',
  'x-requested-with',
  "x-!#$%&'*+.^_`|~-1",
]
/** No list of header names, so our own are named instead. */
const unfitHeaders: readonly string[] = ['a b', 'x-a;x-b', '"x-a"', 'x-ä', ',', `x-${'a'.repeat(1100)}`]

const cookieless: readonly RequestCase[] = ['/api/me', '/.well-known/jwks.json', '/healthz', '/'].map(
  (path) => ({
    name: `${path} is no cookie route: an allowed origin gets nothing more there`,
    send: { path, headers: { ...told, authorization: 'Bearer {token}' } },
    expect: { status: 200, headers: { 'access-control-allow-origin': null } },
  }),
)

export const corsCases: readonly RequestCase[] = [
  ...allowed,
  ...others,
  ...routes.map(
    ({ name, send, expect }): RequestCase => ({
      name: `${name}: an allowed origin may read the answer`,
      send: { ...send, headers: { ...send.headers, ...told } },
      expect: { ...expect, headers: readable(APP) },
    }),
  ),
  preflight('/auth/login', APP, 'POST', allows('POST, OPTIONS')),
  preflight('/auth/refresh', APP, 'POST', allows('POST, OPTIONS')),
  preflight('/auth/logout', APP, 'POST', allows('POST, OPTIONS')),
  preflight('/auth/logout-all', APP, 'POST', allows('POST, OPTIONS')),
  preflight('/auth/password', APP, 'POST', allows('POST, OPTIONS')),
  preflight('/auth/sessions', APP, 'GET', allows('GET, HEAD, OPTIONS')),
  preflight(`/auth/sessions/${'A'.repeat(38)}`, APP, 'DELETE', allows('DELETE, OPTIONS')),
  preflight('/auth/refresh', ADMIN, 'POST', allows('POST, OPTIONS', undefined, ADMIN)),
  preflight('/auth/refresh', 'https://other.example.test', 'POST', unreadable),
  preflight('/auth/refresh', 'null', 'POST', unreadable),
  preflight('/auth/refresh', APP, 'POST', allows('POST, OPTIONS', OUR_HEADERS), null),
  ...askedHeaders.map((asked) =>
    preflight('/auth/refresh', APP, 'POST', allows('POST, OPTIONS', asked), asked),
  ),
  preflight(
    '/auth/login',
    APP,
    'POST',
    allows('POST, OPTIONS', 'content-type,idempotency-key'),
    'content-type,idempotency-key',
  ),
  ...unfitHeaders.map((asked) =>
    preflight('/auth/refresh', APP, 'POST', allows('POST, OPTIONS', OUR_HEADERS), asked),
  ),
  ...cookieless,
]
