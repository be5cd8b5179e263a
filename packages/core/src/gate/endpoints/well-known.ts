import { ASSERTION_ALGORITHMS } from '../../access/clients/assertion.ts'
import type { OAuthSettings } from '../../access/clients/settings.ts'
import type { Proofs } from '../../access/dpop/index.ts'
import type { Route } from '../../seam/http.ts'
import { publicAnswer, refusal } from '../answers/answer.ts'
import type { Handler, RouteMaker } from '../routes.ts'

const JWKS_PATH = '/.well-known/jwks.json'
const METADATA_PATH = '/.well-known/oauth-authorization-server'
const METADATA_MAX_AGE_SECONDS = 3600

export interface WellKnownParts {
  readonly issuer: string
  /** The path below which the endpoints for OAuth clients are mounted, such as `/auth`. */
  readonly authPath: string
  /** Whether the application has mounted a set of endpoints. */
  readonly isMounted: (name: 'token' | 'introspect' | 'revoke') => boolean
  readonly oauth: Pick<OAuthSettings, 'clients'>
  /** The public JWKs of the key ring. */
  readonly publishedKeys: () => readonly object[]
  readonly keysMaxAgeSeconds: number
  /** `undefined` if no DPoP proofs are checked. */
  readonly proofs: Pick<Proofs, 'algorithms'> | undefined
  /** Whether other services are told of sessions that end. */
  readonly tellsLogout: boolean
}

/** `GET /.well-known/jwks.json` and `GET /.well-known/oauth-authorization-server`. */
export function wellKnownRoutes(parts: WellKnownParts, route: RouteMaker): readonly Route[] {
  return [
    route.open(JWKS_PATH, { GET: jwks(parts) }),
    route.open(metadataPath(parts.issuer), { GET: metadata(parts) }),
  ]
}

/** The JWK Set (RFC 7517, section 5). */
function jwks({ publishedKeys, keysMaxAgeSeconds }: WellKnownParts): Handler {
  return (view) => {
    const keys = publishedKeys()
    return keys.length === 0 ? refusal('key_unavailable') : publicAnswer(view, { keys }, keysMaxAgeSeconds)
  }
}

/**
 * The path of an issuer's metadata. The well-known part goes before the path of the issuer's URL (RFC 8414, section 3).
 */
function metadataPath(issuer: string): string {
  return METADATA_PATH + new URL(issuer).pathname.replace(/\/$/, '')
}

/**
 * What clients and resource servers need to know about this issuer (RFC 8414, section 2): endpoints that are mounted, and
 * how clients authenticate there.
 */
function metadata(parts: WellKnownParts): Handler {
  const { issuer, authPath, isMounted, oauth, proofs, publishedKeys, tellsLogout } = parts
  const { origin } = new URL(issuer)
  const always = {
    issuer,
    jwks_uri: origin + JWKS_PATH,
    response_types_supported: [],
    // RFC 9449, section 5.1.
    ...(proofs && { dpop_signing_alg_values_supported: proofs.algorithms }),
    // OpenID Connect Back-Channel Logout 1.0, section 2.1.
    ...(tellsLogout && { backchannel_logout_supported: true, backchannel_logout_session_supported: true }),
  }
  const clients = [...oauth.clients.values()]
  const methods = [
    ...(clients.some(({ secrets }) => secrets.length > 0)
      ? ['client_secret_basic', 'client_secret_post']
      : []),
    ...(clients.some(({ keys }) => keys !== undefined) ? ['private_key_jwt'] : []),
  ]
  const url = (name: string): string => `${origin}${authPath}/${name}`
  const authenticated = (endpoint: string, others: readonly string[]): object => ({
    [`${endpoint}_endpoint_auth_methods_supported`]: [...others, ...methods],
    ...(methods.includes('private_key_jwt') && {
      [`${endpoint}_endpoint_auth_signing_alg_values_supported`]: ASSERTION_ALGORITHMS,
    }),
  })
  const token = {
    token_endpoint: url('token'),
    grant_types_supported: ['refresh_token'],
    ...authenticated('token', ['none']),
  }
  const introspection = {
    introspection_endpoint: url('introspect'),
    ...authenticated('introspection', []),
  }
  const revocation = { revocation_endpoint: url('revoke'), ...authenticated('revocation', ['none']) }
  return (view) => {
    const mounted = {
      ...(isMounted('token') ? token : { grant_types_supported: [] }),
      ...(isMounted('introspect') && { ...introspection, ...signedBy(publishedKeys()) }),
      ...(isMounted('revoke') && revocation),
    }
    return publicAnswer(view, { ...always, ...mounted }, METADATA_MAX_AGE_SECONDS)
  }
}

/** RFC 9701, section 7. Answers are signed by the keys of access tokens. */
function signedBy(keys: readonly { readonly alg?: unknown }[]): object {
  return { introspection_signing_alg_values_supported: [...new Set(keys.map(({ alg }) => alg))] }
}
