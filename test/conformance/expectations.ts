import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import type { Reply } from './client.ts'

/** What a reply must be. */
export interface Expected {
  readonly status: number
  /** The `error` member of the body. */
  readonly error?: string
  /** What `WWW-Authenticate` holds. Default: what the error calls for. */
  readonly challenge?: 'none' | 'bare' | 'error' | 'dpop' | 'basic'
  /** What becomes of the refresh cookie. Default for a refusal: `kept`. */
  readonly cookie?: 'kept' | 'set' | 'cleared'
  /** Exact values or patterns, `null` for a field that must not be there. */
  readonly headers?: Readonly<Record<string, string | RegExp | null>>
  /** Members that the JSON body must have. */
  readonly body?: object
  /** All that the body has, as JSON; or the text itself. */
  readonly exactly?: object | string
  /** Node's parser refuses the request before any framework sees it: a status and nothing else. */
  readonly byParser?: true
}

const COOKIE = '__Host-refresh'
const DEVICE_COOKIE = '__Host-device'
const challenges: Readonly<Record<string, Expected['challenge']>> = {
  unauthorized: 'bare',
  invalid_token: 'error',
  insufficient_scope: 'error',
  insufficient_user_authentication: 'error',
}

// Thousands of replies are judged; node:assert costs a tenth of what a matcher does.
export function expectReply(reply: Reply, expected: Expected): void {
  const { status, error, headers = {}, body } = expected
  assert.equal(reply.status, status, `${reply.status} instead of ${status}: ${reply.text}`)
  if (expected.byParser) {
    assert.equal(reply.text, '')
    return
  }
  if (error !== undefined && reply.text !== '') assert.equal(jsonOf(reply).error, error)
  if (body !== undefined) expect(jsonOf(reply)).toMatchObject(body)
  const { exactly } = expected
  if (exactly !== undefined)
    assert.deepEqual(typeof exactly === 'string' ? reply.text : jsonOf(reply), exactly)
  expectChallenge(reply, expected.challenge ?? challenges[error ?? ''] ?? 'none', error)
  const cookie = expected.cookie ?? (status >= 400 ? 'kept' : undefined)
  if (cookie !== undefined) assert.equal(cookieChange(reply), cookie, 'the refresh cookie')
  for (const [name, value] of Object.entries(headers)) expectField(reply, name, value)
}

/** A field that is there exactly once with this value, or not at all. */
function expectField({ headers }: Reply, name: string, value: string | RegExp | null): void {
  if (value instanceof RegExp) {
    const [sent = '', ...more] = headers[name] ?? []
    assert.deepEqual(more, [], name)
    assert.match(sent, value, name)
    return
  }
  const wanted = value === null ? undefined : [value]
  if (!isDeepStrictEqual(headers[name], wanted)) assert.deepEqual(headers[name], wanted, name)
}

/** What a 401 says besides: in which other scheme a token may be sent. */
const OTHER_SCHEME = ', DPoP algs="ES256 EdDSA Ed25519 PS256 RS256"'

function expectChallenge(reply: Reply, challenge: Expected['challenge'], error = ''): void {
  const [sent = '', ...more] = reply.headers['www-authenticate'] ?? []
  const hasOther = sent.endsWith(OTHER_SCHEME)
  const given = hasOther ? sent.slice(0, -OTHER_SCHEME.length) : sent
  assert.equal(more.length, 0, 'one field')
  if (challenge === 'dpop') {
    assert.match(sent, /^DPoP error="[^"]+", error_description="[^"]+", algs="[^"]+"$/)
    return
  }
  if (challenge === 'basic') {
    assert.equal(sent, 'Basic realm="oauth"')
    return
  }
  if (challenge !== 'error') {
    assert.equal(given, challenge === 'bare' ? 'Bearer' : '', `the challenge ${sent}`)
    return
  }
  const [, named, wanted = ''] =
    /^Bearer error="([^"\\]+)", error_description="[^"\\]+"((?:, (?:scope|acr_values|max_age)="[^"\\]+")*)$/.exec(
      given,
    ) ?? []
  assert.equal(named, error, `the challenge ${sent}`)
  // Which authentication would do, nobody knows where a device has changed.
  if (error !== 'insufficient_user_authentication' || wanted !== '')
    assert.equal(wanted !== '', error.startsWith('insufficient_'), `the challenge ${sent}`)
}

