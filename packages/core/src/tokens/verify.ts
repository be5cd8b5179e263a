import { compactVerify, decodeProtectedHeader, errors, type ProtectedHeaderParameters } from 'jose'
import type { FoundKey, KeyRing } from '../keys/ring.ts'
import type { Clock } from '../ports/clock.ts'
import { MAX_ACCESS_SECONDS } from '../ports/revocation.ts'
import type { VerificationKey } from '../ports/signer.ts'
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

const MAX_CHARS = 8192
/** The `e` is the brace that a header begins with: no byte order mark, no white space before it. */
const COMPACT = /^e[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/
const TYPES: ReadonlySet<string> = new Set(['at+jwt', 'application/at+jwt'])
const KID_CHARS = 255
/** For clocks that run apart; `exp` gets none. */
const LEEWAY_SECONDS = 5

/**
 * Verifies an access token of our own issuer (RFC 9068, section 4): one spelling, algorithm of the
 * key that `kid` names, `typ`, signature, `iss`, `aud`, times.
 *
 * Does NOT ask whether it was revoked.
 */
export async function verifyAccessToken(
  token: string,
  ring: KeyRing,
  settings: VerifySettings,
  clock: Clock,
): Promise<VerifiedToken> {
  if (token.length > MAX_CHARS || !COMPACT.test(token) || !isCanonical(token)) return { kind: 'malformed' }
  const header = readHeader(token)
  if (header === undefined) return { kind: 'malformed' }
  const { alg, kid, typ, crit, b64 } = header
  if (typeof kid !== 'string' || kid.length > KID_CHARS || crit !== undefined || b64 !== undefined)
    return { kind: 'invalid' }
  if (typeof typ !== 'string' || !TYPES.has(typ)) return { kind: 'invalid' }

  const found: FoundKey = await ring.find(kid)
  if (found.kind === 'unavailable') return { kind: 'unavailable' }
  if (found.kind === 'unknown' || found.key.alg !== alg) return { kind: 'invalid' }

  const payload = await signedPayload(token, found.key)
  const claims = payload === undefined ? undefined : readClaims(payload)
  if (claims === undefined || !isForUs(claims, settings)) return { kind: 'invalid' }
  return judgeTimes(claims, kid, clock)
}

/** Decoders forgive spare bits in the last character; a signature is the only segment that no signature covers. */
function isCanonical(token: string): boolean {
  const signature = token.slice(token.lastIndexOf('.') + 1)
  return Buffer.from(signature, 'base64url').toString('base64url') === signature
}

function readHeader(token: string): ProtectedHeaderParameters | undefined {
  try {
    return decodeProtectedHeader(token)
  } catch {
    return undefined
  }
}

async function signedPayload(token: string, key: VerificationKey): Promise<Uint8Array | undefined> {
  try {
    const { payload } = await compactVerify(token, key.publicKey, { algorithms: [key.alg] })
    return payload
  } catch (cause) {
    if (cause instanceof errors.JOSEError) return undefined
    throw cause
  }
}

function isForUs(claims: Claims, settings: VerifySettings): boolean {
  const audience = typeof claims.aud === 'string' ? [claims.aud] : claims.aud
  return claims.iss === settings.issuer && audience.some((one) => settings.audience.includes(one))
}

function judgeTimes(claims: Claims, kid: string, clock: Clock): VerifiedToken {
  // A token that outlived the longest lifetime could outlive its own revocation.
  if (claims.exp - claims.iat > MAX_ACCESS_SECONDS) return { kind: 'invalid' }
  const now = clock.now() / 1000
  if (claims.iat > now + LEEWAY_SECONDS || (claims.nbf ?? 0) > now + LEEWAY_SECONDS) return { kind: 'early' }
  return { kind: claims.exp > now ? 'genuine' : 'expired', claims, kid }
}
