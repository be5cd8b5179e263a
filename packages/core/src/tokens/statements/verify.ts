import type { VerificationKey } from '../../ports/signer.ts'
import { readStatementClaims, type StatementClaims } from '../claims.ts'
import { isCompact, signedPayload } from '../compact.ts'
import { decodeHeader } from '../header.ts'
import type { TokenSource } from '../source.ts'

/** What a statement must be. */
export interface StatementRule extends Pick<TokenSource, 'find'> {
  /** The exact `iss`. */
  readonly issuer: string
  /** `aud` must contain one of these. */
  readonly audience: readonly string[]
  /** The accepted media types, without `application/` and in lower case. `undefined` stands for a header without `typ`. */
  readonly types: ReadonlySet<string | undefined>
  /**
   * How long a statement may be used: from its `iat` on, and up to its `exp`. Seconds. A statement without `iat` must have
   * an `exp` that is no further away.
   */
  readonly maxAgeSeconds: number
  /** Whether `exp` must be there, may be, or must not. */
  readonly expiry: 'required' | 'optional' | 'none'
}

export type StatementFault =
  | 'malformed'
  | 'header'
  | 'type'
  | 'algorithm'
  | 'key'
  | 'signature'
  | 'claims'
  | 'issuer'
  | 'audience'
  | 'lifetime'

export type StatementReading =
  | { readonly kind: 'genuine'; readonly claims: StatementClaims; readonly usableUntil: number }
  | { readonly kind: 'invalid'; readonly why: StatementFault }
  /** The issuer's keys can't be had now. */
  | { readonly kind: 'unavailable' }

/** The tolerance for clock skew at `iat`, `nbf` and `exp`. */
const LEEWAY_SECONDS = 5
const MAX_PARAMETER_CHARS = 255

/**
 * Verifies a JWT of another issuer that is no access token: its spelling, `typ`, algorithm, signature, `iss`, `aud` and
 * times. Does NOT check whether it came before: see `createStatementOnce`. Nor what else it says.
 *
 * @param at milliseconds since the epoch
 */
export async function verifyStatement(
  jwt: string,
  rule: StatementRule,
  at: number,
): Promise<StatementReading> {
  if (!isCompact(jwt)) return invalid('malformed')
  const header = decodeHeader(jwt)
  if (header === undefined) return invalid('malformed')
  const { kid, alg, typ, crit, b64 } = header
  // No extension is known here (RFC 7515, section 4.1.11).
  if (crit !== undefined || b64 !== undefined || !isParameter(kid) || !isParameter(typ))
    return invalid('header')
  if (!rule.types.has(typ?.toLowerCase().replace(/^application\//, ''))) return invalid('type')
  if (typeof alg !== 'string') return invalid('algorithm')
  const found = await rule.find(kid, alg)
  if (found.kind === 'unavailable') return found
  if (found.kind === 'unknown') return invalid('key')
  if (!isAlgorithmOf(found.key, alg)) return invalid('algorithm')
  const payload = await signedPayload(jwt, found.key)
  if (payload === undefined) return invalid('signature')
  const claims = readStatementClaims(payload)
  return claims === undefined ? invalid('claims') : judged(claims, rule, at / 1000)
}

function judged(claims: StatementClaims, rule: StatementRule, now: number): StatementReading {
  if (claims.iss !== rule.issuer) return invalid('issuer')
  const named = typeof claims.aud === 'string' ? [claims.aud] : claims.aud
  if (!named.some((one) => rule.audience.includes(one))) return invalid('audience')
  const usableUntil = usableUntilOf(claims, rule, now)
  return usableUntil === undefined ? invalid('lifetime') : { kind: 'genuine', claims, usableUntil }
}

/** Until when a statement may be used, in seconds since the epoch; `undefined` if it may not. */
function usableUntilOf(
  { iat, nbf = 0, exp }: StatementClaims,
  { expiry, maxAgeSeconds }: StatementRule,
  now: number,
): number | undefined {
  if (expiry === 'none' ? exp !== undefined : exp === undefined && expiry === 'required') return undefined
  if (nbf > now + LEEWAY_SECONDS || (iat ?? 0) > now + LEEWAY_SECONDS) return undefined
  const byAge = iat === undefined ? undefined : iat + maxAgeSeconds
  if (exp !== undefined && byAge === undefined && exp > now + maxAgeSeconds) return undefined
  const ends = [exp, byAge].filter((end) => end !== undefined).map((end) => end + LEEWAY_SECONDS)
  const until = Math.min(...ends)
  return ends.length > 0 && until > now ? until : undefined
}

function isParameter(given: unknown): given is string | undefined {
  return given === undefined || (typeof given === 'string' && given.length <= MAX_PARAMETER_CHARS)
}

/** RFC 9864 gives EdDSA with Ed25519 the name `Ed25519`; issuers may write either. */
function isAlgorithmOf(key: VerificationKey, alg: string): boolean {
  return alg === key.alg || (alg === 'Ed25519' && key.alg === 'EdDSA')
}

function invalid(why: StatementFault): StatementReading {
  return { kind: 'invalid', why }
}
