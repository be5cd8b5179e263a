import type { Expected } from './expectations.ts'
import type { RequestCase } from './runner.ts'

const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'PURGE',
  'M-SEARCH',
  'SEARCH',
  'LOCK',
] as const

/** What each route may be asked. */
const routes: Readonly<Record<string, readonly string[]>> = {
  '/': ['GET', 'HEAD'],
  '/account.js': ['GET', 'HEAD'],
  '/console.css': ['GET', 'HEAD'],
  '/operator/': ['GET', 'HEAD'],
  '/operator/operator.js': ['GET', 'HEAD'],
  '/operator/api/overview': ['GET', 'HEAD'],
  '/operator/api/keys/rotate': ['POST'],
  '/healthz': ['GET', 'HEAD'],
  '/readyz': ['GET', 'HEAD'],
  '/.well-known/jwks.json': ['GET', 'HEAD'],
  '/.well-known/oauth-authorization-server': ['GET', 'HEAD'],
  '/auth/login': ['POST'],
  '/auth/refresh': ['POST'],
  '/auth/token': ['POST'],
  '/auth/introspect': ['POST'],
  '/auth/revoke': ['POST'],
  '/auth/logout': ['POST'],
  '/auth/logout-all': ['POST'],
  '/auth/sessions': ['GET', 'HEAD'],
  '/auth/sessions/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA': ['DELETE'],
  '/auth/password': ['POST'],
  '/api/me': ['GET', 'HEAD'],
  '/api/profile': ['PUT'],
  '/api/transfer': ['POST'],
  '/auth/step-up': ['POST'],
  '/api/admin': ['GET', 'HEAD'],
}

function refused(path: string, methods: readonly string[]): RequestCase[] {
  const allow = [...methods, 'OPTIONS']
  return METHODS.filter((method) => !allow.includes(method)).map((method) => ({
    name: `${method} ${path} is not allowed`,
    send: { method, path },
    expect: { status: 405, error: 'method_not_allowed', headers: { allow: allow.join(', ') } },
  }))
}

const options = (path: string, methods: readonly string[]): RequestCase => ({
  name: `OPTIONS ${path} tells what is allowed, without credentials`,
  send: { method: 'OPTIONS', path },
  expect: {
    status: 204,
    headers: { allow: [...methods, 'OPTIONS'].join(', '), 'access-control-allow-origin': null },
  },
})

const change = (method: string, path: string, expect: Expected): RequestCase => ({
  name: `${method} ${path} with cookie and token changes nothing`,
  send: { method, path, headers: { cookie: '__Host-refresh={refresh}', authorization: 'Bearer {token}' } },
  expect,
})
const notAllowed: Expected = { status: 405, error: 'method_not_allowed', cookie: 'kept' }

export const methodCases: readonly RequestCase[] = [
  ...Object.entries(routes).flatMap(([path, methods]) => [...refused(path, methods), options(path, methods)]),
  ...['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'PURGE'].flatMap((method) => [
    change(method, '/auth/refresh', notAllowed),
    change(method, '/auth/logout', notAllowed),
    change(method, '/auth/logout-all', notAllowed),
  ]),
  ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH'].map((method) =>
    change(method, '/auth/sessions/{sid}', notAllowed),
  ),
  change('OPTIONS', '/auth/refresh', { status: 204, cookie: 'kept' }),
  change('OPTIONS', '/auth/logout', { status: 204, cookie: 'kept' }),
  change('OPTIONS', '/auth/sessions/{sid}', { status: 204, cookie: 'kept' }),
  ...['x-http-method-override', 'x-http-method', 'x-method-override'].map(
    (header): RequestCase => ({
      name: `${header} overrides no method`,
      send: {
        path: '/auth/logout-all',
        headers: { [header]: 'POST', authorization: 'Bearer {token}' },
      },
      expect: notAllowed,
    }),
  ),
  {
    name: 'a _method parameter overrides no method',
    send: { path: '/auth/logout-all?_method=POST', headers: { authorization: 'Bearer {token}' } },
    expect: notAllowed,
  },
  ...['/healthz', '/.well-known/jwks.json', '/'].map(
    (path): RequestCase => ({
      name: `HEAD ${path} is GET without a body`,
      send: { method: 'HEAD', path },
      expect: { status: 200 },
    }),
  ),
  ...['/api/me', '/auth/sessions'].map(
    (path): RequestCase => ({
      name: `HEAD ${path} is GET without a body, and as closed`,
      send: { method: 'HEAD', path },
      expect: { status: 401, error: 'unauthorized' },
    }),
  ),
  ...['/api/me', '/auth/sessions'].map(
    (path): RequestCase => ({
      name: `HEAD ${path} with a token is served`,
      send: { method: 'HEAD', path, headers: { authorization: 'Bearer {token}' } },
      expect: { status: 200 },
    }),
  ),
  ...['get', 'FOO', 'GETX', 'BREW', 'G\tET', 'PRI'].map(
    (method): RequestCase => ({
      name: `${JSON.stringify(method)} is no method: the parser refuses it`,
      send: { bytes: `${method} /api/me HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n` },
      expect: { status: 400, byParser: true },
    }),
  ),
  {
    name: 'CONNECT gets no tunnel and no reply',
    send: { bytes: 'CONNECT {host} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n' },
    expect: { status: 0, byParser: true },
  },
]
