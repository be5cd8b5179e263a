import type { Fields } from './client.ts'
import type { Expected } from './expectations.ts'
import type { RequestCase } from './runner.ts'

const refreshed: Expected = { status: 200, cookie: 'set' }
const missing: Expected = { status: 401, error: 'invalid_grant', cookie: 'kept' }
const notOurs: Expected = { status: 401, error: 'invalid_grant', cookie: 'kept' }
const repeated: Expected = { status: 400, error: 'invalid_request', cookie: 'kept' }

const C = '__Host-refresh'
const GOOD = `${C}={refresh}`

const taken = (name: string, cookie: Fields[string], expect: Expected): RequestCase => ({
  name: `Cookie: ${name}`,
  send: { method: 'POST', path: '/auth/refresh', headers: { cookie } },
  expect,
})

const read: readonly RequestCase[] = [
  taken('the refresh cookie is taken', GOOD, refreshed),
  taken('beside others it is taken', `a=1; ${GOOD}; b=2`, refreshed),
  taken('without spaces between pairs it is taken', `a=1;${GOOD};b=2`, refreshed),
  taken('after a nameless cookie it is taken', `=x; ${GOOD}`, refreshed),
  taken('after a word without a value it is taken', `x; ${GOOD}`, refreshed),
  taken('after empty pairs it is taken', `;;; ;${GOOD};;`, refreshed),
  taken('beside a cookie with a broken escape it is taken', `a=%zz; ${GOOD}`, refreshed),
  taken('beside a cookie named __proto__ it is taken', `__proto__=x; constructor=y; ${GOOD}`, refreshed),
  taken('beside a cookie of JSON it is taken', `a=j:{"b":1}; ${GOOD}`, refreshed),
  taken('beside a long cookie it is taken', `a=${'x'.repeat(8000)}; ${GOOD}`, refreshed),
  taken('among a thousand others it is taken', `${'a=b; '.repeat(1000)}${GOOD}`, refreshed),
  taken('in the second of two fields it is taken', ['a=1', GOOD], refreshed),
  taken('twice the same is one', `${GOOD}; ${GOOD}`, refreshed),
  taken('the same in two fields is one', [GOOD, GOOD], refreshed),
  taken('the same five times is one', Array<string>(5).fill(GOOD), refreshed),
  taken('two values are refused, rubbish second', `${GOOD}; ${C}=x`, repeated),
  taken('two values are refused, rubbish first', `${C}=x; ${GOOD}`, repeated),
  taken("two values are refused, another user's second", `${GOOD}; ${C}={refresh2}`, repeated),
  taken("two values are refused, another user's first", `${C}={refresh2}; ${GOOD}`, repeated),
  taken('two values in two fields are refused', [GOOD, `${C}={refresh2}`], repeated),
  taken('a value and an empty one are refused', `${C}=; ${GOOD}`, repeated),
  taken('a value and a quoted one are refused', `${GOOD}; ${C}="{refresh}"`, repeated),
  taken('a value, the same again, and another are refused', `${GOOD}; ${GOOD}; ${C}=x`, repeated),
]

