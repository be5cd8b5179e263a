import { generateKeyPairSync } from 'node:crypto'
import { type AuditSink, createSallyport, type SallyportOptions } from '@sallyport/core'
import { testClock, testIssuer, testSallyport } from '@sallyport/testing'
import { expect, test } from 'vitest'
import { keyPair } from '../support/key-pair.ts'

const unreachable = (): never => {
  throw new Error('a test must not reach this')
}
const sink: AuditSink = { name: 'unreachable', write: unreachable }
const real = {
  issuer: 'https://auth.example.com',
  audience: 'https://api.example.com',
  secret: 'sH3rSOx2BLkdfnHbqFr0dlSKsZ5DVJ6nJxUoQ9mYx1s=',
  production: true,
  store: { name: 'unreachable', shared: true, open: unreachable },
  access: { ttlSeconds: 60 },
  audit: { sink, days: 30 },
} satisfies SallyportOptions

test('the options of an application are tested, without what reaches out of the process', async () => {
  const { options, sallyport, signIn, trail, close } = await testSallyport(createSallyport, real)
  const ada = await signIn('ada')
  const verdict = await sallyport.tokens.verify(ada.accessToken)
  if (verdict.kind !== 'valid') throw new Error(verdict.problem)
  const { claims } = verdict.auth
  expect(claims).toMatchObject({ iss: real.issuer, aud: real.audience })
  expect(claims.exp - (claims.iat ?? 0)).toBe(60)
  expect(options).toMatchObject({ production: true, audit: { days: 30 } })
  expect(options.secret).not.toBe(real.secret)
  await close()
  expect(trail.map(({ event }) => event)).toContain('session.started')
})

test('given keys are replaced by others of the same algorithm', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', kid: 'real' }
  const { sallyport, close } = await testSallyport(createSallyport, { access: { keys: [key] } })
  expect(sallyport.keys.list()).toMatchObject([{ alg: 'ES256', state: 'active' }])
  expect(sallyport.keys.list()[0]?.kid).not.toBe('real')
  await close()
})

test('signers are not asked', async () => {
  const { publicKey } = keyPair('rsa', { modulusLength: 2048 })
  const signer = { kid: 'hsm', alg: 'PS256', publicKey, sign: unreachable } as const
  const { sallyport, signIn, close } = await testSallyport(createSallyport, { access: { signers: [signer] } })
  expect((await signIn('ada')).accessToken).toMatch(/^ey/)
  expect(sallyport.keys.list()).toMatchObject([{ alg: 'PS256' }])
  await close()
})

test('two deployments share nothing', async () => {
  const first = await testSallyport(createSallyport, real)
  const second = await testSallyport(createSallyport, real)
  const { accessToken } = await first.signIn('ada')
  expect(await second.sallyport.tokens.verify(accessToken)).toMatchObject({ kind: 'refused' })
  await Promise.all([first.close(), second.close()])
  await first.close()
})

test('a wrong option is refused as by createSallyport, and a wrong setting by its path', async () => {
  await expect(testSallyport(createSallyport, { access: { ttlSeconds: 0 } })).rejects.toMatchObject({
    option: 'access.ttlSeconds',
  })
  const wrong = { clock: { now: () => 0, monotonic: () => 0 } }
  await expect(testSallyport(createSallyport, {}, wrong as never)).rejects.toMatchObject({
    option: 'testSallyport.clock',
  })
  await expect(testSallyport(createSallyport, {}, { clocks: testClock() } as never)).rejects.toThrow(
    'unknown option "testSallyport.clocks" (did you mean "testSallyport.clock"?)',
  )
})

test('a service that only verifies stays one', async () => {
  const clock = testClock()
  const issuer = await testIssuer({ audience: 'https://api.example.com', clock })
  const options = { issuers: [issuer.options] }
  const { options: used, sallyport, close } = await testSallyport(createSallyport, options, { clock })
  expect(used.secret).toBeUndefined()
  const token = await issuer.token({ subject: 'ada' })
  expect(await sallyport.tokens.verify(token)).toMatchObject({ kind: 'valid' })
  await Promise.all([close(), issuer.stop()])
})
