import * as v from 'valibot'
import { ConfigError, describeValue } from '../errors.ts'
import type { ClaimsOf, CustomClaimsSettings } from '../tokens/custom-claims.ts'
import type { ClaimRecipient } from '../tokens/sealed-claim.ts'
import { callable, group, oneAudience, oneOf, parse, wholeNumber } from './schema.ts'

/**
 * Claims of your own in access tokens. They are signed, not encrypted: whoever sees a token can read them, so what
 * looks like personal data or a secret is refused with a `ClaimsError` that names the claim. They need the package
 * `@sallyport/claims-policy`, which is installed separately.
 */
export interface ClaimsOptions {
  /** Gives the claims for one token. Asked at sign-in and at each refresh. */
  readonly of: ClaimsOf
  /** The names that are allowed. Default: any but those that the library writes. */
  readonly allow?: readonly string[] | undefined
  /** Claims, by name or path, whose content is not looked at, such as ids that look like a card's. Default: none. */
  readonly exempt?: readonly string[] | undefined
  /** Bytes of all of them as JSON, at most; sealed ones count as they are sent. Default 1024; 1 to 4096. */
  readonly maxBytes?: number | undefined
  /**
   * Claims that only one audience can read, by name. Each is encrypted for its key (ECDH-ES+A256KW or RSA-OAEP-256,
   * A256GCM) and read there by `openClaim`. Default: none.
   */
  readonly sealed?: Readonly<Record<string, ClaimRecipient>> | undefined
  /** What becomes of leaks. `warn` lets them through with a notice, and is refused in production. Default `refuse`. */
  readonly leaks?: 'refuse' | 'warn' | undefined
}

const names = v.array(v.string('an array of names'), 'an array of names')

const schema = v.object({
  claims: v.optional(
    group({
      of: callable<ClaimsOf>('a function'),
      allow: v.optional(names),
      exempt: v.optional(names, []),
      maxBytes: v.optional(wholeNumber(1, 4096), 1024),
      sealed: v.optional(
        v.record(v.string(), group({ audience: oneAudience, key: v.looseObject({}, 'a JWK (RFC 7517)') })),
        {},
      ),
      leaks: v.optional(oneOf('refuse', 'warn'), 'refuse'),
    }),
  ),
})

export function parseClaims(given: object, production: boolean): CustomClaimsSettings | undefined {
  const { claims } = parse(schema, given)
  if (claims === undefined) return undefined
  if (production && claims.leaks === 'warn')
    throw new ConfigError('claims.leaks', '"refuse" in production', describeValue(claims.leaks))
  return { allow: undefined, ...claims }
}
