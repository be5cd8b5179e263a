import * as DPoP from 'dpop'
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Hosts, startHosts } from '../support/hosts.ts'
import { PASSWORD } from './visitor.ts'

// What a client that follows the RFCs does, with a library that knows nothing of this one.

const names = ['express on memory', 'koa on memory', 'fastify on memory'] as const
const insecure = { [oauth.allowInsecureRequests]: true } as const
interface Holder {
  readonly keys: DPoP.KeyPair
  readonly handle: oauth.DPoPHandle
}

/** A session is bound to the program that signed in. */
const AGENT = { 'user-agent': 'example-app/1.0' }

const client: oauth.Client = { client_id: 'native' }

describe.each(['off', 'on'] as const)('with nonces %s', (DPOP_NONCE) => {
  let hosts: Hosts
  beforeAll(async () => {
    hosts = await startHosts({ DPOP_NONCE, ISSUER: 'http://127.0.0.1' }, names)
  })
  afterAll(() => hosts?.close())

  describe.each(names)('on %s', (name) => {
    const urlOf = (path: string): URL => new URL(path, hosts.named(name).url)

    /** The server as its metadata describes it, at the address where it is. */
    async function discovered(): Promise<oauth.AuthorizationServer> {
      const issuer = new URL('http://127.0.0.1')
      const response = await fetch(urlOf('/.well-known/oauth-authorization-server'))
      const server = await oauth.processDiscoveryResponse(issuer, response)
      return { ...server, token_endpoint: urlOf(new URL(server.token_endpoint ?? '').pathname).href }
    }

    async function holder(): Promise<Holder> {
      const keys = await oauth.generateKeyPair('ES256')
      return { keys, handle: oauth.DPoP(client, keys) }
    }

    /** Signs in with a proof, and once more if it needs a nonce. */
    async function signIn({ keys }: Holder): Promise<{ access_token: string; refresh_token: string }> {
      const url = urlOf('/auth/login')
      const body = JSON.stringify({ username: 'alice', password: PASSWORD })
      const send = async (nonce?: string) => {
        const proof = await DPoP.generateProof(keys, url.href, 'POST', nonce)
        const headers = {
          'content-type': 'application/json',
          'x-token-transport': 'body',
          dpop: proof,
          ...AGENT,
        }
        return fetch(url, { method: 'POST', headers, body })
      }
      const first = await send()
      const nonce = first.headers.get('dpop-nonce') ?? undefined
      const response = first.status === 400 ? await send(nonce) : first
      expect(response.status).toBe(200)
      return (await response.json()) as { access_token: string; refresh_token: string }
    }

    async function exchanged({ handle }: Holder, refreshToken: string): Promise<oauth.TokenEndpointResponse> {
      const server = await discovered()
      const attempt = async () => {
        const options = { DPoP: handle, headers: AGENT, ...insecure }
        const response = await oauth.refreshTokenGrantRequest(
          server,
          client,
          oauth.None(),
          refreshToken,
          options,
        )
        return oauth.processRefreshTokenResponse(server, client, response)
      }
      return attempt().catch((cause: unknown) => {
        if (oauth.isDPoPNonceError(cause)) return attempt()
        throw cause
      })
    }

    async function asked(
      token: string,
      method: string,
      path: string,
      holder: Holder | undefined,
      json?: object,
    ): Promise<Response> {
      const headers = new Headers(json === undefined ? {} : { 'content-type': 'application/json' })
      const body = json === undefined ? null : JSON.stringify(json)
      const options = { ...insecure, ...(holder === undefined ? {} : { DPoP: holder.handle }) }
      const attempt = () => oauth.protectedResourceRequest(token, method, urlOf(path), headers, body, options)
      return attempt().catch((cause: unknown) => {
        if (oauth.isDPoPNonceError(cause)) return attempt()
        throw cause
      })
    }

    test('a client with a key signs in, refreshes and calls', async () => {
      const dpop = await holder()
      const first = await signIn(dpop)
      expect((await asked(first.access_token, 'GET', '/api/me', dpop)).status).toBe(200)
      const next = await exchanged(dpop, first.refresh_token)
      expect(next.token_type).toBe('dpop')
      expect((await asked(next.access_token, 'GET', '/api/me', dpop)).status).toBe(200)
    })

    test('a gateway is told to which key a token is bound', async () => {
      const { access_token: token } = await signIn(await holder())
      const server = await discovered()
      const endpoint = urlOf(new URL(server.introspection_endpoint ?? '').pathname).href
      const [as, gateway] = [{ ...server, introspection_endpoint: endpoint }, { client_id: 'gateway' }]
      const by = oauth.ClientSecretBasic('gateway-secret')
      const response = await oauth.introspectionRequest(as, gateway, by, token, insecure)
      expect(await oauth.processIntrospectionResponse(as, gateway, response)).toMatchObject({
        ...{ active: true, token_type: 'DPoP', cnf: { jkt: expect.stringMatching(/^[\w-]{43}$/) } },
      })
    })

    test('a thief without the key gets nowhere, and one with another key neither', async () => {
      const first = await signIn(await holder())
      const thief = await holder()
      await expect(asked(first.access_token, 'GET', '/api/me', undefined)).rejects.toMatchObject({
        cause: expect.arrayContaining([
          expect.objectContaining({
            scheme: 'bearer',
            parameters: expect.objectContaining({ error: 'invalid_token' }),
          }),
        ]),
      })
      await expect(asked(first.access_token, 'GET', '/api/me', thief)).rejects.toBeInstanceOf(
        oauth.WWWAuthenticateChallengeError,
      )
      await expect(exchanged(thief, first.refresh_token)).rejects.toMatchObject({
        error: 'invalid_dpop_proof',
      })
    })

    test('a client is asked for a step-up, has the user authenticate, and tries again', async () => {
      const dpop = await holder()
      const { access_token: token } = await signIn(dpop)
      const order = { to: 'bob', amount: 5 }
      const fault = await asked(token, 'POST', '/api/transfer', dpop, order).catch((cause: unknown) => cause)
      if (!(fault instanceof oauth.WWWAuthenticateChallengeError)) throw fault
      expect(fault.status).toBe(401)
      const [challenge] = fault.cause
      expect(challenge?.parameters).toMatchObject({
        error: 'insufficient_user_authentication',
        ...{ acr_values: 'urn:example:step-up', max_age: '300' },
      })
      const answer = await asked(token, 'POST', '/auth/step-up', dpop, { password: PASSWORD })
      const { access_token: raised } = (await answer.json()) as { access_token: string }
      const accepted = await asked(raised, 'POST', '/api/transfer', dpop, order)
      expect(await accepted.json()).toEqual({ accepted: true })
    })
  })
})
