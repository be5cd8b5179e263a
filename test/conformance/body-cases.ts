import { gzipSync } from 'node:zlib'
import type { Fields, Send } from './client.ts'
import type { Expected } from './expectations.ts'
import type { RequestCase } from './runner.ts'

const LIMIT = 16 * 1024
const LOGIN = '{"username":"user1","password":"correct horse battery staple"}'
const padded = (length: number): string => LOGIN.padEnd(length, ' ')

const done: Expected = { status: 200, cookie: 'set' }
const malformed: Expected = { status: 400, error: 'invalid_request' }
const wrongType: Expected = { status: 415, error: 'invalid_request' }
const tooLarge: Expected = { status: 413, error: 'invalid_request' }
const invalidCredentials: Expected = { status: 401, error: 'invalid_credentials' }

const login = (
  name: string,
  body: Send['body'],
  expect: Expected,
  headers: Fields = { 'content-type': 'application/json' },
): RequestCase => ({
  name: `log-in: ${name}`,
  send: { method: 'POST', path: '/auth/login', headers, ...(body === undefined ? {} : { body }) },
  expect,
})
const typed = (type: string | readonly string[], expect: Expected): RequestCase =>
  login(`the content type ${JSON.stringify(type)}`, LOGIN, expect, { 'content-type': type })
const encoded = (encoding: string, body: Send['body'], expect: Expected): RequestCase =>
  login(`the content encoding ${JSON.stringify(encoding)}`, body, expect, {
    'content-type': 'application/json',
    'content-encoding': encoding,
  })

const types: readonly RequestCase[] = [
  typed('application/json', done),
  typed('application/json; charset=utf-8', done),
  typed('application/json;charset=UTF-8', done),
  typed('application/json; charset="utf-8"', done),
  typed('application/json; charset=utf8', done),
  typed('Application/JSON', done),
  typed('application/json; x=y', done),
  typed(['application/json', 'text/plain'], done),
  typed('text/plain', wrongType),
  typed('text/json', wrongType),
  typed('application/x-www-form-urlencoded', wrongType),
  typed('multipart/form-data; boundary=x', wrongType),
  typed('application/xml', wrongType),
  typed('application/jsonp', wrongType),
  typed('application/problem+json', wrongType),
  typed('application/json, text/plain', wrongType),
  typed('application/json; charset=latin1', wrongType),
  typed('application/json; charset=utf-16', wrongType),
  typed('application/json; charset=utf-7', wrongType),
  typed('application/json; charset=shift_jis', wrongType),
  typed('application/json; charset=utf-8x', wrongType),
  typed('json', wrongType),
  typed('*/*', wrongType),
  typed('', wrongType),
  typed(['text/plain', 'application/json'], wrongType),
  login('no content type', LOGIN, wrongType, {}),
  login('no body at all', undefined, wrongType, {}),
  encoded('identity', LOGIN, done),
  encoded('gzip', gzipSync(LOGIN), wrongType),
  encoded('GZIP', LOGIN, wrongType),
  encoded('deflate', LOGIN, wrongType),
  encoded('br', LOGIN, wrongType),
  encoded('zstd', LOGIN, wrongType),
  encoded('x-gzip', LOGIN, wrongType),
  encoded('identity, gzip', LOGIN, wrongType),
  encoded('rubbish', LOGIN, wrongType),
]

