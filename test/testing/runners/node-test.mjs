// A test of node:test, as an application would have it. It runs on what is built: see runners.test.ts.
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { after, test } from 'node:test'
import { createSallyport, getAuth } from '@sallyport/fastify'
import { AnswerError, refreshStorm, testSallyport } from '@sallyport/testing'
import fastify from 'fastify'

const { sallyport, clock, signIn, close } = await testSallyport(createSallyport)
after(close)

const app = fastify()
app.register(sallyport.router('refresh', 'logout'), { prefix: '/auth' })
app.get('/me', { onRequest: sallyport.authMiddleware() }, async (request) => ({
  sub: getAuth(request).subject,
}))

test('a token expires, and a refresh gives the next one', async () => {
  const ada = await signIn('ada')
  deepEqual((await app.inject({ url: '/me', headers: ada.headers })).json(), { sub: 'ada' })
  clock.advance({ minutes: 15 })
  equal((await app.inject({ url: '/me', headers: ada.headers })).statusCode, 401)
  const next = await ada.refresh()
  equal((await app.inject({ url: '/me', headers: next.headers })).statusCode, 200)
  await sallyport.sessions.revoke(ada.session)
  await rejects(next.refresh(), AnswerError)
})

test('the rules of a refresh hold', async () => {
  const { rules } = await refreshStorm(app, { signIn, clock, protectedPath: '/me', parallel: 4 })
  equal(rules.length, 9)
})
