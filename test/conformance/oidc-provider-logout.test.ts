import { createServer } from 'node:http'
import { createSallyport, getAuth } from '@sallyport/express'
import express from 'express'
import Provider, { type JWK } from 'oidc-provider'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generateSigningKey, privateJwk } from '../../packages/core/src/keys/jwk/jwk.ts'
import { type Listening, listening } from '../support/listening.ts'

/** The sending side, which is not ours. */
interface SendingClient {
  backchannelLogout(sub: string, sid: string): Promise<void>
}

const key = await generateSigningKey('ES256')
let provider: Provider
let provided: Listening
let app: Listening
let signIn: (subject: string) => Promise<{ token: string; sid: string }>
const ended: (readonly [reason: string, sid: string | undefined])[] = []

/** Which session here began with which session of the provider. */
const sessionsBySid = new Map<string, string>()

beforeAll(async () => {
  const server = createServer()
  provided = await listening(server, () => Promise.resolve())
  const application = createServer()
  app = await listening(application, () => sallyport.close())
  provider = new Provider(provided.url, {
    clients: [
      {
        ...{ client_id: 'app', client_secret: 'app-app-app-app-app-app-app-app-app-app' },
        ...{ redirect_uris: [`${app.url}/callback`], id_token_signed_response_alg: 'ES256' },
        backchannel_logout_uri: `${app.url}/auth/backchannel-logout`,
        backchannel_logout_session_required: true,
      },
    ],
    features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: false } },
    jwks: { keys: [privateJwk(key) as JWK] },
    cookies: { keys: ['a key for nothing but these tests'] },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    // Its own dispatcher refuses loopback.
    fetch: (url, { dispatcher: _refuses, ...options } = {}) => fetch(url, options),
  })
  server.on('request', provider.callback())
  const sallyport = await createSallyport({
    backchannelLogout: {
      issuers: [
        {
          ...{ issuer: provided.url, audience: 'app', discovery: true },
          sessions: ({ sid = '' }) => ({ sessions: [sessionsBySid.get(sid) ?? ''].filter(Boolean) }),
        },
      ],
    },
  })
  sallyport.on('event', (event) => {
    if (event.event === 'session.ended') ended.push([event.reason, event.sid])
  })
  const routes = express()
  routes.get('/sign-in/:subject', (req, res) => sallyport.signIn(req, res, { subject: req.params.subject }))
  routes.get('/me', sallyport.authMiddleware(), (req, res) => void res.json({ sid: getAuth(req).session }))
  routes.use('/auth', sallyport.router('backchannel-logout'))
  application.on('request', routes)
  signIn = async (subject) => {
    const answer = await fetch(`${app.url}/sign-in/${subject}`)
    const { access_token: token } = (await answer.json()) as { access_token: string }
    const me = await fetch(`${app.url}/me`, { headers: { authorization: `Bearer ${token}` } })
    return { token, sid: ((await me.json()) as { sid: string }).sid }
  }
})
afterAll(async () => {
  await app.close()
  await provided.close()
})

test('a session that ends at oidc-provider ends here', async () => {
  const [one, other] = [await signIn('alice'), await signIn('alice')]
  sessionsBySid.set('provider-session-1', one.sid)
  sessionsBySid.set('provider-session-2', other.sid)
  const client = (await provider.Client.find('app')) as unknown as SendingClient
  await client.backchannelLogout('alice', 'provider-session-1')
  const statusOf = async ({ token }: { token: string }): Promise<number> =>
    (await fetch(`${app.url}/me`, { headers: { authorization: `Bearer ${token}` } })).status
  expect(await statusOf(one)).toBe(401)
  expect(await statusOf(other)).toBe(200)
  expect(ended).toEqual([['backchannel_logout', one.sid]])
  // One that we do not know ends nothing, and is answered all the same.
  await client.backchannelLogout('alice', 'provider-session-3')
  expect(await statusOf(other)).toBe(200)
})
