import { fetchDocument } from './document.ts'
import { secureUrl } from './secure-url.ts'

export type Discovered =
  | { readonly kind: 'found'; readonly jwks: URL }
  | { readonly kind: 'failed'; readonly reason: string }

/**
 * Finds the URL of an issuer's JWK Set in its OpenID provider configuration, or, if it has none (404), in its
 * authorization server metadata. Either must name exactly this issuer.
 *
 * @see [OpenID Connect Discovery 1.0, section 4](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig)
 * @see [RFC 8414, section 3](https://www.rfc-editor.org/rfc/rfc8414.html#section-3)
 */
export async function discoverKeys(issuer: string, url: URL, signal: AbortSignal): Promise<Discovered> {
  const path = url.pathname.replace(/\/$/, '')
  const at = (pathname: string): URL => Object.assign(new URL(url), { pathname })
  const configuration = await fetchDocument(at(`${path}/.well-known/openid-configuration`), signal)
  const document =
    configuration.kind === 'absent'
      ? await fetchDocument(at(`/.well-known/oauth-authorization-server${path}`), signal)
      : configuration
  return document.kind === 'read'
    ? readMetadata(document.json, issuer, url)
    : { kind: 'failed', reason: `its metadata cannot be read: ${document.reason}` }
}

/**
 * Takes the URL of the JWK Set from the metadata of exactly this issuer. It must use https, or may use http if the URL
 * of the issuer does.
 */
export function readMetadata(metadata: unknown, issuer: string, url: URL): Discovered {
  const { issuer: namedIssuer, jwks_uri: address } = Object(metadata)
  if (namedIssuer !== issuer) return { kind: 'failed', reason: 'its metadata names another issuer' }
  if (typeof address !== 'string') return { kind: 'failed', reason: 'its metadata names no JWK Set' }
  const jwks = secureUrl(address)
  // Plain http is allowed on loopback only, and a remote issuer must not direct requests to this machine.
  return jwks === undefined || (jwks.protocol === 'http:' && url.protocol !== 'http:')
    ? { kind: 'failed', reason: 'its metadata names a JWK Set that is not on https' }
    : { kind: 'found', jwks }
}
