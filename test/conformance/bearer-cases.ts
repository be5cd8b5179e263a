import type { Fields } from './client.ts'
import type { Expected } from './expectations.ts'
import type { RequestCase } from './runner.ts'

const served: Expected = { status: 200, cookie: 'kept' }
const unknown: Expected = { status: 401, error: 'unauthorized' }
const invalid: Expected = { status: 401, error: 'invalid_token' }
const repeated: Expected = { status: 400, error: 'invalid_request', challenge: 'error' }

const me = (name: string, authorization: Fields[string], expect: Expected): RequestCase => ({
  name: `Authorization: ${name}`,
  send: { path: '/api/me', headers: { authorization } },
  expect,
})

const presented: readonly RequestCase[] = [
  me('Bearer is served', 'Bearer {token}', served),
  me('bearer in lower case is served', 'bearer {token}', served),
  me('BEARER in upper case is served', 'BEARER {token}', served),
  me('bEaReR in mixed case is served', 'bEaReR {token}', served),
  me('several spaces after the scheme are one separator', 'Bearer    {token}', served),
  me('white space around the field is no part of it', ' \t Bearer {token} \t ', served),
  me('no scheme is no credential', '{token}', unknown),
  me('another scheme is no credential: Basic', 'Basic {token}', unknown),
  me('another scheme is no credential: JWT', 'JWT {token}', unknown),
  me('another scheme is no credential: Token', 'Token {token}', unknown),
  me('a scheme that only begins like Bearer is no credential', 'BearerX {token}', unknown),
  me('a quoted scheme is no credential', '"Bearer" {token}', unknown),
  me('an empty field is no credential', '', unknown),
  me('the scheme alone is malformed', 'Bearer', invalid),
  me('the scheme and a space are malformed', 'Bearer ', invalid),
  me('no space after the scheme is no credential', 'Bearer{token}', unknown),
  me('a tab after the scheme is malformed', 'Bearer\t{token}', invalid),
  me('a tab after a space is malformed', 'Bearer \t{token}', invalid),
  me('a colon after the scheme is malformed', 'Bearer: {token}', invalid),
  me('a comma after the scheme is malformed', 'Bearer, {token}', invalid),
  me('an equals sign after the scheme is malformed', 'Bearer={token}', invalid),
  me('a parameter in place of the token is malformed', 'Bearer token={token}', invalid),
  me('two schemes are malformed', 'Bearer Bearer {token}', invalid),
  me('a quoted token is malformed', 'Bearer "{token}"', invalid),
  me('a token in single quotes is malformed', "Bearer '{token}'", invalid),
  me('a token in angle brackets is malformed', 'Bearer <{token}>', invalid),
  me('a second token after the first is malformed', 'Bearer {token} {token}', invalid),
  me("another user's token after the first is malformed", 'Bearer {token} {token2}', invalid),
  me('a second token after a comma is malformed', 'Bearer {token},{token2}', invalid),
  me('a second credential after a comma is malformed', 'Bearer {token}, Basic YTpi', invalid),
  me('a parameter after the token is malformed', 'Bearer {token} realm="x"', invalid),
  me('a semicolon after the token is malformed', 'Bearer {token};', invalid),
  me('a full stop after the token is malformed', 'Bearer {token}.', invalid),
  me('padding after the token is malformed', 'Bearer {token}=', invalid),
  me('a percent-encoded token is malformed', 'Bearer %65{token}', invalid),
  me('a token of letters beyond ASCII is malformed', 'Bearer \u00e9\u00ff', invalid),
  me('a token of one dot is malformed', 'Bearer .', invalid),
  me('a token of two dots is malformed', 'Bearer ..', invalid),
  me('null in place of the token is malformed', 'Bearer null', invalid),
  me('undefined in place of the token is malformed', 'Bearer undefined', invalid),
  me('a long run of dots is malformed', `Bearer ${'.'.repeat(9000)}`, invalid),
  me('a refresh token is no access token', 'Bearer {refresh}', invalid),
  me('a session id is no access token', 'Bearer {sid}', invalid),
  me('twice the same is malformed', ['Bearer {token}', 'Bearer {token}'], repeated),
  me("twice, another user's second, is malformed", ['Bearer {token}', 'Bearer {token2}'], repeated),
  me('twice, rubbish first, is malformed', ['Bearer x', 'Bearer {token}'], repeated),
  me('twice, rubbish second, is malformed', ['Bearer {token}', 'Bearer x'], repeated),
  me('twice, Basic first, is malformed', ['Basic YTpi', 'Bearer {token}'], repeated),
  me('twice, Basic second, is malformed', ['Bearer {token}', 'Basic YTpi'], repeated),
  me('twice, empty first, is malformed', ['', 'Bearer {token}'], repeated),
]

