import * as v from 'valibot'
import { ConfigError, describeValue } from '../../errors.ts'
import { plainUrl } from '../../issuers/secure-url.ts'
import type { TrustedIssuer } from '../../issuers/trusted.ts'
import type { SigningAlgorithm } from '../../ports/signer.ts'
import {
  audience,
  boolean,
  type Entries,
  filledArray,
  group,
  nonEmpty,
  oneOf,
  type Room,
  room,
  serverUrl,
  signingAlgorithm,
  wholeNumber,
} from '../values/schema.ts'
import { type IntrospectionOptions, introspection, parseIntrospection, urlMessage } from './introspection.ts'
import { algorithmsMessage, DAY, parseSigned } from './signed.ts'

export type { IntrospectionOptions } from './introspection.ts'

/** Whom this deployment trusts. */
export interface WithIssuers {
  /** Other issuers whose access tokens are accepted in addition to this deployment's own. Default: none. */
  readonly issuers?: readonly IssuerOptions[] | undefined
}

/**
 * Another issuer whose access tokens are accepted. For JWTs, set `algorithms`, and either `jwks` or `discovery`; for
 * opaque tokens, set `introspection`.
 */
export interface IssuerOptions {
  /** The exact `iss` of its access tokens: an https URL (or http on loopback). */
  readonly issuer: string
  /** The `aud` that its access tokens must have. If it is an array, one of these. */
  readonly audience: string | readonly string[]
  /**
   * The claim that `audience` is compared with. `client_id` is for access tokens without `aud`, such as those of Amazon
   * Cognito (which need `untyped`, too): `audience` is then the id of your app client, and so is `claims.aud` of a token
   * that has none. Default `aud`, as RFC 9068, section 2.2, requires.
   *
   * @example
   * ```ts
   * import { createSallyport } from '@sallyport/core'
   *
   * const pool = 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_EXAMPLE'
   * const sallyport = await createSallyport({
   *   issuers: [
   *     {
   *       issuer: pool,
   *       discovery: true,
   *       audience: '1example23456789',
   *       audienceClaim: 'client_id',
   *       untyped: true,
   *       algorithms: ['RS256'],
   *     },
   *   ],
   * })
   * ```
   */
  readonly audienceClaim?: 'aud' | 'client_id' | undefined
  /** The URL of its JWK Set: https, or http on loopback. Redirects are not followed. */
  readonly jwks?: string | undefined
  /**
   * Whether `jwks` may use http on any host, for a network that you trust as a whole, such as that of a cluster.
   * Whoever can change its answers there makes access tokens for any user, and a notice at start says so. Does not
   * concern `issuer` and `discovery`. Default: false.
   */
  readonly insecureJwks?: true | undefined
  /**
   * Whether to find the JWK Set, and the introspection endpoint, in the issuer's metadata (OpenID Connect Discovery 1.0,
   * or else RFC 8414). The URLs there must use https, unless the issuer itself uses http.
   */
  readonly discovery?: true | undefined
  /**
   * The accepted signature algorithms; `EdDSA` includes `Ed25519`. A key that names no algorithm is used for the first
   * one that it supports. Required, unless `introspection` is set: without `algorithms`, no JWTs of this issuer are
   * accepted.
   */
  readonly algorithms?: readonly SigningAlgorithm[] | undefined
  /**
   * Whether to accept also tokens whose `typ` is `JWT` or absent, which many issuers write. Then only the audience
   * distinguishes the issuer's access tokens from its ID tokens, and `token_use`, which must be `access` if it is
   * there. Default: false; `typ` must be `at+jwt` (RFC 9068).
   */
  readonly untyped?: boolean | undefined
  /** The time limit for one complete fetch of its keys, in milliseconds. Default 3000; 100 to 30,000. */
  readonly timeoutMs?: number | undefined
  /**
   * The least time between two fetches, whether or not they succeed, in seconds: 1 to 3600, and at most
   * `maxAgeSeconds`. Default 30, or `maxAgeSeconds` if that is less. Until the first fetch succeeds it begins with one
   * second, and doubles.
   */
  readonly cooldownSeconds?: number | undefined
  /**
   * The age at which its keys are fetched again, in seconds. The old keys are used meanwhile. Default 600; 1 to 86,400
   * (1 day).
   */
  readonly maxAgeSeconds?: number | undefined
  /**
   * How long its keys may be used while fetches fail, in seconds. Default 86,400 (1 day); from `maxAgeSeconds` to
   * 604,800 (7 days).
   */
  readonly maxStaleSeconds?: number | undefined
  /**
   * How to ask the issuer about its opaque access tokens (RFC 7662). At most one issuer can have it, because an opaque
   * token does not say whose it is. Default: its opaque tokens are not accepted.
   */
  readonly introspection?: IntrospectionOptions | undefined
}

const onlyTrue = v.literal(true, 'true or left out')
const list = v.array(
  group({
    issuer: serverUrl,
    audience,
    audienceClaim: v.optional(oneOf('aud', 'client_id'), 'aud'),
    jwks: v.optional(
      v.pipe(
        v.string(urlMessage),
        v.check((given) => plainUrl(given) !== undefined, urlMessage),
      ),
    ),
    insecureJwks: v.optional(onlyTrue),
    discovery: v.optional(onlyTrue),
    algorithms: v.optional(filledArray(signingAlgorithm, algorithmsMessage)),
    untyped: v.optional(boolean),
    timeoutMs: v.optional(wholeNumber(100, 30_000)),
    cooldownSeconds: v.optional(wholeNumber(1, 3600)),
    maxAgeSeconds: v.optional(wholeNumber(1, DAY)),
    maxStaleSeconds: v.optional(wholeNumber(1, 7 * DAY)),
    introspection: v.optional(introspection),
  }),
  'an array of issuers',
)
export interface IssuersSettings {
  readonly issuers: readonly TrustedIssuer[]
}

const entries = { issuers: v.optional(list, []) } satisfies Entries<WithIssuers>

type Parsed = v.InferOutput<typeof list>[number]

/** Errors must not show the secret. */
const mayShow = (path: string): boolean => !/^issuers\.\d+\.introspection(\.clientSecret)?$/.test(path)

export const issuersRoom: Room<IssuersSettings> = room(
  entries,
  ({ issuers }) => ({ issuers: trusted(issuers) }),
  { mayShow },
)

function trusted(issuers: readonly Parsed[]): readonly TrustedIssuer[] {
  const asked = issuers.flatMap(({ introspection }, index) => (introspection === undefined ? [] : [index]))
  if (asked[1] !== undefined)
    throw new ConfigError(`issuers.${asked[1]}.introspection`, {
      sentence: `"issuers.${asked[1]}.introspection" is one too many, because an opaque token does not say whose it is: leave it to "issuers.${asked[0]}", or remove that one`,
    })
  return issuers.map((parsed, index) => {
    const path = `issuers.${index}`
    const { issuer, audience, audienceClaim } = parsed
    if (issuers.findIndex((sibling) => sibling.issuer === issuer) < index)
      throw new ConfigError(`${path}.issuer`, 'different from the others', describeValue(issuer))
    return Object.freeze({
      issuer,
      audience: nonEmpty(audience),
      audienceClaim,
      ...parseSigned(parsed, path, true),
      introspection: parseIntrospection(parsed, path),
    })
  })
}
