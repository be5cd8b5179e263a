import { JOSEError } from 'jose/errors'
import { compactVerify } from 'jose/jws/compact/verify'
import type { FoundKey, KeyRing } from '../keys/ring.ts'
import type { Clock } from '../ports/clock.ts'
import { MAX_ACCESS_SECONDS } from '../ports/revocation.ts'
import type { VerificationKey } from '../ports/signer.ts'
import { type Claims, readClaims } from './claims.ts'
import { createHeaderReader, type TokenHeader } from './header.ts'

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

/**
 * Verifies an access token of our own issuer (RFC 9068, section 4): one spelling, algorithm of the
 * key that `kid` names, `typ`, signature, `iss`, `aud`, times. A promise is given only where a signature
 * has to be checked, or the store to be asked for a key.
 *
 * Does NOT ask whether it was revoked.
 */
export type VerifyToken = (token: string) => VerifiedToken | Promise<VerifiedToken>

const MAX_CHARS = 8192
/** The `e` is the brace that a header begins with: no byte order mark, no white space before it. */
const COMPACT = /^e[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/
/** What may stand last in base64url (RFC 4648, section 3.5), by the length modulo 4. */
const LAST_CHARS = [/./, undefined, /[AQgw]/, /[AEIMQUYcgkosw048]/] as const
/** For clocks that run apart; `exp` gets none. */
const LEEWAY_SECONDS = 5

export function createTokenVerification(ring: KeyRing, settings: VerifySettings, clock: Clock): VerifyToken {
  const readHeader = createHeaderReader()

  async function check(token: string, { kid, publicKey }: VerificationKey): Promise<VerifiedToken> {
    try {
      const { payload } = await compactVerify(token, publicKey)
      const claims = readClaims(payload)
      return claims === undefined || !isForUs(claims, settings)
        ? { kind: 'invalid' }
        : judged(claims, kid, clock)
    } catch (cause) {
      if (cause instanceof JOSEError) return { kind: 'invalid' }
      throw cause
    }
  }

  function checkWith(
    found: FoundKey,
    token: string,
    header: TokenHeader,
  ): VerifiedToken | Promise<VerifiedToken> {
    if (found.kind === 'unavailable') return found
    // The algorithm is the key's, never the token's to choose (RFC 8725, section 3.1).
    const fits = found.kind === 'found' && found.key.alg === header.alg
    return fits ? check(token, found.key) : { kind: 'invalid' }
  }

  return (token) => {
    if (token.length > MAX_CHARS || !COMPACT.test(token) || !isCanonical(token)) return { kind: 'malformed' }
    const reading = readHeader(token)
    if (reading.kind !== 'read') return { kind: reading.kind === 'malformed' ? 'malformed' : 'invalid' }
    const found = ring.find(reading.header.kid)
    return found instanceof Promise
      ? found.then((late) => checkWith(late, token, reading.header))
      : checkWith(found, token, reading.header)
  }
}

/** Decoders forgive spare bits in the last character; a signature is the only segment that no signature covers. */
function isCanonical(token: string): boolean {
  const length = token.length - token.lastIndexOf('.') - 1
  return LAST_CHARS[length % 4]?.test(token.slice(-1)) === true
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