const elsewhere: readonly RequestCase[] = [
  {
    name: 'no credentials: a bare challenge',
    send: { path: '/api/me' },
    expect: { status: 401, error: 'unauthorized', challenge: 'bare' },
  },
  ...['access_token', 'token', 'authorization', 'bearer_token'].map(
    (parameter): RequestCase => ({
      name: `a token in the query parameter ${parameter} is not read`,
      send: { path: `/api/me?${parameter}={token}` },
      expect: unknown,
    }),
  ),
  {
    name: 'a token in the query does not disturb the one in the header',
    send: { path: '/api/me?access_token={token2}', headers: { authorization: 'Bearer {token}' } },
    expect: served,
  },
  {
    name: 'a token in a form is not read',
    send: {
      method: 'PUT',
      path: '/api/profile',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'access_token={token}',
    },
    expect: unknown,
  },
  {
    name: 'a token in a JSON body is not read',
    send: {
      method: 'POST',
      path: '/auth/logout-all',
      headers: { 'content-type': 'application/json' },
      body: '{"access_token":"{token}"}',
    },
    expect: unknown,
  },
  ...['access_token', 'token', '__Host-access', 'Authorization', '__Host-refresh'].map(
    (cookie): RequestCase => ({
      name: `a token in the cookie ${cookie} is not read`,
      send: { path: '/api/me', headers: { cookie: `${cookie}={token}` } },
      expect: unknown,
    }),
  ),
  ...['proxy-authorization', 'x-authorization', 'x-access-token', 'x-forwarded-authorization'].map(
    (header): RequestCase => ({
      name: `a token in the header ${header} is not read`,
      send: { path: '/api/me', headers: { [header]: 'Bearer {token}' } },
      expect: unknown,
    }),
  ),
  {
    name: 'the refresh cookie opens no protected route',
    send: { path: '/api/me', headers: { cookie: '__Host-refresh={refresh}' } },
    expect: unknown,
  },
]

const scopes: readonly RequestCase[] = [
  {
    name: 'a lacking scope is told: 403, the scope named',
    send: { path: '/api/admin', headers: { authorization: 'Bearer {token}' } },
    expect: { status: 403, error: 'insufficient_scope' },
  },
  {
    name: 'a lacking scope is told before the body is looked at',
    send: { method: 'PUT', path: '/api/profile', headers: { authorization: 'Bearer {token}' }, body: 'x' },
    expect: { status: 403, error: 'insufficient_scope' },
  },
  {
    name: 'HEAD is guarded as GET is',
    send: { method: 'HEAD', path: '/api/admin', headers: { authorization: 'Bearer {token}' } },
    expect: { status: 403, error: 'insufficient_scope' },
  },
  ...(['/api/admin', '/auth/sessions'] as const).map(
    (path): RequestCase => ({
      name: `without credentials ${path} is as closed as any`,
      send: { path },
      expect: unknown,
    }),
  ),
  ...(['/auth/logout-all', '/auth/password'] as const).map(
    (path): RequestCase => ({
      name: `without credentials POST ${path} is as closed as any`,
      send: { method: 'POST', path },
      expect: unknown,
    }),
  ),
]

export const bearerCases: readonly RequestCase[] = [...presented, ...elsewhere, ...scopes]
