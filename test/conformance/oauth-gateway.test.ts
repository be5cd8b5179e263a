import * as oauth from 'oauth4webapi'
import * as oidc from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { type Hosts, startHosts } from '../support/hosts.ts'
import { json, PASSWORD } from './visitor.ts'

// Two libraries that know nothing of this one find the endpoints by the metadata, and use them as an app and as a gateway.
// Nothing is tolerated but http, since the servers are on loopback.

const insecure = { [oauth.allowInsecureRequests]: true } as const
const AGENT = { 'user-agent': 'example-app/1.0' }
const SECRET = 'gateway-secret'
const SIGNED = { introspection_signed_response_alg: 'EdDSA' }

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

describe.each(['express on memory', 'koa on memory', 'fastify on memory'] as const)('on %s', (name) => {
  let hosts: Hosts
  let issuer: URL
  beforeAll(async () => {
    const port = await freePort()
    issuer = new URL(`http://127.0.0.1:${port}`)
    hosts = await startHosts({ PORT: String(port), ISSUER: issuer.origin }, [name])
  })
  afterAll(() => hosts?.close())

  async function signIn(): Promise<Tokens> {
    const { headers, body } = json({ username: 'alice', password: PASSWORD })
    const response = await fetch(new URL('/auth/login', issuer), {
      method: 'POST',
      headers: { ...(headers as Record<string, string>), 'x-token-transport': 'body', ...AGENT },
      body,
    })
    return (await response.json()) as Tokens
  }

  async function opens(token: string): Promise<number> {
    const response = await fetch(new URL('/api/me', issuer), {
      headers: { authorization: `Bearer ${token}` },
    })
    return response.status
  }

  describe('oauth4webapi', () => {
    const app: oauth.Client = { client_id: 'native' }
    const gateway: oauth.Client = { client_id: 'gateway' }
    const signing: oauth.Client = { ...gateway, ...SIGNED }

    async function discovered(): Promise<oauth.AuthorizationServer> {
      const response = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
      return oauth.processDiscoveryResponse(issuer, response)
    }

    async function introspected(
      token: string,
      as: oauth.Client = gateway,
      by: oauth.ClientAuth = oauth.ClientSecretBasic(SECRET),
    ): Promise<oauth.IntrospectionResponse> {
      const server = await discovered()
      const response = await oauth.introspectionRequest(server, as, by, token, insecure)
      const told = await oauth.processIntrospectionResponse(server, as, response)
      if (as === signing) await oauth.validateApplicationLevelSignature(server, response, insecure)
      return told
    }

    async function revoked(token: string, as: oauth.Client, by: oauth.ClientAuth): Promise<void> {
      const response = await oauth.revocationRequest(await discovered(), as, by, token, insecure)
      await oauth.processRevocationResponse(response)
    }

    async function refreshed(token: string): Promise<oauth.TokenEndpointResponse> {
      const server = await discovered()
      const options = { headers: AGENT, ...insecure }
      const response = await oauth.refreshTokenGrantRequest(server, app, oauth.None(), token, options)
      return oauth.processRefreshTokenResponse(server, app, response)
    }

    test.each([
      ['basic', gateway, oauth.ClientSecretBasic(SECRET)],
      ['post', gateway, oauth.ClientSecretPost(SECRET)],
      ['basic, for a signed answer', signing, oauth.ClientSecretBasic(SECRET)],
    ])('asks about tokens, by client_secret_%s', async (_method, as, by) => {
      const tokens = await refreshed((await signIn()).refresh_token)
      const told = await introspected(tokens.access_token, as, by)
      expect(told).toMatchObject({
        active: true,
        client_id: 'native',
        iss: issuer.origin,
        token_type: 'Bearer',
      })
      expect(await introspected('unknown', as, by)).toEqual({ active: false })
      expect(await introspected(tokens.refresh_token ?? '', as, by)).toEqual({ active: false })
    })

    test('revokes an access token as the gateway, and its own session as the app', async () => {
      const tokens = await signIn()
      await revoked(tokens.access_token, gateway, oauth.ClientSecretBasic(SECRET))
      expect(await opens(tokens.access_token)).toBe(401)
      expect(await introspected(tokens.access_token)).toEqual({ active: false })
      const next = await refreshed(tokens.refresh_token)
      expect(await opens(next.access_token)).toBe(200)
      await revoked(next.refresh_token ?? '', app, oauth.None())
      expect(await opens(next.access_token)).toBe(401)
      await expect(refreshed(next.refresh_token ?? '')).rejects.toMatchObject({ error: 'invalid_grant' })
    })

    test('is told what is wrong', async () => {
      const tokens = await signIn()
      await expect(
        introspected(tokens.access_token, gateway, oauth.ClientSecretPost('wrong')),
      ).rejects.toMatchObject({
        ...{ error: 'invalid_client', status: 401 },
      })
      await expect(
        introspected(tokens.access_token, gateway, oauth.ClientSecretBasic('wrong')),
      ).rejects.toMatchObject({ cause: [{ scheme: 'basic' }], status: 401 })
      await expect(revoked(tokens.refresh_token, { client_id: 'web' }, oauth.None())).rejects.toMatchObject({
        ...{ error: 'unauthorized_client', status: 400 },
      })
      expect(await opens(tokens.access_token)).toBe(200)
    })
  })

  describe('openid-client', () => {
    async function configured(
      id: string,
      by: oidc.ClientAuth,
      metadata: Partial<oidc.ClientMetadata> = {},
    ): Promise<oidc.Configuration> {
      const execute = [oidc.allowInsecureRequests]
      return oidc.discovery(issuer, id, metadata, by, { algorithm: 'oauth2', execute })
    }

    test('asks about tokens', async () => {
      const gateway = await configured('gateway', oidc.ClientSecretBasic(SECRET))
      const { access_token: token } = await signIn()
      const told = await oidc.tokenIntrospection(gateway, token, { token_type_hint: 'access_token' })
      expect(told).toMatchObject({ active: true, client_id: 'native' })
      expect(await oidc.tokenIntrospection(gateway, 'unknown')).toEqual({ active: false })
    })

    test('asks for signed answers, and checks them', async () => {
      const gateway = await configured('gateway', oidc.ClientSecretPost(SECRET), SIGNED)
      oidc.enableNonRepudiationChecks(gateway)
      const { access_token: token } = await signIn()
      expect(await oidc.tokenIntrospection(gateway, token)).toMatchObject({ active: true })
      expect(await oidc.tokenIntrospection(gateway, 'unknown')).toEqual({ active: false })
    })

    test('refreshes as the app, and revokes as the gateway', async () => {
      const app = await configured('native', oidc.None())
      app[oidc.customFetch] = (url, init) =>
        fetch(url, { ...init, headers: { ...init.headers, ...AGENT } } as RequestInit)
      const gateway = await configured('gateway', oidc.ClientSecretBasic(SECRET))
      const first = await signIn()
      const next = await oidc.refreshTokenGrant(app, first.refresh_token)
      await oidc.tokenRevocation(gateway, next.refresh_token ?? '', { token_type_hint: 'refresh_token' })
      expect(await opens(next.access_token)).toBe(401)
      expect(await oidc.tokenIntrospection(gateway, next.access_token)).toEqual({ active: false })
      await oidc.tokenRevocation(gateway, next.refresh_token ?? '')
      await expect(oidc.refreshTokenGrant(app, next.refresh_token ?? '')).rejects.toMatchObject({
        error: 'invalid_grant',
      })
    })
  })
})
