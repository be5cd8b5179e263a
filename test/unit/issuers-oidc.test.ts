import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSallyport, memoryStore } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { jwtVerify } from 'jose'
import {
  type AuthorizationServer,
  allowInsecureRequests,
  ClientSecretBasic,
  clientCredentialsGrantRequest,
  discoveryRequest,
  processClientCredentialsResponse,
  processDiscoveryResponse,
} from 'oauth4webapi'
import Provider, { type Configuration, type JWK } from 'oidc-provider'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRemoteKeys, type RemoteKeys } from '../../packages/core/src/issuers/remote.ts'
import { generateSigningKey, privateJwk } from '../../packages/core/src/keys/jwk/jwk.ts'
import { issuersRoom } from '../../packages/core/src/options/issuers/index.ts'
import type { SigningAlgorithm } from '../../packages/core/src/ports/signer.ts'
import { turnedClock } from '../support/turned-clock.ts'
import { viewOf } from './view.ts'

const API = 'https://api.example.com'
const ALGORITHMS = ['ES256', 'EdDSA', 'RS256', 'PS256'] as const
const insecure = { [allowInsecureRequests]: true }
/** The provider issues tokens for the one API, signed by what the client names as their scope. */
const client = { client_id: 'machine', client_secret: 'machine-machine-machine-machine' }

let server: Server
let issuer: string
let provider: AuthorizationServer
const notices: string[] = []

/** The real provider at a port of its own; its name has to be known before it is made. */
beforeAll(async () => {
  server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const keys = await Promise.all(ALGORITHMS.map(generateSigningKey))
  server.on('request', new Provider(issuer, configuration(keys.map(privateJwk) as JWK[])).callback())
  const url = new URL(issuer)
  const answer = await discoveryRequest(url, insecure)
  provider = await processDiscoveryResponse(url, answer)
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

function configuration(keys: JWK[]): Configuration {
  return {
    jwks: { keys },
    clients: [{ ...client, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }],
    scopes: [...ALGORITHMS],
    ttl: { ClientCredentials: 600 },
    enabledJWA: { idTokenSigningAlgValues: [...ALGORITHMS, 'Ed25519'] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (ctx) => ({
          scope: ALGORITHMS.join(' '),
          audience: API,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: ctx.oidc.params?.scope as SigningAlgorithm } },
        }),
      },
    },
  }
}

async function accessToken(alg: SigningAlgorithm): Promise<string> {
  const answer = await clientCredentialsGrantRequest(
    provider,
    client,
    ClientSecretBasic(client.client_secret),
    { resource: API, scope: alg },
    insecure,
  )
  return (await processClientCredentialsResponse(provider, client, answer)).access_token
}
function remoteKeys(): RemoteKeys {
  const trusted = { issuer, audience: API, discovery: true, algorithms: [...ALGORITHMS] }
  const [settings] = issuersRoom.read({ issuers: [trusted] }, false).issuers
  if (settings?.keys === undefined) throw new Error('no issuer with keys was parsed')
  return createRemoteKeys({ ...settings, keys: settings.keys }, turnedClock(), (message) =>
    notices.push(message),
  )
}

describe('the keys of a real provider, found by its metadata,', () => {
  test.each(ALGORITHMS)('verify its access token that is signed by %s', async (alg) => {
    const keys = remoteKeys()
    const { payload, protectedHeader } = await jwtVerify(
      await accessToken(alg),
      async (header) => {
        const found = await keys.find(header.kid, header.alg)
        if (found.kind !== 'found') throw new Error(`the key is ${found.kind}`)
        return found.key.publicKey
      },
      { issuer, audience: API, typ: 'at+jwt', algorithms: [alg] },
    )
    expect(protectedHeader).toMatchObject({ alg, typ: 'at+jwt' })
    expect(payload).toMatchObject({ iss: issuer, aud: API, client_id: client.client_id })
    expect(notices).toEqual([])
  })

  test('are not those that another token names', async () => {
    const keys = remoteKeys()
    await keys.start()
    expect(keys.find('other', 'ES256')).toEqual({ kind: 'unknown' })
  })

  test.each(ALGORITHMS)('let a request with a token that is signed by %s through', async (alg) => {
    const sallyport = await createSallyport({
      audience: API,
      store: memoryStore(),
      issuers: [{ issuer, audience: API, discovery: true, algorithms: [...ALGORITHMS] }],
    })
    const ask = async (token: string) =>
      gateOf(sallyport).verifier({ issuers: 'all' })(
        viewOf({ headers: { authorization: `Bearer ${token}` } }),
      )
    const token = await accessToken(alg)
    expect(await ask(token)).toMatchObject({
      kind: 'allow',
      auth: { subject: client.client_id, client: client.client_id, scopes: [alg], claims: { iss: issuer } },
    })
    expect(await ask(`${token.slice(0, -8)}AAAAAAAA`)).toMatchObject({
      kind: 'refuse',
      answer: { status: 401 },
    })
    await sallyport.close()
  })
})
