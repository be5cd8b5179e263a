import * as v from 'valibot'
import { ConfigError, describeValue } from '../errors.ts'
import type { IssuerSettings } from '../issuers/remote.ts'
import { secureUrl } from '../issuers/secure-url.ts'
import type { TrustedIssuer } from '../issuers/trusted.ts'
import type { SigningAlgorithm } from '../ports/signer.ts'
import {
  audience,
  boolean,
  filledArray,
  group,
  issuer,
  nonEmpty,
  oneOf,
  parse,
  wholeNumber,
} from './schema.ts'

/** Somebody else's issuer whose access tokens are accepted. Give either `jwks` or `discovery`. */
export interface IssuerOptions {
  /** `iss` of its access tokens, letter by letter: an https URL (http on loopback). */
  readonly issuer: string
  /** `aud` that its access tokens must name; of a list, one. */
  readonly audience: string | readonly string[]
  /** URL of its JWK Set: https (http on loopback). */
  readonly jwks?: string | undefined
  /**
   * Find its JWK Set by its metadata: OpenID Connect Discovery 1.0, else RFC 8414. What the metadata
   * names must be on https, too, unless the issuer itself is not.
   */
  readonly discovery?: true | undefined
  /**
   * What its access tokens may be signed with; `EdDSA` is good for `Ed25519` too. A key in its set that
   * names no algorithm is for the first of them that fits it.
   */
  readonly algorithms: readonly SigningAlgorithm[]
  /**
   * Accept tokens whose `typ` is `JWT` or left out, too, as many issuers write them; nothing then tells its access
   * tokens from its ID tokens but the audience. Default: only `at+jwt` (RFC 9068).
   */
  readonly untyped?: boolean | undefined
  /** Milliseconds for one fetch of its keys as a whole. Default 3000; 100 to 30,000. */
  readonly timeoutMs?: number | undefined
  /** Seconds between two fetches, good or failed, whatever is asked for. Default 30; 1 to 3600, at most `maxAgeSeconds`. */
  readonly cooldownSeconds?: number | undefined
  /** Seconds after which its keys are fetched anew; the old ones answer meanwhile. Default 600; 1 to 86,400. */
  readonly maxAgeSeconds?: number | undefined
  /** Seconds that its keys are good for while it fails. Default 86,400 (1 day); at least `maxAgeSeconds`, at most 604,800 (7 days). */
  readonly maxStaleSeconds?: number | undefined
}

const DAY = 86_400
const urlMessage = 'an https URL without user, password and fragment (http on loopback)'
const algorithmsMessage = 'an array of "EdDSA", "ES256", "RS256", "PS256"'

const list = v.array(
  group({
    issuer,
    audience,
    jwks: v.optional(
      v.pipe(
        v.string(urlMessage),
        v.check((given) => secureUrl(given) !== undefined, urlMessage),
      ),
    ),
    discovery: v.optional(v.literal(true, 'true or left out')),
    algorithms: filledArray(oneOf('EdDSA', 'ES256', 'RS256', 'PS256'), algorithmsMessage),
    untyped: v.optional(boolean, false),
    timeoutMs: v.optional(wholeNumber(100, 30_000), 3000),
    cooldownSeconds: v.optional(wholeNumber(1, 3600), 30),
    maxAgeSeconds: v.optional(wholeNumber(1, DAY), 600),
    maxStaleSeconds: v.optional(wholeNumber(1, 7 * DAY), DAY),
  }),
  'an array of issuers',
)
const schema = v.object({ issuers: v.optional(list, []) })

type Parsed = v.InferOutput<typeof list>[number]

export function parseIssuers(given: object): readonly TrustedIssuer[] {
  const { issuers } = parse(schema, given)
  return issuers.map((one, index) => {
    const path = `issuers.${index}`
    if (issuers.findIndex((other) => other.issuer === one.issuer) < index)
      throw new ConfigError(`${path}.issuer`, 'different from the others', describeValue(one.issuer))
    if (one.cooldownSeconds > one.maxAgeSeconds)
      throw new ConfigError(
        `${path}.cooldownSeconds`,
        `at most maxAgeSeconds (${one.maxAgeSeconds})`,
        describeValue(one.cooldownSeconds),
      )
    if (one.maxStaleSeconds < one.maxAgeSeconds)
      throw new ConfigError(
        `${path}.maxStaleSeconds`,
        `at least maxAgeSeconds (${one.maxAgeSeconds})`,
        describeValue(one.maxStaleSeconds),
      )
    const { jwks: _jwks, discovery: _discovery, ...settings } = one
    return Object.freeze({ ...settings, audience: nonEmpty(one.audience), keys: sourceOf(one, path) })
  })
}

function sourceOf({ issuer, jwks, discovery }: Parsed, path: string): IssuerSettings['keys'] {
  if (jwks !== undefined && discovery !== undefined)
    throw new ConfigError(`${path}.discovery`, {
      sentence: `give either "${path}.jwks" or "${path}.discovery"`,
    })
  if (jwks !== undefined) return { kind: 'jwks', url: new URL(jwks) }
  if (discovery === undefined)
    throw new ConfigError(`${path}.jwks`, {
      sentence: `"${path}.jwks" is required, unless "${path}.discovery" is true`,
    })
  return { kind: 'discovery', url: new URL(issuer) }
}
