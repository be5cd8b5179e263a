import { JWKS_MAX_AGE_SECONDS } from '../../keys/schedule.ts'
import { publicAnswer, refusal } from '../answer.ts'
import type { GateParts } from '../parts.ts'
import type { Handle } from '../routes.ts'

const JWKS_PATH = '/.well-known/jwks.json'
const METADATA = '/.well-known/oauth-authorization-server'
const METADATA_MAX_AGE_SECONDS = 3600

/** The JWK Set (RFC 7517, section 5). */
export function createJwks({ ring }: GateParts): Handle {
  return async (view) => {
    const keys = ring.published()
    return keys.length === 0 ? refusal('store_down') : publicAnswer(view, { keys }, JWKS_MAX_AGE_SECONDS)
  }
}

/** Where the metadata of an issuer lies: between the host and the path of its URL (RFC 8414, section 3). */
export function metadataPath(issuer: string): string {
  return METADATA + new URL(issuer).pathname.replace(/\/$/, '')
}

/**
 * What a client or a resource server needs to know of this issuer (RFC 8414, section 2). The token endpoint takes
 * refresh tokens alone, of clients without a secret.
 */
export function createMetadata({ tokens, paths }: GateParts): Handle {
  const { issuer } = tokens
  const { origin } = new URL(issuer)
  const metadata = {
    issuer,
    jwks_uri: origin + JWKS_PATH,
    token_endpoint: `${origin}${paths.auth}/token`,
    response_types_supported: [],
    grant_types_supported: ['refresh_token'],
    token_endpoint_auth_methods_supported: ['none'],
  }
  return async (view) => publicAnswer(view, metadata, METADATA_MAX_AGE_SECONDS)
}
