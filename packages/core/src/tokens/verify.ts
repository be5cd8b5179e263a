import type { FoundKey } from '../keys/ring.ts'
import type { Clock } from '../ports/clock.ts'
import { MAX_ACCESS_SECONDS } from '../ports/revocations.ts'
import type { VerificationKey } from '../ports/signer.ts'
import type { Claims, Credential } from '../seam/auth.ts'
import { readClaims, readForeignClaims } from './claims.ts'
import { isCompact, isEncrypted, signedPayload } from './compact.ts'
import { boundIn } from './confirmation.ts'
import { API_KEY_PREFIX } from './forms/api-key.ts'
import { isIntrospectable } from './forms/introspectable.ts'
import type { TokenEncryption } from './forms/nested.ts'
import { REFERENCE_PREFIX } from './forms/reference.ts'
import { createHeaderReader, type TokenHeader } from './header.ts'
import type { TokenSource } from './source.ts'
import { claimedIssuer } from './statements/claimed.ts'

export interface JudgedToken {
  readonly claims: Claims
  /** The key that signed the token. A reference token has none. */
  readonly kid: string | undefined
  readonly source: TokenSource
  readonly credential: Credential
}

/** What is wrong with a token. The client is not told; events are. */
export type InvalidReason =
  | 'header'
  | 'issuer'
  | 'type'
  | 'key'
  | 'algorithm'
  | 'signature'
  | 'claims'
  | 'audience'
  | 'lifetime'
  | 'confirmation'
  | 'encryption'
  | 'reference'
  | 'inactive'
  | 'api_key'

export type VerifiedToken =
  | ({ readonly kind: 'genuine' } & JudgedToken)
  /** The token is over. It may be used only to name the session to which it belonged. */
  | ({ readonly kind: 'expired' } & JudgedToken)
  /** The token is not valid yet. */
  | { readonly kind: 'early' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'invalid'; readonly why: InvalidReason }
  /** What would have to be asked for the key, or for the session, does not answer. */
  | { readonly kind: 'unavailable'; readonly of: 'store' | 'issuer' }

/**
 * Verifies an access token (RFC 9068, section 4). It must have the canonical spelling, an accepted issuer and `typ`,
 * the algorithm of the key that `kid` names, a good signature, and the right `iss`, `aud` and times. Returns a promise
 * only if a signature has to be checked or a key has to be fetched.
 *
 * Does NOT check whether the token was revoked. Nor does it check whether whoever sent a bound token (`cnf`) holds its key.
 */
export type VerifyToken = (token: string) => VerifiedToken | Promise<VerifiedToken>

/** The tolerance for clock skew at `iat` and `nbf`. */
const LEEWAY_SECONDS = 5

/** How tokens of this deployment are verified if they are not plain JWTs. Absent members: there are no such tokens. */
export interface OwnForms {
  readonly encryption?: TokenEncryption
  readonly lookUp?: (token: string) => Promise<VerifiedToken>
  readonly lookUpApiKey?: (token: string) => Promise<VerifiedToken>
}

/** How opaque tokens are verified that are not of this deployment. Absent or `undefined`: there are none. */
export interface ForeignForms {
  readonly introspect?: Introspect | undefined
  /** No access token is issued here, so a reference token must be another deployment's. Absent: `false`. */
  readonly areReferencesForeign?: boolean
}

/**
 * Asks another issuer about an opaque token.
 *
 * @param judge judges the claims that it answers, as it judges those of a signed token
 */
export type Introspect = (
  token: string,
  judge: (claims: Claims, source: TokenSource) => VerifiedToken,
) => VerifiedToken | Promise<VerifiedToken>

/** No key signed an opaque token. */
const NO_KEY = { kid: undefined } as const

