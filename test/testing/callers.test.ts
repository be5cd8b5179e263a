import type { SallyportOptions } from '@sallyport/core'
import { AnswerError, type TokenFault } from '@sallyport/testing'
import supertest from 'supertest'
import { afterEach, describe, expect, test } from 'vitest'
import { frameworks, onExpress, onFastify, type Tested } from './apps.ts'

const opened: Tested[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})
async function opening<T extends Tested>(tested: Promise<T>): Promise<T> {
  const one = await tested
  opened.push(one)
  return one
}

/** Why each is refused, as the event says. */
const faults: readonly (readonly [TokenFault, string])[] = [
  ['expired', 'token_expired'],
  ['not_yet_valid', 'token_early'],
  ['wrong_audience', 'token_audience'],
  ['wrong_issuer', 'token_key'],
  ['forged', 'token_signature'],
  ['revoked', 'token_revoked'],
]

describe.each(frameworks)('callers on %s', (_name, start) => {
  test('have headers that the application accepts', async () => {
    const { signIn, send, events } = await opening<Tested>(start())
    const ada = await signIn('ada', { scope: ['profile:read'] })
    expect(await send('GET', '/me', ada.headers)).toMatchObject({ status: 200, body: '{"sub":"ada"}' })
    expect(events.find(({ event }) => event === 'session.started')).toMatchObject({ sid: ada.session })
    expect(ada).toMatchObject({ subject: 'ada', tokenType: 'Bearer', refreshToken: undefined })
  })

  test.each(faults)('with the fault "%s" are refused for that reason: %s', async (token, reason) => {
    const { signIn, send, events } = await opening<Tested>(start())
    const ada = await signIn('ada', { token })
    expect((await send('GET', '/me', ada.headers)).status).toBe(401)
    expect(events.at(-1)).toMatchObject({ event: 'token.refused', reason })
    const bob = await signIn('bob')
    expect((await send('GET', '/me', bob.headers)).status).toBe(200)
  })

  test('refresh by the application or without it, and go on from its answers', async () => {
    const { signIn, send } = await opening<Tested>(start())
    const ada = await signIn('ada')
    const second = ada.after(await send('POST', '/auth/refresh', ada.headers))
    expect(second.headers.cookie).not.toBe(ada.headers.cookie)
    expect(second.accessToken).not.toBe(ada.accessToken)
    const third = await second.refresh()
    expect((await send('GET', '/me', third.headers)).status).toBe(200)
    const gone = third.after(await send('POST', '/auth/logout', third.headers))
    expect(gone.headers.cookie).toBeUndefined()
    expect((await send('GET', '/me', third.headers)).status).toBe(401)
    const refused = await third.refresh().catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(AnswerError)
    expect(refused).toMatchObject({ status: 401, error: 'invalid_grant' })
  })

  test('step up, and no longer count as that when it is over', async () => {
    const { signIn, send, clock } = await opening<Tested>(start())
    const ada = await signIn('ada')
    expect((await send('GET', '/fresh', ada.headers)).status).toBe(401)
    const stepped = await ada.stepUp({ acr: 'two-factors' })
    expect((await send('GET', '/fresh', stepped.headers)).status).toBe(200)
    const bob = await signIn('bob', { steppedUp: { acr: 'two-factors' } })
    expect((await send('GET', '/fresh', bob.headers)).status).toBe(200)
    clock.advance({ seconds: 301 })
    expect((await send('GET', '/fresh', bob.headers)).status).toBe(401)
  })

  test.each([
    ['', { dpop: 'required' }],
    [', which needs a nonce', { dpop: { nonce: true } }],
    [' for an origin of the options', { dpop: { origins: ['https://api.example.com'] } }],
  ] as const)('prove that they hold a key%s', async (_how, options: SallyportOptions) => {
    const { signIn, send, clock } = await opening<Tested>(start(options))
    const ada = await signIn('ada', { dpop: true })
    expect(ada.tokenType).toBe('DPoP')
    expect((await send('GET', '/me', ada.headers)).status).toBe(401)
    const proven = await ada.headersFor('GET', '/me')
    expect((await send('GET', '/me', proven)).status).toBe(200)
    expect((await send('GET', '/me', proven)).status).toBe(401)
    clock.advance({ minutes: 10 })
    const later = await (await ada.refresh()).stepUp({ acr: 'two-factors' })
    expect((await send('GET', '/fresh', await later.headersFor('GET', '/fresh'))).status).toBe(200)
  })

  test('without cookies have their refresh token in the body', async () => {
    const { signIn, send } = await opening<Tested>(start())
    const ada = await signIn('ada', { transport: 'body', client: 'native' })
    expect(ada.cookies).toEqual({})
    const next = await ada.refresh()
    expect(next.refreshToken).not.toBe(ada.refreshToken)
    expect((await send('GET', '/me', next.headers)).status).toBe(200)
  })
})

