import { ConfigError, describeValue } from '../../errors.ts'
import { isSecure } from '../../issuers/secure-url.ts'
import type { TrustedIssuer } from '../../issuers/trusted.ts'
import type { SigningAlgorithm } from '../../ports/signer.ts'
import { urlMessage } from './introspection.ts'

export const algorithmsMessage: string = 'an array of "EdDSA", "ES256", "RS256", "PS256"'
export const DAY = 86_400

/** What the options of an issuer say of its JWTs. */
interface Given {
  readonly issuer: string
  readonly jwks?: string | undefined
  readonly insecureJwks?: true | undefined
  readonly discovery?: true | undefined
  readonly algorithms?: readonly SigningAlgorithm[] | undefined
  readonly untyped?: boolean | undefined
  readonly timeoutMs?: number | undefined
  readonly cooldownSeconds?: number | undefined
  readonly maxAgeSeconds?: number | undefined
  readonly maxStaleSeconds?: number | undefined
  readonly introspection?: { readonly url?: string | undefined } | undefined
}

/** How JWTs of an issuer are verified, if they are accepted. */
type SignedTokens = Omit<TrustedIssuer, 'issuer' | 'audience' | 'audienceClaim' | 'introspection'>

/** @param hasInsecure whether there is an option `insecureJwks` beside `jwks` */
export function parseSigned(given: Given, path: string, hasInsecure = false): SignedTokens {
  const { algorithms = [], untyped = false, timeoutMs = 3000 } = given
  const { maxAgeSeconds = 600, maxStaleSeconds = DAY } = given
  const { cooldownSeconds = Math.min(30, maxAgeSeconds) } = given
  if (cooldownSeconds > maxAgeSeconds)
    throw new ConfigError(
      `${path}.cooldownSeconds`,
      `at most maxAgeSeconds (${maxAgeSeconds})`,
      describeValue(cooldownSeconds),
    )
  if (maxStaleSeconds < maxAgeSeconds)
    throw new ConfigError(
      `${path}.maxStaleSeconds`,
      `at least maxAgeSeconds (${maxAgeSeconds})`,
      describeValue(maxStaleSeconds),
    )
  const keys = sourceOf(given, path, hasInsecure)
  return { keys, algorithms, untyped, timeoutMs, cooldownSeconds, maxAgeSeconds, maxStaleSeconds }
}

const FOR_JWTS = ['untyped', 'timeoutMs', 'cooldownSeconds', 'maxAgeSeconds', 'maxStaleSeconds'] as const

/** `undefined`: it is only asked about opaque tokens. */
function sourceOf(given: Given, path: string, hasInsecure: boolean): TrustedIssuer['keys'] {
  const { issuer, jwks, insecureJwks, discovery, algorithms } = given
  if (jwks !== undefined && discovery !== undefined)
    throw new ConfigError(`${path}.discovery`, {
      sentence: `give either "${path}.jwks" or "${path}.discovery"`,
    })
  if (insecureJwks && discovery)
    throw new ConfigError(`${path}.insecureJwks`, {
      sentence: `"${path}.insecureJwks" is for "${path}.jwks": give that in place of "${path}.discovery", or remove it`,
    })
  if (algorithms === undefined && isOnlyAsked(given)) {
    const name = FOR_JWTS.find((name) => given[name] !== undefined)
    if (name === undefined) return undefined
    throw new ConfigError(`${path}.${name}`, {
      sentence: `"${path}.${name}" is for JWTs, which are not accepted without "${path}.algorithms": set that, or remove "${path}.${name}"`,
    })
  }
  if (algorithms === undefined)
    throw new ConfigError(`${path}.algorithms`, {
      sentence: `"${path}.algorithms" is required: give ${algorithmsMessage}`,
    })
  if (jwks !== undefined)
    return { kind: 'jwks', url: keysUrl(jwks, path, { hasInsecure, mayBeInsecure: insecureJwks === true }) }
  if (discovery === undefined)
    throw new ConfigError(`${path}.jwks`, {
      sentence: `"${path}.jwks" is required, unless "${path}.discovery" is true`,
    })
  return { kind: 'discovery', url: new URL(issuer) }
}

/** No option says where keys would be: `discovery` finds the introspection endpoint, unless that has its URL. */
function isOnlyAsked({ introspection, jwks, insecureJwks, discovery }: Given): boolean {
  if (introspection === undefined || jwks !== undefined || insecureJwks !== undefined) return false
  return discovery === undefined || introspection.url === undefined
}

function keysUrl(
  jwks: string,
  path: string,
  { hasInsecure, mayBeInsecure }: { readonly hasInsecure: boolean; readonly mayBeInsecure: boolean },
): URL {
  const url = new URL(jwks)
  if (!isSecure(url) && !mayBeInsecure)
    throw new ConfigError(
      `${path}.jwks`,
      hasInsecure && url.protocol === 'http:'
        ? `${urlMessage}; in a network that you trust as a whole, set "${path}.insecureJwks" to true`
        : urlMessage,
      describeValue(jwks),
    )
  if (url.protocol === 'https:' && mayBeInsecure)
    throw new ConfigError(`${path}.insecureJwks`, {
      sentence: `"${path}.insecureJwks" is for http, and "${path}.jwks" uses https: remove it`,
    })
  return url
}