/** @param sources the accepted issuers; if there are several, the exact `iss` selects one before any key is used */
export function createTokenVerification(
  sources: readonly [TokenSource, ...TokenSource[]],
  { encryption, lookUp, lookUpApiKey, introspect, areReferencesForeign }: OwnForms & ForeignForms,
  clock: Clock,
): VerifyToken {
  const readHeader = createHeaderReader()
  const byIssuer = new Map(sources.map((source) => [source.issuer, source]))
  const [only] = sources

  async function check(token: string, key: VerificationKey, source: TokenSource): Promise<VerifiedToken> {
    const payload = await signedPayload(token, key)
    if (payload === undefined) return invalid('signature')
    const claims = source.own ? readClaims(payload) : readForeignClaims(payload, source.audienceClaim)
    if (claims === undefined) return invalid('claims')
    return checkClaims(claims, key, source)
  }

  function checkClaims(
    claims: Claims,
    key: { readonly kid: string | undefined },
    source: TokenSource,
  ): VerifiedToken {
    if (claims.iss !== source.issuer) return invalid('issuer')
    if (!isFor(claims, source)) return invalid('audience')
    // Some issuers write this instead of a `typ`, and sign their ID tokens with the same keys.
    if (!source.own && claims.token_use !== undefined && claims.token_use !== 'access') return invalid('type')
    return judged({ claims, kid: key.kid, source, credential: 'access_token' }, clock)
  }

  const checkUnsigned: Parameters<Introspect>[1] = (claims, source) => checkClaims(claims, NO_KEY, source)

  function checkWith(
    found: FoundKey,
    token: string,
    { alg }: TokenHeader,
    source: TokenSource,
  ): VerifiedToken | Promise<VerifiedToken> {
    if (found.kind === 'unavailable') return { kind: 'unavailable', of: source.own ? 'store' : 'issuer' }
    if (found.kind === 'unknown') return invalid('key')
    // The algorithm is the key's, never the token's to choose (RFC 8725, section 3.1).
    return isAlgorithmOf(found.key, alg, source) ? check(token, found.key, source) : invalid('algorithm')
  }

  function verify(token: string): VerifiedToken | Promise<VerifiedToken> {
    if (!isCompact(token)) return { kind: 'malformed' }
    const reading = readHeader(token)
    if (reading.kind !== 'read') return reading.kind === 'malformed' ? reading : invalid('header')
    const { header } = reading
    const source = sources.length === 1 ? only : byIssuer.get(claimedIssuer(token) ?? '')
    if (source === undefined) return invalid('issuer')
    if (!source.types.has(header.typ)) return invalid('type')
    const found = source.find(header.kid, header.alg)
    return found instanceof Promise
      ? found.then((key) => checkWith(key, token, header, source))
      : checkWith(found, token, header, source)
  }

  async function verifyEncrypted(text: string, by: TokenEncryption): Promise<VerifiedToken> {
    const inner = await by.decrypt(text)
    if (inner === undefined) return invalid('encryption')
    const verified = await verify(inner.token)
    if (verified.kind === 'malformed') return invalid('encryption')
    // What was signed by one key and encrypted beside another was put together by somebody else.
    const isOne = !('kid' in verified) || (verified.source.own && verified.kid === inner.kid)
    return isOne ? verified : invalid('encryption')
  }

  return (token) => {
    if (lookUp !== undefined && token.startsWith(REFERENCE_PREFIX)) return lookUp(token)
    if (lookUpApiKey !== undefined && token.startsWith(API_KEY_PREFIX)) return lookUpApiKey(token)
    if (introspect !== undefined && isIntrospectable(token, areReferencesForeign))
      return introspect(token, checkUnsigned)
    if (encryption !== undefined && isEncrypted(token)) return verifyEncrypted(token, encryption)
    return verify(token)
  }
}

/** RFC 9864 gives EdDSA with Ed25519 the name `Ed25519`; other issuers may write either. */
function isAlgorithmOf(key: VerificationKey, alg: string, { own }: TokenSource): boolean {
  return alg === key.alg || (!own && alg === 'Ed25519' && key.alg === 'EdDSA')
}

function invalid(why: InvalidReason): VerifiedToken {
  return { kind: 'invalid', why }
}

function isFor(claims: Claims, { audience, audienceClaim }: TokenSource): boolean {
  const claim = claims[audienceClaim] ?? []
  const named = typeof claim === 'string' ? [claim] : claim
  return named.some((one) => audience.includes(one))
}

/** Judges a token by its times and its `cnf`. Everything else about it must have been verified. */
export function judged(token: JudgedToken, clock: Clock): VerifiedToken {
  const { claims, source } = token
  // A token of ours that outlived the longest lifetime could outlive its own revocation.
  if (source.own && claims.exp - (claims.iat ?? 0) > MAX_ACCESS_SECONDS) return invalid('lifetime')
  // What would have to be proved in a way that is not known here can't be proved.
  if (boundIn(claims, source.own) === 'unknown') return invalid('confirmation')
  switch (timesOf(claims, source, clock.now())) {
    case 'early':
      return { kind: 'early' }
    case 'good':
      return { kind: 'genuine', ...token }
    case 'over':
      return { kind: 'expired', ...token }
  }
}

/**
 * Whether a token is too early, valid or over, according to `iat`, `nbf` and `exp`.
 *
 * @param at milliseconds since the epoch
 */
export function timesOf(
  { iat = 0, nbf = 0, exp }: Claims,
  { leewaySeconds }: Pick<TokenSource, 'leewaySeconds'>,
  at: number,
): 'early' | 'good' | 'over' {
  const now = at / 1000
  if (iat > now + LEEWAY_SECONDS || nbf > now + LEEWAY_SECONDS) return 'early'
  return exp + leewaySeconds > now ? 'good' : 'over'
}
