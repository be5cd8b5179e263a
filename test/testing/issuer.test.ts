import { createSallyport } from '@sallyport/core'
import { type IssuedToken, type TestIssuer, testClock, testIssuer, testSallyport } from '@sallyport/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { verifying } from '../support/verifying.ts'

const audience = 'https://api.example.com'
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

let issuer: TestIssuer
beforeAll(async () => {
  issuer = await testIssuer({ audience })
})
afterAll(() => issuer.stop())

test.each(verifying)('a service on %s that only verifies accepts its tokens', async (_name, start) => {
  const { url, close } = await start({ issuers: [issuer.options] })
  closing.push(close)
  const token = await issuer.token({ subject: 'ada', scope: ['profile:read'], claims: { tenant: 'acme' } })
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({
    ...{ issuer: issuer.url, subject: 'ada', scopes: ['profile:read'], own: false },
    claims: { tenant: 'acme', aud: audience },
  })
})

async function opening(tested: TestIssuer = issuer) {
  const clock = testClock()
  const one = await testSallyport(createSallyport, { issuers: [tested.options] }, { clock })
  closing.push(one.close)
  const { sallyport, events } = one
  const problemOf = async (token: Omit<IssuedToken, 'subject'> = {}): Promise<unknown> => {
    const seen = events.length
    const verdict = await sallyport.tokens.verify(await tested.token({ subject: 'ada', ...token }))
    const [refused] = events.slice(seen)
    return verdict.kind === 'valid' ? 'none' : refused !== undefined && 'reason' in refused && refused.reason
  }
  return { ...one, problemOf }
}

const faults: readonly (readonly [Omit<IssuedToken, 'subject'>, string])[] = [
  [{}, 'none'],
  [{ expiresInSeconds: -60 }, 'token_expired'],
  [{ validInSeconds: 60 }, 'token_early'],
  [{ audience: 'https://other.example.com' }, 'token_audience'],
  [{ type: 'JWT' }, 'token_type'],
  [{ claims: { iss: 'https://other.example.com' } }, 'token_issuer'],
  [{ claims: { aud: undefined } }, 'token_claims'],
  [{ key: 'unknown' }, 'token_key'],
  [{ key: 'forged' }, 'token_signature'],
]
test.each(faults)('a token with %o has the problem "%s"', async (token, reason) => {
  const { problemOf } = await opening()
  expect(await problemOf(token)).toBe(reason)
})

test('its keys rotate, and a service follows once it may fetch again', async () => {
  const rotating = await testIssuer({ audience, algorithm: 'ES256' })
  closing.push(rotating.stop)
  await expect(rotating.token({ subject: 'ada', key: 'previous' })).rejects.toThrow('no previous key')
  const { clock, problemOf } = await opening(rotating)
  await rotating.rotate()
  clock.advance({ seconds: 31 })
  expect(await problemOf()).toBe('none')
  expect(await problemOf({ key: 'previous' })).toBe('none')
  expect(rotating.fetches()).toBe(2)
  await rotating.rotate('gone')
  clock.advance({ seconds: 31 })
  expect(await problemOf()).toBe('none')
  expect(await problemOf({ key: 'previous' })).toBe('token_key')
})

test('it goes away and comes back', async () => {
  const away = await testIssuer({ audience })
  closing.push(away.stop)
  const metadata = `${away.url}/.well-known/openid-configuration`
  expect(await (await fetch(metadata)).json()).toMatchObject({
    issuer: away.url,
    jwks_uri: away.options.jwks,
  })
  await away.stop()
  await away.stop()
  await expect(fetch(metadata)).rejects.toThrow()
  const { clock, problemOf } = await opening(away)
  expect(await problemOf()).toBe('issuer_unavailable')
  await away.start()
  clock.advance({ seconds: 31 })
  expect(await problemOf()).toBe('none')
})

test('a wrong option is refused by its path', async () => {
  await expect(testIssuer({ audience: 'two words' })).rejects.toMatchObject({ option: 'testIssuer.audience' })
  await expect(testIssuer({ audience, algorithm: 'none' as never })).rejects.toMatchObject({
    option: 'testIssuer.algorithm',
  })
})
