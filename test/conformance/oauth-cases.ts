import type { Fields } from './client.ts'
import type { Expected } from './expectations.ts'
import type { RequestCase } from './runner.ts'
import { basic } from './visitor.ts'

const FORM = 'application/x-www-form-urlencoded'
const GATEWAY = basic('gateway', 'gateway-secret')
const POSTED = 'client_id=gateway&client_secret=gateway-secret'
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

const invalidRequest: Expected = { status: 400, error: 'invalid_request' }
const wrongType: Expected = { status: 415, error: 'invalid_request' }
/** Wrong, in the header or nowhere. */
const challenged: Expected = { status: 401, error: 'invalid_client', challenge: 'basic' }
/** Wrong, in the body. */
const refused: Expected = { status: 401, error: 'invalid_client' }
const active: Expected = { status: 200, body: { active: true, scope: 'profile:read' } }
const inactive: Expected = { status: 200, exactly: { active: false } }
const revoked: Expected = { status: 200, exactly: '' }

const request =
  (path: string) =>
  (name: string, body: string, expect: Expected, headers: Fields = GATEWAY): RequestCase => ({
    name: `${path}: ${name}`,
    send: { method: 'POST', path: `/auth/${path}`, headers: { 'content-type': FORM, ...headers }, body },
    expect,
  })

const introspect = request('introspect')
const revoke = request('revoke')
const token = request('token')
const header = (credentials: string): Fields => ({
  authorization: `Basic ${Buffer.from(credentials, 'latin1').toString('base64')}`,
})

/** How a client shows who it is, with a token that is not known. */
function clientCases(ask: typeof introspect, done: Expected, named: Expected): readonly RequestCase[] {
  const cases: readonly (readonly [name: string, body: string, expect: Expected, headers?: Fields])[] = [
    ['in the header', 'token=x', done],
    ['with its own name besides', 'token=x&client_id=gateway', done],
    ['percent-encoded', 'token=x', done, header('%67ateway:gateway%2Dsecret')],
    [
      'with a scheme in another case',
      'token=x',
      done,
      { authorization: GATEWAY.authorization.replace('Basic', 'bASIC') },
    ],
    ['in the body', `token=x&${POSTED}`, done, {}],
    ['beside a scheme that is none of a client', `token=x&${POSTED}`, done, { authorization: 'Bearer x' }],
    ['nowhere', 'token=x', challenged, {}],
    ['by a bearer token', 'token=x', challenged, { authorization: 'Bearer {token}' }],
    ['by its name alone', 'token=x&client_id=gateway', refused, {}],
    ['by the name of an app', 'token=x&client_id=native', named, {}],
    ['by a name that nobody has', 'token=x&client_id=nobody', refused, {}],
    ['by a name of objects', 'token=x&client_id=__proto__', refused, {}],
    ['by a secret alone', 'token=x&client_secret=gateway-secret', refused, {}],
    ['by an empty secret', 'token=x&client_id=gateway&client_secret=', refused, {}],
    ['with a wrong secret', 'token=x', challenged, header('gateway:gateway-secre')],
    ['with a longer secret', 'token=x', challenged, header('gateway:gateway-secrets')],
    ['with a secret in another case', 'token=x', challenged, header('gateway:Gateway-Secret')],
    ['with a wrong secret in the body', 'token=x&client_id=gateway&client_secret=x', refused, {}],
    ['with the secret of nobody', 'token=x', challenged, header('nobody:gateway-secret')],
    ['with the secret of objects', 'token=x', challenged, header('__proto__:gateway-secret')],
    ['without a secret', 'token=x', challenged, header('gateway:')],
    ['without a colon', 'token=x', challenged, header('gateway')],
    ['without a name', 'token=x', challenged, header(':gateway-secret')],
    ['with broken escapes', 'token=x', challenged, header('gateway:%zz')],
    ['with bytes that are no text', 'token=x', challenged, header('gateway:\xff\xfe')],
    [
      'with something else than base64',
      'token=x',
      challenged,
      { authorization: 'Basic gateway:gateway-secret' },
    ],
    ['with nothing', 'token=x', challenged, { authorization: 'Basic' }],
    [
      'twice in the header',
      'token=x',
      invalidRequest,
      { authorization: [GATEWAY.authorization, GATEWAY.authorization] },
    ],
    ['in the header and in the body', `token=x&${POSTED}`, invalidRequest],
    ['in the header, as another one in the body', 'token=x&client_id=native', invalidRequest],
    [
      'by an assertion and in the header',
      `token=x&client_assertion_type=${ASSERTION_TYPE}&client_assertion=x`,
      invalidRequest,
    ],
    ['by an assertion and in the body', `token=x&${POSTED}&client_assertion=x`, invalidRequest],
    [
      'by an assertion that is none',
      `token=x&client_assertion_type=${ASSERTION_TYPE}&client_assertion=x`,
      refused,
      {},
    ],
    ['by an assertion of another type', 'token=x&client_assertion_type=saml&client_assertion=x', refused, {}],
    ['by the type of an assertion', `token=x&client_assertion_type=${ASSERTION_TYPE}`, refused, {}],
  ]
  return cases.map(([name, body, expect, headers]) =>
    ask(`a client that authenticates ${name}`, body, expect, headers),
  )
}