const texts: readonly RequestCase[] = [
  login('the members in any order', '{"password":"correct horse battery staple","username":"user1"}', done),
  login('members that nobody asked for', LOGIN.replace('{', '{"x":1,"scope":"admin",'), {
    ...done,
    body: { scope: 'profile:read' },
  }),
  login('a member named __proto__', LOGIN.replace('{', '{"__proto__":{"admin":true},'), done),
  login('white space around', ` \r\n\t${LOGIN}\n`, done),
  login('escapes in names and values', LOGIN.replace('username', '\\u0075sername'), done),
  login('an empty body', '', malformed),
  login('white space only', '  \n', malformed),
  login('broken JSON', '{"username":', malformed),
  login('JSON and more', `${LOGIN}x`, malformed),
  login('two JSON texts', `${LOGIN}${LOGIN}`, malformed),
  login('a comment', `/* */${LOGIN}`, malformed),
  login('single quotes', LOGIN.replaceAll('"', "'"), malformed),
  login('a trailing comma', LOGIN.replace('}', ',}'), malformed),
  login('NaN', '{"username":NaN,"password":"x"}', malformed),
  login('a form', 'username=user1&password=correct+horse+battery+staple', malformed),
  login('an array', `[${LOGIN}]`, malformed),
  login('an empty array', '[]', malformed),
  login('null', 'null', malformed),
  login('true', 'true', malformed),
  login('a number', '1', malformed),
  login('a text', '"username"', malformed),
  login('an empty object', '{}', malformed),
  login('nesting as deep as fits', '['.repeat(LIMIT / 2) + ']'.repeat(LIMIT / 2), malformed),
  login(
    'nesting in a member',
    `{"username":${'['.repeat(5000)}${']'.repeat(5000)},"password":"x"}`,
    malformed,
  ),
  login('invalid UTF-8', Buffer.concat([Buffer.from(LOGIN), Buffer.from([0xff])]), malformed),
  login('an overlong UTF-8 sequence', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), malformed),
  login('half a surrogate pair in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), malformed),
  login('UTF-16', Buffer.from(LOGIN, 'utf16le'), malformed),
  login('a NUL after the text', `${LOGIN}\0`, malformed),
  ...['1', 'null', 'true', '[]', '{}', '["user1"]', '{"$ne":null}', '{"toString":1}'].flatMap((value) => [
    login(`the user name ${value}`, `{"username":${value},"password":"x"}`, malformed),
    login(`the password ${value}`, `{"username":"user1","password":${value}}`, malformed),
  ]),
  login('no user name', '{"password":"x"}', malformed),
  login('no password', '{"username":"user1"}', malformed),
  login(
    'members only by inheritance',
    '{"__proto__":{"username":"user1","password":"correct horse battery staple"}}',
    malformed,
  ),
  login('names in another case', '{"Username":"user1","Password":"x"}', malformed),
  login('an empty user name', '{"username":"","password":"x"}', invalidCredentials),
  login(
    'half a surrogate pair as the user name',
    '{"username":"\\ud800","password":"x"}',
    invalidCredentials,
  ),
  login('the user name __proto__', '{"username":"__proto__","password":"x"}', invalidCredentials),
]

const sizes: readonly RequestCase[] = [
  login('a body of exactly 16 KiB', padded(LIMIT), done),
  login('a body of one byte more', padded(LIMIT + 1), tooLarge),
  login('a body of 200 KiB', padded(200 * 1024), tooLarge),
  login('a long password', `{"username":"user1","password":"${'x'.repeat(10_000)}"}`, invalidCredentials),
  ...[LIMIT, LIMIT + 1, 200 * 1024].map((length): RequestCase => {
    const fits = length === LIMIT
    return {
      name: `log-in: a body of ${length} bytes in chunks`,
      send: {
        method: 'POST',
        path: '/auth/login',
        headers: { 'content-type': 'application/json', connection: 'close' },
        body: padded(length),
        chunked: true,
      },
      expect: fits ? done : tooLarge,
    }
  }),
  ...['/auth/refresh', '/auth/logout', '/auth/token', '/auth/logout-all', '/auth/password'].map(
    (path): RequestCase => ({
      name: `POST ${path} with a body over the limit is refused and changes nothing`,
      send: {
        method: 'POST',
        path,
        headers: { cookie: '__Host-refresh={refresh}', authorization: 'Bearer {token}' },
        body: 'x'.repeat(LIMIT + 1),
      },
      expect: tooLarge,
    }),
  ),
]

export const bodyCases: readonly RequestCase[] = [...types, ...texts, ...sizes]
