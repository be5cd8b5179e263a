import type { KeyObject } from 'node:crypto'
import type { CompactJWSHeaderParameters } from 'jose'
import { JOSEError, JOSENotSupported } from 'jose/errors'
import { compactVerify } from 'jose/jws/compact/verify'
import type { FoundKey, KeyRing } from '../keys/ring.ts'
import type { Clock } from '../ports/clock.ts'
import { MAX_ACCESS_SECONDS } from '../ports/revocation.ts'
import { type Claims, readClaims } from './claims.ts'

export interface VerifySettings {
  readonly issuer: string
  readonly audience: readonly string[]
}

export type VerifiedToken =
  | { readonly kind: 'genuine'; readonly claims: Claims; readonly kid: string }
  /** Ours, but over. Good for nothing except to name the session that it belonged to. */
  | { readonly kind: 'expired'; readonly claims: Claims; readonly kid: string }
  | { readonly kind: 'early' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'unavailable' }
  /** Its signature was not checked: the caller had too many checked already. */
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }

const MAX_CHARS = 8192
/** The `e` is the brace that a header begins with: no byte order mark, no white space before it. */
const COMPACT = /^e[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/
/** What may stand last in base64url (RFC 4648, section 3.5), by the length modulo 4. */
const LAST_CHARS = [/./, undefined, /[AQgw]/, /[AEIMQUYcgkosw048]/] as const
const TYPES: ReadonlySet<unknown> = new Set(['at+jwt', 'application/at+jwt'])
const KID_CHARS = 255
/** For clocks that run apart; `exp` gets none. */
const LEEWAY_SECONDS = 5
const REFUSED = Symbol('refused before its signature was checked')

/**
 * Verifies an access token of our own issuer (RFC 9068, section 4): one spelling, algorithm of the
 * key that `kid` names, `typ`, signature, `iss`, `aud`, times.
 *
 * @param limit asked before the signature: the seconds to wait, 0 to go on
 *
 * Does NOT ask whether it was revoked.
 */
export async function verifyAccessToken(
  token: string,
  ring: KeyRing,
  settings: VerifySettings,
  clock: Clock,
  limit: () => number | Promise<number>,
): Promise<VerifiedToken> {
  if (token.length > MAX_CHARS || !COMPACT.test(token) || !isCanonical(token)) return { kind: 'malformed' }
  let refused: VerifiedToken = { kind: 'malformed' }
  let kid = ''
  const keyOf = async (header: CompactJWSHeaderParameters): Promise<KeyObject> => {
    refused = { kind: 'invalid' }
    const found = findKey(header, ring)
    const key = found instanceof Promise ? await found : found
    if (key.kind === 'unavailable') refused = key
    if (key.kind !== 'found' || key.key.alg !== header.alg) throw REFUSED
    const wait = limit()
    const retryAfterSeconds = typeof wait === 'number' ? wait : await wait
    if (retryAfterSeconds > 0) {
      refused = { kind: 'limited', retryAfterSeconds }
      throw REFUSED
    }
    kid = key.key.kid
    return key.key.publicKey
  }

  try {
    const { payload } = await compactVerify(token, keyOf)
    const claims = readClaims(payload)
    return claims === undefined || !isForUs(claims, settings) ? refused : judged(claims, kid, clock)
  } catch (cause) {
    if (cause instanceof JOSENotSupported) return { kind: 'invalid' }
    if (cause === REFUSED || cause instanceof JOSEError) return refused
    throw cause
  }
}

/** Decoders forgive spare bits in the last character; a signature is the only segment that no signature covers. */
function isCanonical(token: string): boolean {
  const length = token.length - token.lastIndexOf('.') - 1
  return LAST_CHARS[length % 4]?.test(token.slice(-1)) === true
}

function findKey(
  { kid, typ, crit, b64 }: CompactJWSHeaderParameters,
  ring: KeyRing,
): FoundKey | Promise<FoundKey> {
  if (typeof kid !== 'string' || kid.length > KID_CHARS || crit !== undefined || b64 !== undefined)
    return { kind: 'unknown' }
  return TYPES.has(typ) ? ring.find(kid) : { kind: 'unknown' }
}

function isForUs(claims: Claims, settings: VerifySettings): boolean {
  const audience = typeof claims.aud === 'string' ? [claims.aud] : claims.aud
  return claims.iss === settings.issuer && audience.some((one) => settings.audience.includes(one))
}

function judged(claims: Claims, kid: string, clock: Clock): VerifiedToken {
  // A token that outlived the longest lifetime could outlive its own revocation.
  if (claims.exp - claims.iat > MAX_ACCESS_SECONDS) return { kind: 'invalid' }
  switch (timesOf(claims, clock)) {
    case 'early':
      return { kind: 'early' }
    case 'good':
      return { kind: 'genuine', claims, kid }
    case 'over':
      return { kind: 'expired', claims, kid }
  }
}

/** Where a token stands between `iat`, `nbf` and `exp`. */
export function timesOf({ iat, nbf = 0, exp }: Claims, clock: Clock): 'early' | 'good' | 'over' {
  const now = clock.now() / 1000
  if (iat > now + LEEWAY_SECONDS || nbf > now + LEEWAY_SECONDS) return 'early'
  return exp > now ? 'good' : 'over'
}