/** Forms that no client may send. */
const formCases = (ask: typeof introspect): readonly RequestCase[] => [
  ask('no token', 'x=1', invalidRequest),
  ask('an empty token', 'token=', invalidRequest),
  ask('an empty body', '', invalidRequest),
  ask('two tokens', 'token=x&token=y', invalidRequest),
  ask('two hints', 'token=x&token_type_hint=access_token&token_type_hint=refresh_token', invalidRequest),
  ask('JSON', '{"token":"x"}', wrongType, { ...GATEWAY, 'content-type': 'application/json' }),
  ask('no content type', 'token=x', wrongType, { ...GATEWAY, 'content-type': [] }),
  ask('another charset', 'token=x', wrongType, { ...GATEWAY, 'content-type': `${FORM}; charset=latin1` }),
  ask('too much', `token=${'x'.repeat(17_000)}`, { status: 413, error: 'invalid_request' }),
]

const JWT_HEADER = Buffer.from('{"alg":"EdDSA","typ":"at+jwt","kid":"x"}').toString('base64url')
/** What is no access token of ours that can be used. */
const useless: Readonly<Record<string, string>> = {
  rubbish: 'rubbish',
  'a JWT of nobody': `${JWT_HEADER}.e30.AAAA`,
  'an unsigned JWT': 'eyJhbGciOiJub25lIn0.e30.',
  'a reference of nobody': `spa_${'A'.repeat(80)}`,
  'an API key of nobody': `spk_${'A'.repeat(84)}`,
  'a refresh token of nobody': `spr_${'A'.repeat(68)}`,
  'a session id': '{sid}',
  'a token with a suffix': '{token}A',
  'a token with padding': '{token}=',
  'a token behind a space': '+{token}',
  'a token with a line break': '{token}%0A',
  'a token with a NUL': '{token}%00',
  'a quoted token': '%22{token}%22',
  'broken escapes': '%zz%ff',
  'a name of objects': '__proto__',
  'a long one': 'A'.repeat(15_000),
  'a long JWT': `${JWT_HEADER}.${'A'.repeat(10_000)}.AAAA`,
}

export const oauthCases: readonly RequestCase[] = [
  ...clientCases(introspect, inactive, refused),
  ...clientCases(revoke, revoked, revoked),
  ...formCases(introspect),
  ...formCases(revoke),
  introspect('an access token', 'token={token}', active),
  introspect('an access token as something else', 'token={token}&token_type_hint=refresh_token', active),
  introspect(
    'an access token with a hint that nobody knows',
    'token={token}&token_type_hint=__proto__',
    active,
  ),
  introspect('what nobody asked for', 'token={token}&x=1&__proto__=y', active),
  introspect('a refresh cookie is no access token', 'token={refresh}', inactive),
  introspect('a refresh token is no access token', 'token={native}', inactive),
  introspect(
    'a refresh token is none with its hint',
    'token={native}&token_type_hint=refresh_token',
    inactive,
  ),
  ...Object.entries(useless).map(([name, text]) =>
    introspect(`${name} is inactive`, `token=${text}`, inactive),
  ),
  ...Object.entries(useless).map(([name, text]) => revoke(`${name} is no error`, `token=${text}`, revoked)),
  revoke(
    'another client may not revoke a token of the page',
    'token={token}&client_id=native',
    { status: 400, error: 'unauthorized_client' },
    {},
  ),
  revoke(
    'another client may not end the session of the page',
    'token={refresh}&client_id=native',
    { status: 400, error: 'unauthorized_client' },
    {},
  ),
  revoke(
    'another client may not end the session of the app',
    'token={native}&client_id=web',
    { status: 400, error: 'unauthorized_client' },
    {},
  ),
  token('a client with a secret gets no token of an app', 'grant_type=refresh_token&refresh_token={native}', {
    status: 400,
    error: 'invalid_grant',
  }),
  token('a wrong secret', 'grant_type=refresh_token&refresh_token={native}', challenged, header('gateway:x')),
  token(
    'a wrong secret in the body',
    'grant_type=refresh_token&refresh_token={native}&client_id=gateway&client_secret=x',
    refused,
    {},
  ),
  token(
    'the name of a client with a secret',
    'grant_type=refresh_token&refresh_token={native}&client_id=gateway',
    refused,
    {},
  ),
  token(
    'a secret for an app that has none',
    'grant_type=refresh_token&refresh_token={native}&client_id=native&client_secret=gateway-secret',
    refused,
    {},
  ),
  token('two ways at once', `grant_type=refresh_token&refresh_token={native}&${POSTED}`, invalidRequest),
  token('the client comes before the grant', 'grant_type=password', challenged, header('gateway:x')),
]
