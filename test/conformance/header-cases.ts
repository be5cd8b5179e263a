import type { Expected } from './expectations.ts'
import type { RequestCase } from './runner.ts'
import { agents } from './visitor.ts'

const served: Expected = { status: 200 }
const closed: Expected = { status: 401, error: 'unauthorized' }
const byParser: Expected = { status: 400, byParser: true }

const bytes = (name: string, text: string, expect: Expected): RequestCase => ({
  name,
  send: { bytes: text.replaceAll('\n', '\r\n') },
  expect,
})
const GET = 'GET /api/me HTTP/1.1\nHost: {host}\nConnection: close\nAuthorization: Bearer {token}\n'
const POST = `POST /auth/refresh HTTP/1.1\nHost: {host}\nConnection: close\nUser-Agent: ${agents.chrome126}\nCookie: __Host-refresh={refresh}\n`

const framing: readonly RequestCase[] = [
  bytes('a plain request is served', `${GET}\n`, served),
  bytes('HTTP/1.0 is served', 'GET /api/me HTTP/1.0\nAuthorization: Bearer {token}\n\n', served),
  bytes('HTTP/0.9 is answered, and as closed', 'GET /api/me\n\n', closed),
  bytes('HTTP/2.0 by name is as closed', 'GET /api/me HTTP/2.0\nHost: {host}\nConnection: close\n\n', closed),
  bytes('a request without Host is refused', 'GET /healthz HTTP/1.1\nConnection: close\n\n', byParser),
  bytes('two lengths are refused', `${POST}Content-Length: 0\nContent-Length: 5\n\nhello`, byParser),
  bytes(
    'length and chunks are refused',
    `${POST}Content-Length: 5\nTransfer-Encoding: chunked\n\n0\n\n`,
    byParser,
  ),
  bytes('a negative length is refused', `${POST}Content-Length: -1\n\n`, byParser),
  bytes('a length in words is refused', `${POST}Content-Length: five\n\n`, byParser),
  bytes(
    'a length beyond all numbers is refused',
    `${POST}Content-Length: 99999999999999999999\n\n`,
    byParser,
  ),
  bytes('an unknown transfer coding is refused', `${POST}Transfer-Encoding: rubbish\n\n`, byParser),
  bytes('chunked but not last is refused', `${POST}Transfer-Encoding: chunked, identity\n\n`, byParser),
  bytes('a space before the colon is refused', `${GET}X-A : 1\n\n`, byParser),
  bytes('a field without a name is refused', `${GET}: 1\n\n`, byParser),
  bytes('a field without a colon is refused', `${GET}X-A\n\n`, byParser),
  bytes('a folded field is refused', `${GET}X-A: 1\n 2\n\n`, byParser),
  bytes('a NUL in a field is refused', `${GET}X-A: \0\n\n`, byParser),
  bytes('an escape character in a field is refused', `${GET}User-Agent: \x1b[31m\n\n`, byParser),
  bytes('a bare carriage return in a field is refused', `${GET}X-A: a\rb\n\n`, byParser),
  bytes(
    'a space in the target is refused',
    'GET /api/me x HTTP/1.1\nHost: {host}\nConnection: close\n\n',
    byParser,
  ),
  bytes('rubbish is refused', 'rubbish\n\n', byParser),
  bytes('a TLS greeting is refused', '\x16\x03\x01\x02\0\x01\0', byParser),
  {
    name: 'fields over the limit are refused',
    send: { path: '/healthz', headers: { 'x-a': 'x'.repeat(20_000) } },
    expect: { status: 431, byParser: true },
  },
  {
    name: 'an expectation that nobody knows is refused',
    send: { path: '/healthz', headers: { expect: 'the-unexpected' } },
    expect: { status: 417, byParser: true },
  },
]

const ignored: readonly RequestCase[] = [
  ...Object.entries({
    __proto__x: 'x',
    constructor: 'x',
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-host': 'other.example.test',
    'x-forwarded-proto': 'https',
    forwarded: 'for=203.0.113.7;proto=https;host=other.example.test',
    'x-original-url': '/healthz',
    'x-rewrite-url': '/healthz',
    'x-real-ip': '203.0.113.7',
    'accept-version': '9.9.9',
    accept: 'text/html;q=0.1, */*;q=0',
    'accept-encoding': 'gzip, br',
    'accept-language': 'xx',
    range: 'bytes=0-0',
    'if-none-match': '*',
    'if-modified-since': 'Wed, 21 Oct 2065 07:28:00 GMT',
    'if-match': '"x"',
    upgrade: 'websocket',
    'upgrade-insecure-requests': '1',
    te: 'trailers',
    dpop: 'x',
    'content-type': 'rubbish/;;',
    'sec-fetch-site': 'cross-site',
    origin: 'https://other.example.test',
    referer: 'https://other.example.test/',
  }).map(
    ([name, value]): RequestCase => ({
      name: `${name}: ${value} changes nothing about a protected route`,
      send: { path: '/api/me', headers: { authorization: 'Bearer {token}', [name]: value } },
      expect: { ...served, headers: { 'access-control-allow-origin': null, vary: null } },
    }),
  ),
  bytes('a field named __proto__ changes nothing', `${GET}__proto__: x\nHasOwnProperty: y\n\n`, served),
  bytes('a thousand other fields change nothing', `${GET}${'A: b\n'.repeat(1000)}\n`, served),
  bytes(
    'the field name in upper case is the same',
    `${GET.replace('Authorization', 'AUTHORIZATION')}\n`,
    served,
  ),
  {
    name: 'a body on GET is not read',
    send: { path: '/api/me', headers: { authorization: 'Bearer {token}' }, body: '{"broken' },
    expect: served,
  },
  {
    name: 'a body over the limit on GET is not read',
    send: { path: '/api/me', headers: { authorization: 'Bearer {token}' }, body: 'x'.repeat(20_000) },
    expect: served,
  },
  bytes(
    'nobody is upgraded',
    `${GET.replace('close', 'close, Upgrade')}Upgrade: websocket\nSec-WebSocket-Version: 13\n\n`,
    served,
  ),
  bytes(
    'nobody is upgraded to HTTP/2',
    `${GET.replace('close', 'close, Upgrade, HTTP2-Settings')}Upgrade: h2c\nHTTP2-Settings: AAMAAABk\n\n`,
    served,
  ),
  {
    name: 'a body in chunks on GET is not read',
    send: { path: '/api/me', headers: { authorization: 'Bearer {token}' }, body: '{"broken', chunked: true },
    expect: served,
  },
]

const profile = (name: string, body: string, expect: Expected, type = 'application/json'): RequestCase => ({
  name: `without the scope a body is not looked at: ${name}`,
  send: {
    method: 'PUT',
    path: '/api/profile',
    headers: { authorization: 'Bearer {token}', 'content-type': type },
    body,
  },
  expect,
})
const lacking: Expected = { status: 403, error: 'insufficient_scope' }

export const headerCases: readonly RequestCase[] = [
  ...framing,
  ...ignored,
  profile('an object', '{"name":"x"}', lacking),
  profile('broken JSON', '{"name":', lacking),
  profile('another type', 'x', lacking, 'text/plain'),
  profile('over the limit', 'x'.repeat(17_000), lacking),
]
