import type { Fields, Send } from './client.ts'
import type { Expected } from './expectations.ts'
import type { RequestCase } from './runner.ts'

/** What `Sec-Fetch-Site` says, and whether it lets a request of our own pages through. */
const sites: Readonly<Record<string, boolean>> = {
  'same-origin': true,
  none: true,
  'same-site': false,
  'cross-site': false,
  'Same-Origin': false,
  '"same-origin"': false,
  'same-origin, cross-site': false,
  rubbish: false,
  '': false,
}

/** What `Origin` says, and whether it is our own. */
const origins: Readonly<Record<string, boolean>> = {
  'http://{host}': true,
  // TLS may end at a proxy that nobody told us of.
  'https://{host}': true,
  'http://{host}/': false,
  'http://{host}/auth': false,
  'HTTP://{host}': false,
  'http://alice@{host}': false,
  'http://127.0.0.1': false,
  'http://127.0.0.1:1': false,
  'http://localhost': false,
  'http://{host}.example.test': false,
  'http://sub.{host}': false,
  'https://other.example.test': false,
  'http://{host}, https://other.example.test': false,
  '{host}': false,
  '//{host}': false,
  'file://': false,
  null: false,
  '*': false,
  rubbish: false,
  '': false,
}

const refused: Expected = {
  status: 403,
  error: 'cross_site_request',
  challenge: 'none',
  headers: { 'access-control-allow-origin': null, 'access-control-allow-credentials': null },
}
const COOKIE = { cookie: '__Host-refresh={refresh}' }

const refresh = (name: string, told: Fields, own: boolean): RequestCase => ({
  name: `refresh: ${name} is ${own ? 'served' : 'refused'}`,
  send: { method: 'POST', path: '/auth/refresh', headers: { ...COOKIE, ...told } },
  expect: own ? { status: 200, cookie: 'set', headers: { 'access-control-allow-origin': null } } : refused,
})

const table: readonly RequestCase[] = [
  refresh('a caller that tells nothing', {}, true),
  ...Object.entries(sites).map(([site, own]) =>
    refresh(`Sec-Fetch-Site "${site}"`, { 'sec-fetch-site': site }, own),
  ),
  ...Object.entries(origins).map(([origin, own]) => refresh(`Origin "${origin}"`, { origin }, own)),
  ...Object.entries(sites).flatMap(([site, ownSite]) =>
    ['http://{host}', 'https://other.example.test', 'null'].map((origin) =>
      refresh(
        `Sec-Fetch-Site "${site}" with Origin "${origin}"`,
        { 'sec-fetch-site': site, origin },
        // The browser's word on the site decides: a proxy may have changed the host that Origin is compared with.
        ownSite,
      ),
    ),
  ),
  refresh('Origin twice, our own first', { origin: ['http://{host}', 'https://other.example.test'] }, false),
  refresh('Origin twice, our own second', { origin: ['https://other.example.test', 'http://{host}'] }, false),
  refresh('Sec-Fetch-Site twice', { 'sec-fetch-site': ['same-origin', 'cross-site'] }, false),
  refresh('a foreign Referer alone', { referer: 'https://other.example.test/' }, true),
  refresh(
    'a foreign Origin with our Host forwarded',
    { origin: 'https://other.example.test', 'x-forwarded-host': 'other.example.test' },
    false,
  ),
  refresh(
    'a navigation from another site',
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    false,
  ),
]

const login = { 'content-type': 'application/json' }
const routes: readonly { readonly what: string; readonly send: Send }[] = [
  {
    what: 'log-in',
    send: {
      method: 'POST',
      path: '/auth/login',
      headers: login,
      body: '{"username":"user1","password":"correct horse battery staple"}',
    },
  },
  { what: 'log-in without a body', send: { method: 'POST', path: '/auth/login' } },
  {
    what: 'log-in with the cookie',
    send: { method: 'POST', path: '/auth/login', headers: { ...login, ...COOKIE }, body: '{' },
  },
  { what: 'refresh without a cookie', send: { method: 'POST', path: '/auth/refresh' } },
  { what: 'logout', send: { method: 'POST', path: '/auth/logout', headers: COOKIE } },
  {
    what: 'logout with cookie and token',
    send: {
      method: 'POST',
      path: '/auth/logout',
      headers: { ...COOKIE, authorization: 'Bearer {token}' },
    },
  },
  { what: 'logout without credentials', send: { method: 'POST', path: '/auth/logout' } },
]

const crossSite: Readonly<Record<string, Fields>> = {
  'another site': { 'sec-fetch-site': 'cross-site', origin: 'https://other.example.test' },
  'a sibling domain': { 'sec-fetch-site': 'same-site', origin: 'https://sibling.example.test' },
  'an opaque origin': { origin: 'null' },
  'an old browser on another site': { origin: 'https://other.example.test' },
}

const elsewhere: readonly RequestCase[] = [
  ...['/auth/sessions', '/api/me', '/.well-known/jwks.json', '/healthz'].map(
    (path): RequestCase => ({
      name: `${path} needs no cookie, so another site may ask it but read nothing`,
      send: {
        path,
        headers: { ...COOKIE, authorization: 'Bearer {token}', origin: 'https://other.example.test' },
      },
      expect: { status: 200, headers: { 'access-control-allow-origin': null } },
    }),
  ),
  {
    name: 'a preflight by another site is allowed nothing',
    send: {
      method: 'OPTIONS',
      path: '/auth/refresh',
      headers: { origin: 'https://other.example.test', 'access-control-request-method': 'POST' },
    },
    expect: {
      status: 204,
      headers: { 'access-control-allow-origin': null, 'access-control-allow-methods': null, vary: null },
    },
  },
]

/** For hosts that allow no other origin. */
export const originCases: readonly RequestCase[] = [
  ...table,
  ...routes.flatMap(({ what, send }) =>
    Object.entries(crossSite).map(
      ([who, told]): RequestCase => ({
        name: `${what} by ${who} is refused`,
        send: { ...send, headers: { ...send.headers, ...told } },
        expect: refused,
      }),
    ),
  ),
  ...elsewhere,
]