test.each(['encrypted', 'reference'] as const)(
  'the faults are those of %s tokens, too',
  async (accessToken) => {
    const { signIn, send, events } = await opening(onExpress({ accessToken }))
    const statuses = await Promise.all(
      (['expired', 'not_yet_valid', 'forged', 'revoked', undefined] as const).map(async (token) => {
        const { headers } = await signIn('ada', { token })
        return (await send('GET', '/me', headers)).status
      }),
    )
    expect(statuses).toEqual([401, 401, 401, 401, 200])
    expect(events.filter(({ event }) => event === 'token.refused')).toHaveLength(4)
  },
)

test('a reference token has no wrong audience', async () => {
  const { signIn } = await opening(onExpress({ accessToken: 'reference' }))
  await expect(signIn('ada', { token: 'wrong_audience' })).rejects.toThrow('names no audience')
})

test('supertest and its agents take the headers in one line', async () => {
  const { signIn, app } = await opening(onExpress({ cookie: { secure: false } }))
  const ada = await signIn('ada')
  await supertest(app).get('/me').set(ada.headers).expect(200)
  const agent = supertest.agent(app).set(ada.headers)
  await agent.post('/auth/refresh').expect(200)
  await agent.post('/auth/refresh').expect(200)
  await agent.post('/auth/logout').expect(204)
  await agent.get('/me').expect(401)
})

test('inject of Fastify takes the headers in one line, and its answers lead on', async () => {
  const { signIn, app } = await opening(onFastify())
  const ada = await signIn('ada', { keyed: true })
  expect((await app.inject({ url: '/me', headers: ada.headers })).statusCode).toBe(200)
  const answer = await app.inject({ method: 'POST', url: '/auth/refresh', headers: ada.headers })
  const next = ada.after(answer)
  expect((await app.inject({ url: '/me', headers: next.headers })).statusCode).toBe(200)
})

test('the answer of a fetch leads on, too', async () => {
  const { signIn, url } = await opening(onExpress())
  const ada = await signIn('ada')
  const answer = await fetch(`${url}/auth/refresh`, { method: 'POST', headers: ada.headers })
  const next = ada.after({ headers: answer.headers, body: await answer.text() })
  expect((await fetch(`${url}/me`, { headers: next.headers })).status).toBe(200)
  expect(next.accessToken).not.toBe(ada.accessToken)
})

test('callers have the cookies of the application until it deletes them', async () => {
  const { signIn, app } = await opening(onExpress())
  app.post('/cookies', (_req, res) => {
    res.cookie('theme', 'dark mode').cookie('seen', '1').cookie('cart', 'full')
    res.end()
  })
  app.delete('/cookies', (_req, res) => {
    res.clearCookie('theme').append('set-cookie', 'seen=; Max-Age=-1')
    res.cookie('cart', 'fuller', { expires: new Date(Date.now() + 60_000) })
    // Max-Age counts where both are there (RFC 6265, section 4.1.2.2).
    res.append('set-cookie', 'kept=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60')
    res.append('set-cookie', 'no cookie')
    res.end()
  })
  const ada = await signIn('ada')
  const chosen = ada.after(await supertest(app).post('/cookies').set(ada.headers))
  expect(chosen.cookies).toEqual({ ...ada.cookies, theme: 'dark%20mode', seen: '1', cart: 'full' })
  expect(chosen.headers.cookie).toContain('theme=dark%20mode; seen=1; cart=full')
  const left = chosen.after(await supertest(app).delete('/cookies').set(chosen.headers))
  expect(left.cookies).toEqual({ ...ada.cookies, cart: 'fuller', kept: '1' })
})

test('a sign-in that the library refuses says so', async () => {
  const { signIn } = await opening(onExpress())
  await expect(signIn('ada', { dpop: true, scope: ['no scope'] })).rejects.toThrow(TypeError)
  await expect(opening(onExpress({ dpop: 'required' })).then((one) => one.signIn('ada'))).rejects.toThrow(
    /^the sign-in of "ada" was answered 400 \(invalid_dpop_proof\)/,
  )
})
