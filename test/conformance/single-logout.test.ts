import { createServer } from 'node:http'
import { createSallyport, getAuth } from '@sallyport/express'
import express from 'express'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Listening, listening } from '../support/listening.ts'

const issuer = 'https://auth.example.test'
const audience = 'https://api.example.test'

let signOn: Listening
let service: Listening
/** What the service answers to logout tokens. */
const answers: number[] = []

beforeAll(async () => {
  const [atSignOn, atService] = [createServer(), createServer()]
  signOn = await listening(atSignOn, () => one.close())
  service = await listening(atService, () => other.close())
  const jwks = `${signOn.url}/.well-known/jwks.json`
  const one = await createSallyport({
    ...{ issuer, audience },
    backchannelLogout: { clients: [{ clientId: 'shop', uri: `${service.url}/auth/backchannel-logout` }] },
  })
  const app = express()
  app.get('/sign-in/:subject', (req, res) => one.signIn(req, res, { subject: req.params.subject }))
  app.use('/auth', one.router('logout'))
  app.use(one.router('well-known'))
  atSignOn.on('request', app)

  const other = await createSallyport({
    issuers: [{ issuer, audience, jwks, algorithms: ['EdDSA'] }],
    backchannelLogout: { issuers: [{ issuer, audience: 'shop', jwks }] },
  })
  const shop = express()
  shop.use((_req, res, next) => {
    res.on('finish', () => answers.push(res.statusCode))
    next()
  })
  shop.use('/auth', other.router('backchannel-logout'))
  shop.get('/me', other.authMiddleware(), (req, res) => void res.json({ sub: getAuth(req).subject }))
  atService.on('request', shop)
})
afterAll(async () => {
  await service.close()
  await signOn.close()
})

async function signIn(subject: string): Promise<string> {
  const answer = await fetch(`${signOn.url}/sign-in/${subject}`)
  return ((await answer.json()) as { access_token: string }).access_token
}
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
const statusOf = async (token: string): Promise<number> =>
  (await fetch(`${service.url}/me`, bearer(token))).status

test('a service that only verifies refuses the tokens of a session that has ended at its issuer', async () => {
  const [one, other] = [await signIn('alice'), await signIn('alice')]
  expect(await statusOf(one)).toBe(200)
  expect(await statusOf(other)).toBe(200)
  await fetch(`${signOn.url}/auth/logout`, { method: 'POST', ...bearer(one) })
  await vi.waitFor(async () => expect(await statusOf(one)).toBe(401), { timeout: 2000, interval: 20 })
  expect(await statusOf(other)).toBe(200)
})

test('an issuer whose tokens nobody takes has to say which sessions are meant', async () => {
  const jwks = `${signOn.url}/.well-known/jwks.json`
  const stranger = { issuer: 'https://other.example.test', audience: 'shop', jwks }
  await expect(createSallyport({ backchannelLogout: { issuers: [stranger] } })).rejects.toMatchObject({
    option: 'backchannelLogout.issuers.0.sessions',
  })
  const plain = await createSallyport()
  expect(() => plain.router('backchannel-logout')).toThrow('need the option "backchannelLogout.issuers"')
  await plain.close()
})
