import { describe, expect, test } from 'vitest'
import {
  emptyAnswer,
  jsonAnswer,
  publicAnswer,
  refusal,
} from '../../packages/core/src/gate/answers/answer.ts'
import { challengeOf, type Schemes } from '../../packages/core/src/gate/answers/challenge.ts'
import { type ProblemCode, problems } from '../../packages/core/src/problems.ts'
import { viewOf } from './view.ts'

const NO_STORE = { 'Cache-Control': 'no-store' }
const JSON_HEADERS = { 'Content-Type': 'application/json; charset=utf-8', ...NO_STORE }

test('no cache may store an answer of one caller', () => {
  expect(jsonAnswer(201, { a: 1 })).toEqual({
    status: 201,
    headers: JSON_HEADERS,
    cookies: [],
    body: '{"a":1}',
  })
  expect(jsonAnswer(200, {}, ['a=b']).cookies).toEqual(['a=b'])
  expect(emptyAnswer()).toEqual({ status: 204, headers: NO_STORE, cookies: [], body: undefined })
  expect(emptyAnswer(['a=b'], { 'X-A': 'b' })).toEqual({
    ...{ status: 204, headers: { ...NO_STORE, 'X-A': 'b' }, cookies: ['a=b'], body: undefined },
  })
})

describe('an answer that is the same for everybody', () => {
  const content = { keys: [] }
  const fresh = publicAnswer(viewOf({}), content, 300)
  const etag = fresh.headers.ETag ?? ''

  test('may be stored for a while', () => {
    expect(fresh).toEqual({
      ...{ status: 200, cookies: [], body: '{"keys":[]}' },
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': 'public, max-age=300',
        ETag: expect.stringMatching(/^"[\w-]{22}"$/),
      },
    })
    expect(publicAnswer(viewOf({}), { keys: [1] }, 300).headers.ETag).not.toBe(etag)
  })

  test.each([etag, `W/${etag}`, `"other", ${etag}`, '*', ' * '])('is not sent to whoever has %s', (known) => {
    expect(publicAnswer(viewOf({ headers: { 'if-none-match': known } }), content, 300)).toEqual({
      ...{ status: 304, cookies: [], body: undefined },
      headers: { 'Cache-Control': 'public, max-age=300', ETag: etag },
    })
  })

  test.each(['', '"other"', '**', ['*']])('is sent to whoever has %o', (known) => {
    expect(publicAnswer(viewOf({ headers: { 'if-none-match': known } }), content, 300).status).toBe(200)
  })
})

describe('a refusal', () => {
  test.each(Object.keys(problems) as ProblemCode[])('for %s is as the table says', (code) => {
    const { status, error, say, challenge, retryAfter } = problems[code]
    const { headers, ...answer } = refusal(code)
    expect(answer).toEqual({
      ...{ status, cookies: [] },
      body: JSON.stringify({ error, error_description: say }),
    })
    expect(headers).toEqual({
      ...JSON_HEADERS,
      ...(challenge === undefined ? {} : { 'WWW-Authenticate': challengeOf(code) }),
      ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
      ...(code === 'body_too_large' ? { Connection: 'close' } : {}),
    })
  })

  test('may have another status, further fields and cookies', () => {
    const details = {
      ...{ status: 400, cookies: ['a=b'], retryAfterSeconds: 7, allow: ['GET', 'OPTIONS'] },
      headers: { 'DPoP-Nonce': 'n' },
    }
    const { status, cookies, headers } = refusal('access_denied', details)
    expect([status, cookies]).toEqual([400, ['a=b']])
    expect(headers).toMatchObject({ 'DPoP-Nonce': 'n', 'Retry-After': '7', Allow: 'GET, OPTIONS' })
    expect(refusal('token_expired', { challenge: 'none' }).headers).toEqual(JSON_HEADERS)
    expect(refusal('store_unavailable', { retryAfterSeconds: 9 }).headers['Retry-After']).toBe('9')
  })
})

describe('a challenge', () => {
  const bearer: Schemes = { sent: 'Bearer', proofAlgorithms: 'ES256 EdDSA' }
  const dpop: Schemes = { ...bearer, sent: 'DPoP' }
  const { say } = problems.token_expired
  const expired = `error="invalid_token", error_description="${say}"`

  test('says what is wrong in the scheme that was used, and names the other', () => {
    expect(challengeOf('token_expired')).toBe(`Bearer ${expired}`)
    expect(challengeOf('token_expired', {}, bearer)).toBe(`Bearer ${expired}, DPoP algs="ES256 EdDSA"`)
    expect(challengeOf('token_expired', {}, dpop)).toBe(`DPoP ${expired}, algs="ES256 EdDSA"`)
  })

  test('says nothing where nothing was sent (RFC 6750, section 3.1)', () => {
    expect(challengeOf('token_missing')).toBe('Bearer')
    expect(challengeOf('token_missing', {}, bearer)).toBe('Bearer, DPoP algs="ES256 EdDSA"')
  })

  test('names no other scheme where another token would not help', () => {
    const { error, say: description } = problems.insufficient_scope
    const expected = `Bearer error="${error}", error_description="${description}", scope="a b"`
    expect(challengeOf('insufficient_scope', { scope: 'a b' }, bearer)).toBe(expected)
  })

  test('can carry any text', () => {
    expect(challengeOf('token_missing', { scope: 'a"b\\cä\r\n~ ' })).toBe('Bearer scope="a\\"b\\\\c???~ "')
  })
})
