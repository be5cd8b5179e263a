import type { RequestCase } from './runner.ts'

const POLICY = new RegExp(
  [
    "^default-src 'none'",
    "script-src 'nonce-[A-Za-z0-9+/]{24}' 'strict-dynamic'",
    "style-src 'self' 'nonce-[A-Za-z0-9+/]{24}'",
    "connect-src 'self'",
    "img-src 'self'",
    "font-src 'none';media-src 'none';worker-src 'none';frame-src 'none'",
    "manifest-src 'self'",
    "object-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
    "require-trusted-types-for 'script';trusted-types 'none'$",
  ].join(';'),
)

/** A page brings its own. */
const POLICY_OF_PAGES =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; " +
  "form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

const file = (
  path: string,
  type: string,
  headers: Readonly<Record<string, string | RegExp | null>>,
): RequestCase => ({
  name: `GET ${path} is ${type}, under a policy that lets nothing else in`,
  send: { path },
  expect: {
    status: 200,
    headers: {
      'content-type': `${type}; charset=utf-8`,
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'permissions-policy': /\bcamera=\(\), /,
      // Without TLS, browsers ignore it.
      'strict-transport-security': null,
      'set-cookie': null,
      ...headers,
    },
  },
})
const page = (path: string): RequestCase =>
  file(path, 'text/html', { 'cache-control': 'no-store', 'content-security-policy': POLICY_OF_PAGES })
const asset = (path: string, type: string): RequestCase =>
  file(path, type, { 'cache-control': 'no-cache', 'content-security-policy': POLICY })

export const pageCases: readonly RequestCase[] = [
  page('/'),
  page('/operator/'),
  ...['/account.js', '/operator/operator.js'].map((path) => asset(path, 'text/javascript')),
  ...['/console.css', '/operator/console.css'].map((path) => asset(path, 'text/css')),
  ...['/icon.svg', '/operator/icon.svg'].map((path) => asset(path, 'image/svg+xml')),
  {
    name: 'the page is not given from a cache that a client names',
    send: {
      path: '/',
      headers: { 'if-none-match': '*', 'if-modified-since': 'Wed, 21 Oct 2065 07:28:00 GMT' },
    },
    expect: { status: 200, headers: { etag: null, 'last-modified': null } },
  },
  {
    name: 'the metadata (RFC 8414) names what is mounted',
    send: { path: '/.well-known/oauth-authorization-server' },
    expect: {
      status: 200,
      body: {
        issuer: 'https://auth.example.test',
        jwks_uri: 'https://auth.example.test/.well-known/jwks.json',
        token_endpoint: 'https://auth.example.test/auth/token',
      },
      headers: { 'cache-control': 'public, max-age=3600' },
    },
  },
  {
    name: '/healthz tells that the process lives',
    send: { path: '/healthz' },
    expect: { status: 200, body: { status: 'ok' }, headers: { 'cache-control': 'no-store' } },
  },
  {
    name: '/readyz tells that requests can be served',
    send: { path: '/readyz' },
    expect: { status: 200, body: { status: 'ready' }, headers: { 'cache-control': 'no-store' } },
  },
  ...['/api/me', '/auth/sessions', '/nowhere', '/healthz'].map(
    (path): RequestCase => ({
      name: `GET ${path} comes under the same policy`,
      send: { path },
      expect: {
        status: path === '/healthz' ? 200 : path === '/nowhere' ? 404 : 401,
        ...(path === '/healthz' || path === '/nowhere' ? {} : { error: 'unauthorized' }),
        headers: { 'content-security-policy': POLICY },
      },
    }),
  ),
]