/** The body as JSON; fails when it is none. */
export function jsonOf(reply: Reply): Readonly<Record<string, unknown>> {
  expectField(reply, 'content-type', 'application/json; charset=utf-8')
  return JSON.parse(reply.text) as Record<string, unknown>
}

/** The refresh token that a reply sets as the cookie. */
export function cookieOf(reply: Reply): string {
  return valueSet(reply, COOKIE)
}

/** The marks of a device that a reply sets as the cookie. */
export function marksOf(reply: Reply): string {
  return valueSet(reply, DEVICE_COOKIE)
}

function valueSet(reply: Reply, name: string): string {
  const value = setCookies(reply).find((cookie) => cookie.name === name)?.value
  if (value === undefined || value === '') throw new Error(`no ${name} in ${reply.status} ${reply.text}`)
  return value
}

function cookieChange(reply: Reply): 'kept' | 'set' | 'cleared' {
  const cookie = setCookies(reply).find(({ name }) => name === COOKIE)
  if (cookie === undefined) return 'kept'
  return cookie.value === '' && cookie.attributes.includes('Max-Age=0') ? 'cleared' : 'set'
}

/** What holds for every reply of the application, whatever was asked. */
export function expectManners(path: string, reply: Reply): void {
  const { status, headers, text } = reply
  assert(status < 500, `${status}: ${text}`)
  const [challenge = ''] = headers['www-authenticate'] ?? []
  // No access token is sent to these.
  const isTokenEndpoint = ['/auth/refresh', '/auth/token'].includes(path)
  if (challenge.startsWith('Bearer') && !isTokenEndpoint)
    assert.equal(challenge.endsWith(OTHER_SCHEME), status === 401, `the challenge ${challenge}`)
  assert(!text.includes('node_modules') && !/\n\s+at /.test(text), `a stack is shown: ${text}`)
  if (isOfParser(reply)) return
  expectField(reply, 'x-content-type-options', 'nosniff')
  expectField(reply, 'x-powered-by', null)
  // Only what anybody may keep has one.
  const isPublic = path.startsWith('/.well-known/') || /^\/[\w/]+\.(?:js|css|svg)$/.test(path)
  if (isPublic && status === 200) assert.match(String(headers.etag), /^"[\w-]{22}"$/)
  else expectField(reply, 'etag', null)
  if (path.startsWith('/auth/')) expectField(reply, 'cache-control', 'no-store')
  if (status === 204) assert.equal(text, '')
  if (status >= 400) {
    expectField(reply, 'cache-control', 'no-store')
    if (text !== '') expectProblem(reply, path.startsWith('/auth/signals') && status === 400)
  }
  for (const { name, attributes } of setCookies(reply)) {
    assert(name === COOKIE || name === DEVICE_COOKIE, name)
    const sorted = [...attributes].sort().join('; ')
    assert.match(sorted, /^HttpOnly; Max-Age=\d+; Path=\/; SameSite=Strict; Secure$/)
  }
  for (const origin of headers['access-control-allow-origin'] ?? []) {
    assert.notEqual(origin, '*')
    assert.match(String(headers.vary), /\bOrigin\b/)
  }
}

/** Node itself answers with a status alone. */
function isOfParser({ status, headers, text }: Reply): boolean {
  return text === '' && headers['content-type'] === undefined && [0, 400, 408, 417, 431].includes(status)
}

/**
 * Two texts, spelled as RFC 6749, section 5.2 demands, and nothing else. A refused security event token has other names for
 * them (RFC 8935, section 2.3).
 */
function expectProblem(reply: Reply, isOfSet: boolean): void {
  const [code, text] = isOfSet ? (['err', 'description'] as const) : (['error', 'error_description'] as const)
  const { [code]: error, [text]: description, ...more } = jsonOf(reply)
  assert.match(String(error), /^[a-z_]+$/)
  assert.match(String(description), /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
  assert.deepEqual(more, {})
}

interface SetCookie {
  readonly name: string
  readonly value: string
  readonly attributes: readonly string[]
}

function setCookies(reply: Reply): SetCookie[] {
  return (reply.headers['set-cookie'] ?? []).map((header) => {
    const [pair = '', ...attributes] = header.split('; ')
    const [name = '', value = ''] = pair.split('=')
    return { name, value, attributes }
  })
}
