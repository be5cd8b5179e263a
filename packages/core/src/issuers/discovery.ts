import { fetchDocument } from './document.ts'
import { secureUrl } from './secure-url.ts'

export type Discovered =
  | { readonly kind: 'found'; readonly jwks: URL }
  | { readonly kind: 'failed'; readonly reason: string }

/**
 * Finds where an issuer publishes its keys: by its OpenID provider configuration, and where there is
 * none (404) by its authorization server metadata. Both must name exactly this issuer.
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
    : { kind: 'failed', reason: `its metadata can't be read: ${document.reason}` }
}

/** Takes the URL of the keys from the metadata of exactly this issuer: https, or http if the issuer's own is. */
export function readMetadata(metadata: unknown, issuer: string, url: URL): Discovered {
  const { issuer: named, jwks_uri: address } = Object(metadata)
  if (named !== issuer) return { kind: 'failed', reason: 'its metadata names another issuer' }
  if (typeof address !== 'string') return { kind: 'failed', reason: 'its metadata names no JWK Set' }
  const jwks = secureUrl(address)
  // Nothing on our own machine is for an issuer from elsewhere to name.
  return jwks === undefined || (jwks.protocol === 'http:' && url.protocol !== 'http:')
    ? { kind: 'failed', reason: 'its metadata names a JWK Set that is not on https' }
    : { kind: 'found', jwks }
}
