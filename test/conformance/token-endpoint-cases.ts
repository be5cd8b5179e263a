import type { Fields } from './client.ts'
import type { Expected } from './expectations.ts'
import type { RequestCase } from './runner.ts'

const FORM = 'application/x-www-form-urlencoded'
const GRANT = 'grant_type=refresh_token'

const done: Expected = { status: 200, cookie: 'kept', body: { token_type: 'Bearer', scope: 'profile:read' } }
const invalidRequest: Expected = { status: 400, error: 'invalid_request' }
const invalidGrant: Expected = { status: 400, error: 'invalid_grant' }
const unsupported: Expected = { status: 400, error: 'unsupported_grant_type' }
const wrongType: Expected = { status: 415, error: 'invalid_request' }

const token = (
  name: string,
  body: string,
  expect: Expected,
  headers: Fields = { 'content-type': FORM },
): RequestCase => ({
  name: `token endpoint: ${name}`,
  send: { method: 'POST', path: '/auth/token', headers, body },
  expect,
})

const grants: readonly RequestCase[] = [
  token('a refresh token is exchanged', `${GRANT}&refresh_token={native}`, done),
  token('the parameters in any order', `refresh_token={native}&${GRANT}`, done),
  token('with the client that it was issued to', `${GRANT}&refresh_token={native}&client_id=native`, done),
  token('with parameters that nobody asked for', `${GRANT}&refresh_token={native}&x=1&__proto__=y`, done),
  token('percent-encoded', `grant%5Ftype=refresh%5Ftoken&refresh_token=%73{native}`, invalidGrant),
  token('percent-encoded, to the same text', `grant%5Ftype=refresh%5Ftoken&refresh_token={native}`, done),
  token('with empty pairs', `&&${GRANT}&&refresh_token={native}&`, done),
  token('a wider scope is not granted', `${GRANT}&refresh_token={native}&scope=profile:read+admin`, done),
  token('another audience is not granted', `${GRANT}&refresh_token={native}&resource=https://x.test`, done),
  token('another client', `${GRANT}&refresh_token={native}&client_id=web`, invalidGrant),
  token('an unknown client', `${GRANT}&refresh_token={native}&client_id=x`, invalidGrant),
  token('the client in another case', `${GRANT}&refresh_token={native}&client_id=Native`, invalidGrant),
  token('no grant type', 'refresh_token={native}', invalidRequest),
  token('no refresh token', GRANT, invalidRequest),
  token('an empty refresh token', `${GRANT}&refresh_token=`, invalidRequest),
  token('an empty body', '', invalidRequest),
  // RFC 6749, 3.2: parameters without a value are treated as if they were omitted.
  token('an empty grant type is none', 'grant_type=&refresh_token={native}', invalidRequest),
  token('an empty client is none', `${GRANT}&refresh_token={native}&client_id=`, done),
  ...[
    'authorization_code',
    'client_credentials',
    'password',
    'implicit',
    'refresh-token',
    'Refresh_Token',
    'refresh_token%00',
    '+refresh_token',
    'urn:ietf:params:oauth:grant-type:token-exchange',
    '__proto__',
  ].map((type) => token(`the grant type ${type}`, `grant_type=${type}&refresh_token={native}`, unsupported)),
  token('the grant type twice', `${GRANT}&${GRANT}&refresh_token={native}`, invalidRequest),
  token('two grant types', `${GRANT}&grant_type=password&refresh_token={native}`, invalidRequest),
  token('the refresh token twice', `${GRANT}&refresh_token={native}&refresh_token={native}`, invalidRequest),
  token('two refresh tokens', `${GRANT}&refresh_token={native}&refresh_token=x`, invalidRequest),
  token('the client twice', `${GRANT}&refresh_token={native}&client_id=native&client_id=web`, invalidRequest),
  token('an unknown parameter twice', `${GRANT}&refresh_token={native}&x=1&x=2`, invalidRequest),
  token('a list by brackets', `${GRANT}&refresh_token[]={native}`, invalidRequest),
]

