import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSallyport, memoryStore, type Sallyport } from '@sallyport/core'
import {
  type AuthorizationServer,
  allowInsecureRequests,
  ClientSecretBasic,
  clientCredentialsGrantRequest,
  discoveryRequest,
  processClientCredentialsResponse,
  processDiscoveryResponse,
  revocationRequest,
} from 'oauth4webapi'
import Provider, { type JWK } from 'oidc-provider'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { generateSigningKey, privateJwk } from '../../packages/core/src/keys/jwk/jwk.ts'
import { type TurnedClock, turnedClock } from '../support/turned-clock.ts'
import { API, decisionOn, statusOf } from './introspecting.ts'

const insecure = { [allowInsecureRequests]: true }
const machine = { client_id: 'machine', client_secret: 'machine-machine-machine-machine' }
/** The client as which we ask. Its secret has what a careless encoding of the header would break. */
const asking = { client_id: 'our api', client_secret: 'our:api+our%api/our=api&our api' }

let server: Server
let issuer: string
let provider: Provider
let metadata: AuthorizationServer
let clock: TurnedClock
const open: Sallyport[] = []

beforeAll(async () => {
  server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const none = { redirect_uris: [], response_types: [] }
  provider = new Provider(issuer, {
    jwks: { keys: [privateJwk(await generateSigningKey('RS256')) as JWK] },
    clients: [
      { ...machine, ...none, grant_types: ['client_credentials'] },
      { ...asking, ...none, grant_types: [] },
    ],
    scopes: ['read', 'write'],
    ttl: { ClientCredentials: 600, AccessToken: 600, RefreshToken: 600 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx, resource) => ({
          scope: 'read write',
          audience: resource,
          accessTokenFormat: 'opaque',
        }),
      },
    },
  })
  server.on('request', provider.callback())
  const url = new URL(issuer)
  metadata = await processDiscoveryResponse(url, await discoveryRequest(url, insecure))
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  clock = turnedClock(Date.now())
})
afterEach(async () => {
  for (const sallyport of open.splice(0)) await sallyport.close()
})

async function site(clientSecret: string = asking.client_secret): Promise<Sallyport> {
  const sallyport = await createSallyport({
    ...{ audience: API, store: memoryStore(), clock },
    secret: 'a secret of the test, with its 32 bytes',
    issuers: [
      {
        ...{ issuer, audience: API, discovery: true },
        introspection: { clientId: asking.client_id, clientSecret },
      },
    ],
  })
  open.push(sallyport)
  return sallyport
}

async function accessToken(resource: string = API): Promise<string> {
  const answer = await clientCredentialsGrantRequest(
    metadata,
    machine,
    ClientSecretBasic(machine.client_secret),
    { resource, scope: 'read' },
    insecure,
  )
  return (await processClientCredentialsResponse(metadata, machine, answer)).access_token
}

/** What the provider would give to a user's client. */
async function ofUser(kind: 'AccessToken' | 'RefreshToken', more: object = {}): Promise<string> {
  const client = await provider.Client.find(machine.client_id)
  if (client === undefined) throw new Error('no such client')
  const members = { accountId: 'alice', client, scope: 'read write', gty: 'authorization_code', ...more }
  return new provider[kind](members as never).save()
}

test('an opaque token of a real provider is accepted', async () => {
  const token = await accessToken()
  expect(token).not.toContain('.')
  expect(await decisionOn(await site(), token)).toMatchObject({
    kind: 'allow',
    auth: {
      ...{ own: false, issuer, subject: machine.client_id, client: machine.client_id },
      ...{ scopes: ['read'], kid: undefined, claims: { aud: API } },
    },
  })
})

test('an opaque token of its user is accepted, in the name of the user', async () => {
  expect(await decisionOn(await site(), await ofUser('AccessToken', { aud: API }))).toMatchObject({
    auth: { subject: 'alice', client: machine.client_id, scopes: ['read', 'write'] },
  })
})

test('its tokens for other APIs, its refresh tokens and its bound tokens are refused', async () => {
  const sallyport = await site()
  for (const token of [
    await accessToken('https://other.example.com'),
    await ofUser('AccessToken'),
    await ofUser('RefreshToken'),
    await ofUser('AccessToken', { aud: API, jkt: 'a'.repeat(43) }),
    'made-up',
  ])
    expect(await statusOf(sallyport, token)).toBe(401)
})

test('a token that is revoked there is refused here, 30 seconds later at most', async () => {
  const sallyport = await site()
  const token = await accessToken()
  expect(await statusOf(sallyport, token)).toBe(200)
  const secret = ClientSecretBasic(machine.client_secret)
  expect((await revocationRequest(metadata, machine, secret, token, insecure)).status).toBe(200)
  clock.turn(30_000)
  expect(await statusOf(sallyport, token)).toBe(401)
})

test('a wrong secret of our client is 503 for whoever calls, and told to the operator', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockReturnValue()
  const sallyport = await site('another')
  expect(await statusOf(sallyport, await accessToken())).toBe(503)
  expect(await statusOf(sallyport, await accessToken())).toBe(503)
  expect(warned.mock.calls.map(([message]) => message)).toEqual([
    `the issuer "${issuer}" cannot be asked about opaque tokens: it answered 401`,
  ])
  warned.mockRestore()
})
