import {
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  ClientSecretBasic,
  calculatePKCECodeChallenge,
  discoveryRequest,
  generateRandomCodeVerifier,
  generateRandomState,
  getValidatedIdTokenClaims,
  processAuthorizationCodeResponse,
  processDiscoveryResponse,
  validateAuthResponse,
} from 'oauth4webapi'
import Provider, { type JWK } from 'oidc-provider'
import { generateSigningKey, privateJwk } from '../../packages/core/src/keys/jwk/jwk.ts'
import { type Site, startSite } from './site.ts'

const client = {
  client_id: 'app',
  client_secret: 'app-app-app-app-app-app-app-app-app-app',
  id_token_signed_response_alg: 'ES256',
} as const
const insecure = { [allowInsecureRequests]: true }

/** A real OpenID provider, where anybody logs in by any name. */
export async function startProvider(redirectUris: readonly string[]): Promise<Site> {
  const site = await startSite()
  const key = await generateSigningKey('ES256')
  const provider = new Provider(site.numeric, {
    clients: [{ ...client, redirect_uris: [...redirectUris] }],
    jwks: { keys: [privateJwk(key) as JWK] },
    cookies: { keys: ['a key for nothing but these tests'] },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
  })
  site.serve(provider.callback())
  return site
}

/** Log-ins of an application at a provider: OpenID Connect, by the code flow with `state` and PKCE. */
export interface Logins {
  /** Where to send the browser, and a cookie by which it is known when it comes back. */
  begin(): Promise<{ readonly url: string; readonly cookie: string }>
  /** The user who logged in, by the callback's target and cookies; nobody where this browser began no such log-in. */
  finish(target: string, cookies: string | undefined): Promise<string | undefined>
}

export function createLogins(issuer: string, redirectUri: string): Logins {
  const url = new URL(issuer)
  const discovered = async () => processDiscoveryResponse(url, await discoveryRequest(url, insecure))
  const authenticate = ClientSecretBasic(client.client_secret)
  return {
    async begin() {
      const { authorization_endpoint: endpoint = '' } = await discovered()
      const [state, verifier] = [generateRandomState(), generateRandomCodeVerifier()]
      const query = new URLSearchParams({
        client_id: client.client_id,
        redirect_uri: redirectUri,
        response_type: 'code',
        scope: 'openid',
        state,
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
      // Lax: it has to come along when the provider sends the browser back.
      const cookie = `login=${state}.${verifier}; Path=/callback; HttpOnly; SameSite=Lax`
      return { url: `${endpoint}?${query}`, cookie }
    },
    async finish(target, cookies = '') {
      const answer = new URL(target, redirectUri)
      const [, state, verifier] = /(?:^|; )login=([\w-]+)\.([\w-]+)/.exec(cookies) ?? []
      if (state === undefined || verifier === undefined || answer.searchParams.get('state') !== state)
        return undefined
      const provider = await discovered()
      const code = validateAuthResponse(provider, client, answer, state)
      const response = await authorizationCodeGrantRequest(
        provider,
        client,
        authenticate,
        code,
        redirectUri,
        verifier,
        insecure,
      )
      const tokens = await processAuthorizationCodeResponse(provider, client, response, {
        requireIdToken: true,
      })
      return getValidatedIdTokenClaims(tokens)?.sub
    },
  }
}
