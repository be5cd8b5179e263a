import { createServer } from 'node:http'
import Provider, { type JWK } from 'oidc-provider'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generateSigningKey, privateJwk } from '../../packages/core/src/keys/jwk/jwk.ts'
import { type Listening, listening } from '../support/listening.ts'
import { BETTER_AUTH_SECRET, emptyTables, ORIGIN, onTables } from './better-auth.ts'
import { type Reply, type Send, send } from './client.ts'
import { jsonOf } from './expectations.ts'
import { pageRunner } from './page-runner.ts'
import { bearer, json, signedIn } from './visitor.ts'

const PAGE = 'migrate-better-auth.md'
const SCOPES = ['openid', 'email', 'profile']
const client = {
  ...{ client_id: 'app', client_secret: 'the secret of the application' },
  redirect_uris: [`${ORIGIN}/api/auth/callback/other`],
  id_token_signed_response_alg: 'ES256' as const,
}
const runner = await pageRunner('migrate-better-auth-social')
const key = await generateSigningKey('ES256')
let provided: Listening
let after = ''

beforeAll(async () => {
  const server = createServer()
  provided = await listening(server, () => Promise.resolve())
  const provider = new Provider(provided.url, {
    clients: [client],
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    claims: { email: ['email', 'email_verified'], profile: ['name'] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_ctx, sub) => ({
      accountId: sub,
      claims: () => ({ sub, email: 'ada@example.com', email_verified: true, name: 'Ada' }),
    }),
    async loadExistingGrant({ oidc }) {
      const grant = new provider.Grant({
        clientId: client.client_id,
        accountId: `${oidc.session?.accountId}`,
      })
      grant.addOIDCScope(SCOPES.join(' '))
      await grant.save()
      return grant
    },
    jwks: { keys: [privateJwk(key) as JWK] },
    cookies: { keys: ['a key for nothing but these tests'] },
    pkce: { required: () => true },
  })
  const answer = provider.callback()
  server.on('request', (req, res) => {
    // The page on which somebody would type a password there.
    if (req.url?.startsWith('/interaction/'))
      void provider.interactionFinished(req, res, { login: { accountId: 'ada' } })
    else void answer(req, res)
  })

  process.env.BETTER_AUTH_SECRET = BETTER_AUTH_SECRET
  Object.assign(globalThis, { oldTables: emptyTables() })
  const other = {
    ...{ providerId: 'other', clientId: client.client_id, clientSecret: client.client_secret },
    ...{ discoveryUrl: `${provided.url}/.well-known/openid-configuration`, scopes: SCOPES },
  }
  after = await runner.run(PAGE, 1, onTables(`genericOAuth({ config: [${JSON.stringify(other)}] })`))
})
afterAll(async () => {
  runner.stop()
  await provided.close()
})

/** A browser, as far as it keeps the cookies of one host. */
class Browser {
  readonly #cookies = new Map<string, string>()
  readonly #url: string
  constructor(url: string) {
    this.#url = url
  }
  async send(request: Send): Promise<Reply> {
    const cookie = [...this.#cookies].map((pair) => pair.join('=')).join('; ')
    const headers = { ...request.headers, ...(cookie === '' ? {} : { cookie }) }
    const reply = await send(this.#url, { ...request, headers })
    for (const field of reply.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(field) ?? []
      value === '' ? this.#cookies.delete(name) : this.#cookies.set(name, value)
    }
    return reply
  }
}

test('whoever comes back from another provider is exchanged as well', async () => {
  const [browser, there] = [new Browser(after), new Browser(provided.url)]
  const begin = { provider: 'other', callbackURL: '/signed-in' }
  const begun = await browser.send({ method: 'POST', path: '/api/auth/sign-in/social', ...json(begin) })
  let { url: at } = JSON.parse(begun.text) as { url: string }
  while (!at.startsWith(ORIGIN)) {
    const { pathname, search } = new URL(at)
    const reply = await there.send({ path: pathname + search })
    expect(reply.status, reply.text).toBe(303)
    at = new URL(`${reply.headers.location}`, provided.url).href
  }
  const { pathname, search } = new URL(at)
  const back = await browser.send({ path: pathname + search })
  expect(back.headers.location).toEqual(['/signed-in'])

  const exchanged = await browser.send({ method: 'POST', path: '/auth/exchange' })
  const { token, sub } = signedIn(exchanged)
  expect(jsonOf(await send(after, { path: '/api/me', headers: bearer(token) }))).toEqual({ sub })
  expect((await browser.send({ method: 'POST', path: '/auth/exchange' })).status).toBe(401)
})
