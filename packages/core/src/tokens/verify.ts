import { decodeJwt } from 'jose/jwt/decode'
import type { FoundKey } from '../keys/ring.ts'
import type { Clock } from '../ports/clock.ts'
import { MAX_ACCESS_SECONDS } from '../ports/revocations.ts'
import type { VerificationKey } from '../ports/signer.ts'
import type { Claims } from '../seam/auth.ts'
import { readClaims, readForeignClaims } from './claims.ts'
import { isCompact, isEncrypted, signedPayload } from './compact.ts'
import type { TokenEncryption } from './forms/nested.ts'
import { REFERENCE_PREFIX } from './forms/reference.ts'
import { createHeaderReader, type TokenHeader } from './header.ts'
import type { TokenSource } from './source.ts'

export interface JudgedToken {
  readonly claims: Claims
  /** A reference token has none. */
  readonly kid: string | undefined
  readonly source: TokenSource
}

export type VerifiedToken =
  | ({ readonly kind: 'genuine' } & JudgedToken)
  /** Over. Good for nothing except to name the session that it belonged to. */
  | ({ readonly kind: 'expired' } & JudgedToken)
  | { readonly kind: 'early' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'invalid' }
  /** What would have to be asked for the key, or for the session, does not answer. */
  | { readonly kind: 'unavailable'; readonly of: 'store' | 'issuer' }

/**
 * Verifies an access token (RFC 9068, section 4): one spelling, an issuer that is accepted, algorithm of the
 * key that `kid` names, `typ`, signature, `iss`, `aud`, times. A promise is given only where a signature has
 * to be checked, or a key to be asked for.
 *
 * Does NOT ask whether it was revoked.
 */
export type VerifyToken = (token: string) => VerifiedToken | Promise<VerifiedToken>

/** For clocks that run apart. */
const LEEWAY_SECONDS = 5

/** How tokens of our own are verified that are no plain JWT; left out where there are none. */
export interface OwnForms {
  readonly encryption?: TokenEncryption
  readonly lookUp?: (text: string) => Promise<VerifiedToken>
}

/** @param sources whose tokens are accepted; with several, the exact `iss` chooses before any key is touched */
export function createTokenVerification(
  sources: readonly [TokenSource, ...TokenSource[]],
  { encryption, lookUp }: OwnForms,
  clock: Clock,
): VerifyToken {
  const readHeader = createHeaderReader()
  const byIssuer = new Map(sources.map((source) => [source.issuer, source]))
  const [only] = sources

  async function check(token: string, key: VerificationKey, source: TokenSource): Promise<VerifiedToken> {
    const payload = await signedPayload(token, key)
    if (payload === undefined) return { kind: 'invalid' }
    const claims = source.own ? readClaims(payload) : readForeignClaims(payload)
    return claims === undefined || !isFor(claims, source)
      ? { kind: 'invalid' }
      : judged({ claims, kid: key.kid, source }, clock)
  }

  function checkWith(
    found: FoundKey,
    token: string,
    { alg }: TokenHeader,
    source: TokenSource,
  ): VerifiedToken | Promise<VerifiedToken> {
    if (found.kind === 'unavailable') return { kind: 'unavailable', of: source.own ? 'store' : 'issuer' }
    // The algorithm is the key's, never the token's to choose (RFC 8725, section 3.1).
    return found.kind === 'found' && isOf(alg, found.key, source)
      ? check(token, found.key, source)
      : { kind: 'invalid' }
  }

  function verify(token: string): VerifiedToken | Promise<VerifiedToken> {
    if (!isCompact(token)) return { kind: 'malformed' }
    const reading = readHeader(token)
    if (reading.kind !== 'read') return { kind: reading.kind === 'malformed' ? 'malformed' : 'invalid' }
    const { header } = reading
    const source = sources.length === 1 ? only : byIssuer.get(claimedIssuer(token) ?? '')
    if (source === undefined || !source.types.has(header.typ)) return { kind: 'invalid' }
    const found = source.find(header.kid, header.alg)
    return found instanceof Promise
      ? found.then((key) => checkWith(key, token, header, source))
      : checkWith(found, token, header, source)
  }

  async function verifyEncrypted(text: string, by: TokenEncryption): Promise<VerifiedToken> {
    const inner = await by.decrypt(text)
    const verified = inner === undefined ? undefined : await verify(inner.token)
    if (verified === undefined || verified.kind === 'malformed') return { kind: 'invalid' }
    // What was signed by one key and encrypted beside another was put together by somebody else.
    const isOne = !('kid' in verified) || (verified.source.own && verified.kid === inner?.kid)
    return isOne ? verified : { kind: 'invalid' }
  }

  return (text) => {
    if (lookUp !== undefined && text.startsWith(REFERENCE_PREFIX)) return lookUp(text)
    if (encryption !== undefined && isEncrypted(text)) return verifyEncrypted(text, encryption)
    return verify(text)
  }
}

/** Whom a token says that it is from, before anything of it is verified. */
function claimedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss
  } catch {
    return undefined
  }
}

/** RFC 9864 renamed EdDSA over Ed25519; other issuers may write either. */
function isOf(alg: string, key: VerificationKey, { own }: TokenSource): boolean {
  return alg === key.alg || (!own && alg === 'Ed25519' && key.alg === 'EdDSA')
}

function isFor(claims: Claims, { issuer, audience }: TokenSource): boolean {
  const named = typeof claims.aud === 'string' ? [claims.aud] : claims.aud
  return claims.iss === issuer && named.some((one) => audience.includes(one))
}

/** Judges a token that is otherwise good by its times. */
export function judged(token: JudgedToken, clock: Clock): VerifiedToken {
  const { claims, source } = token
  // A token of ours that outlived the longest lifetime could outlive its own revocation.
  if (source.own && claims.exp - (claims.iat ?? 0) > MAX_ACCESS_SECONDS) return { kind: 'invalid' }
  switch (timesOf(claims, source, clock)) {
    case 'early':
      return { kind: 'early' }
    case 'good':
      return { kind: 'genuine', ...token }
    case 'over':
      return { kind: 'expired', ...token }
  }
}

/** Where a token stands between `iat`, `nbf` and `exp`. */
export function timesOf(
  { iat = 0, nbf = 0, exp }: Claims,
  { leewaySeconds }: Pick<TokenSource, 'leewaySeconds'>,
  clock: Clock,
): 'early' | 'good' | 'over' {
  const now = clock.now() / 1000
  if (iat > now + LEEWAY_SECONDS || nbf > now + LEEWAY_SECONDS) return 'early'
  return exp + leewaySeconds > now ? 'good' : 'over'
}