const spelled: readonly RequestCase[] = [
  taken('none at all', [], missing),
  taken('an empty field', '', missing),
  taken('another name', 'refresh={refresh}', missing),
  taken('an unprefixed name', 'Host-refresh={refresh}', missing),
  taken('the prefix __Secure-', '__Secure-refresh={refresh}', missing),
  taken('the name in upper case', '__HOST-REFRESH={refresh}', missing),
  taken('the prefix in lower case', '__host-refresh={refresh}', missing),
  taken('the name percent-encoded', '__Host%2Drefresh={refresh}', missing),
  taken('the name quoted', '"__Host-refresh"={refresh}', missing),
  taken('the name with a suffix', '__Host-refresh2={refresh}', missing),
  taken('the name in a value', 'a=__Host-refresh={refresh}', missing),
  taken('the name behind a no-break space', '\u00a0__Host-refresh={refresh}', missing),
  taken('a comma in place of a semicolon', 'a=1, __Host-refresh={refresh}', missing),
  taken('the name without a value', C, missing),
  taken('an empty value', `${C}=`, notOurs),
  taken('a quoted value', `${C}="{refresh}"`, notOurs),
  taken('a value with an opening quote', `${C}="{refresh}`, notOurs),
  taken('a percent-encoded value', `${C}=%73pr{refresh}`, notOurs),
  taken('the underscore of a value percent-encoded', `${C}=spr%5F`, notOurs),
  taken('a JSON value', `${C}=j:"{refresh}"`, notOurs),
  taken('a value with padding', `${C}={refresh}=`, notOurs),
  taken('a value with a suffix', `${C}={refresh}A`, notOurs),
  taken('a value with a prefix', `${C}=A{refresh}`, notOurs),
  taken('a value with a comma and another', `${C}={refresh},{refresh2}`, notOurs),
  taken('a value with a dot', `${C}={refresh}.x`, notOurs),
  taken('a value with a space inside', `${C}={refresh} x`, notOurs),
  taken('an access token', `${C}={token}`, notOurs),
  taken('a session id', `${C}={sid}`, notOurs),
  taken("a native app's refresh token", `${C}={native}`, notOurs),
  taken('rubbish', `${C}=rubbish`, notOurs),
  taken('rubbish of the right length', `${C}=spr_${'A'.repeat(66)}`, notOurs),
  taken('null', `${C}=null`, notOurs),
  taken('undefined', `${C}=undefined`, notOurs),
  taken('deleted', `${C}=deleted`, notOurs),
  taken('letters beyond ASCII', `${C}=\u00e9\u00ff`, notOurs),
  taken('a long value', `${C}=${'A'.repeat(12_000)}`, notOurs),
]

const spaced: readonly RequestCase[] = [
  taken('white space around the field is no part of it', `  ${GOOD}  `, refreshed),
  taken('a space before the name is a separator', `a=1;   ${GOOD}`, refreshed),
]

const transports: readonly RequestCase[] = [
  {
    name: 'a refresh token in the body of /auth/refresh is not read',
    send: {
      method: 'POST',
      path: '/auth/refresh',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'refresh_token={refresh}',
    },
    expect: missing,
  },
  {
    name: 'a refresh token in the query of /auth/refresh is not read',
    send: { method: 'POST', path: '/auth/refresh?__Host-refresh={refresh}&refresh_token={refresh}' },
    expect: missing,
  },
  {
    name: 'a refresh token as a bearer token of /auth/refresh is not read',
    send: { method: 'POST', path: '/auth/refresh', headers: { authorization: 'Bearer {refresh}' } },
    expect: missing,
  },
  {
    name: 'a body beside the cookie changes nothing',
    send: {
      method: 'POST',
      path: '/auth/refresh',
      headers: { cookie: GOOD, 'content-type': 'application/json' },
      body: '{"scope":"admin"}',
    },
    expect: { ...refreshed, body: { scope: 'profile:read' } },
  },
  {
    name: 'a cookie header over the limit is refused by the parser',
    send: { method: 'POST', path: '/auth/refresh', headers: { cookie: `${GOOD}; a=${'x'.repeat(20_000)}` } },
    expect: { status: 431, byParser: true },
  },
  {
    name: 'a control character in a cookie is refused by the parser',
    send: {
      bytes: `POST /auth/refresh HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nCookie: ${GOOD}\x00\r\n\r\n`,
    },
    expect: { status: 400, byParser: true },
  },
  {
    name: 'two refresh cookies end no session at logout either',
    send: { method: 'POST', path: '/auth/logout', headers: { cookie: `${GOOD}; ${C}={refresh2}` } },
    expect: repeated,
  },
  {
    name: 'two refresh cookies end no session at logout, whatever token comes along',
    send: {
      method: 'POST',
      path: '/auth/logout',
      headers: { cookie: `${GOOD}; ${C}=x`, authorization: 'Bearer {token}' },
    },
    expect: repeated,
  },
  {
    name: 'two tokens end no session at logout',
    send: {
      method: 'POST',
      path: '/auth/logout',
      headers: { cookie: GOOD, authorization: ['Bearer {token}', 'Bearer {token2}'] },
    },
    expect: { status: 400, error: 'invalid_request', challenge: 'error' },
  },
  ...['x', '"{refresh}"', '{refresh}A', '{token}'].map(
    (value): RequestCase => ({
      name: `a cookie that was never issued ends no session at logout: ${value}`,
      send: { method: 'POST', path: '/auth/logout', headers: { cookie: `${C}=${value}` } },
      expect: { status: 204, cookie: 'cleared' },
    }),
  ),
]

export const cookieCases: readonly RequestCase[] = [...read, ...spelled, ...spaced, ...transports]
