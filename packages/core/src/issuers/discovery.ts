import { fetchDocument } from './document.ts'
import { secureUrl } from './secure-url.ts'

export type Discovered =
  | { readonly kind: 'found'; readonly url: URL }
  | { readonly kind: 'failed'; readonly reason: string }

/** What is looked for in metadata (RFC 8414, section 2), and how a reason names it. */
const SOUGHT = {
  jwks_uri: { no: 'no JWK Set', one: 'a JWK Set' },
  introspection_endpoint: { no: 'no introspection endpoint', one: 'an introspection endpoint' },
} as const

export type SoughtUrl = keyof typeof SOUGHT

/**
 * Finds a URL of an issuer in its OpenID provider configuration, or, if it has none (404), in its
 * authorization server metadata. Either must name exactly this issuer.
 *
 * @see [OpenID Connect Discovery 1.0, section 4](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig)
 * @see [RFC 8414, section 3](https://www.rfc-editor.org/rfc/rfc8414.html#section-3)
 */
export async function discover(
  sought: SoughtUrl,
  issuer: string,
  url: URL,
  signal: AbortSignal,
): Promise<Discovered> {
  const path = url.pathname.replace(/\/$/, '')
  const at = (pathname: string): URL => Object.assign(new URL(url), { pathname })
  const configuration = await fetchDocument(at(`${path}/.well-known/openid-configuration`), signal)
  const document =
    configuration.kind === 'absent'
      ? await fetchDocument(at(`/.well-known/oauth-authorization-server${path}`), signal)
      : configuration
  return document.kind === 'read'
    ? readMetadata(document.json, sought, issuer, url)
    : { kind: 'failed', reason: `its metadata cannot be read: ${document.reason}` }
}

/**
 * Takes a URL from the metadata of exactly this issuer. It must use https, or may use http if the URL of the issuer
 * does.
 */
export function readMetadata(metadata: unknown, sought: SoughtUrl, issuer: string, url: URL): Discovered {
  const { issuer: namedIssuer, [sought]: address } = Object(metadata)
  const { no, one } = SOUGHT[sought]
  if (namedIssuer !== issuer) return { kind: 'failed', reason: 'its metadata names another issuer' }
  if (typeof address !== 'string') return { kind: 'failed', reason: `its metadata names ${no}` }
  const found = secureUrl(address)
  // Plain http is allowed on loopback only, and a remote issuer must not direct requests to this machine.
  return found === undefined || (found.protocol === 'http:' && url.protocol !== 'http:')
    ? { kind: 'failed', reason: `its metadata names ${one} that is not on https` }
    : { kind: 'found', url: found }
}