const tokens: readonly RequestCase[] = [
  token("a browser's refresh token", `${GRANT}&refresh_token={refresh}`, invalidGrant),
  token('an access token', `${GRANT}&refresh_token={token}`, invalidGrant),
  token('a session id', `${GRANT}&refresh_token={sid}`, invalidGrant),
  token('rubbish', `${GRANT}&refresh_token=rubbish`, invalidGrant),
  token('a token with a suffix', `${GRANT}&refresh_token={native}A`, invalidGrant),
  token('a token with padding', `${GRANT}&refresh_token={native}=`, invalidGrant),
  token('a token with a space', `${GRANT}&refresh_token={native}+`, invalidGrant),
  token('a token behind a space', `${GRANT}&refresh_token=+{native}`, invalidGrant),
  token('a token with a line break', `${GRANT}&refresh_token={native}%0A`, invalidGrant),
  token('a token with a NUL', `${GRANT}&refresh_token={native}%00`, invalidGrant),
  token('a quoted token', `${GRANT}&refresh_token=%22{native}%22`, invalidGrant),
  token('a token of broken escapes', `${GRANT}&refresh_token=%zz%ff`, invalidGrant),
  token('a long token', `${GRANT}&refresh_token=${'A'.repeat(15_000)}`, invalidGrant),
]

const forms: readonly RequestCase[] = [
  ...[`${FORM}; charset=utf-8`, `${FORM};charset="UTF-8"`, 'Application/X-WWW-Form-Urlencoded'].map((type) =>
    token(`the content type ${type}`, `${GRANT}&refresh_token={native}`, done, { 'content-type': type }),
  ),
  ...[`${FORM}; charset=latin1`, `${FORM}x`, 'application/json', 'text/plain', 'multipart/form-data', ''].map(
    (type) =>
      token(`the content type "${type}"`, `${GRANT}&refresh_token={native}`, wrongType, {
        'content-type': type,
      }),
  ),
  token('no content type', `${GRANT}&refresh_token={native}`, wrongType, {}),
  token('a compressed body', 'x', wrongType, { 'content-type': FORM, 'content-encoding': 'gzip' }),
  token(
    'JSON in place of the form',
    '{"grant_type":"refresh_token","refresh_token":"{native}"}',
    invalidRequest,
  ),
  {
    name: 'token endpoint: parameters in the query are not read',
    send: {
      method: 'POST',
      path: `/auth/token?${GRANT}&refresh_token={native}`,
      headers: { 'content-type': FORM },
      body: '',
    },
    expect: invalidRequest,
  },
  token('the cookie is not read', GRANT, invalidRequest, {
    'content-type': FORM,
    cookie: '__Host-refresh={refresh}',
  }),
  {
    name: 'token endpoint: invalid UTF-8 is malformed',
    send: {
      method: 'POST',
      path: '/auth/token',
      headers: { 'content-type': FORM },
      body: Buffer.from(`${GRANT}&refresh_token=\u00ff`, 'latin1'),
    },
    expect: invalidRequest,
  },
]

const login = (transport: string | readonly string[], expect: Expected): RequestCase => ({
  name: `log-in with X-Token-Transport ${JSON.stringify(transport)}`,
  send: {
    method: 'POST',
    path: '/auth/login',
    headers: { 'content-type': 'application/json', 'x-token-transport': transport },
    body: '{"username":"user1","password":"correct horse battery staple"}',
  },
  expect,
})

export const tokenEndpointCases: readonly RequestCase[] = [
  ...grants,
  ...tokens,
  ...forms,
  login('body', { status: 200, cookie: 'kept' }),
  ...['cookie', 'Body', 'BODY', '', 'body, cookie', 'header', '"body"'].map((one) =>
    login(one, invalidRequest),
  ),
  login(['body', 'body'], invalidRequest),
  login(['body', 'cookie'], invalidRequest),
]
