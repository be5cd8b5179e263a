/** A check of an access token, and what came of it. */
export interface Check {
  readonly name: string
  readonly asks: string
  readonly state: 'passed' | 'failed' | 'not_reached' | 'needs_sender'
}

/** What came of the whole verification. */
export interface Judged {
  readonly kind: 'valid' | 'refused'
  /** Why it was refused, as the event `token.refused` tells it. */
  readonly reason: string | undefined
}

interface Rule {
  readonly name: string
  readonly asks: string
  /** The reasons of the event `token.refused` that tell that this check failed. */
  readonly reasons: readonly string[]
}

const SPELLING: readonly Rule[] = [
  { name: 'spelling', asks: 'three parts in canonical base64url', reasons: ['token_malformed'] },
  { name: 'header', asks: 'a header of alg, kid and typ, without crit', reasons: ['token_header'] },
]
const ISSUER: Rule = { name: 'issuer', asks: 'an issuer that is trusted here', reasons: ['token_issuer'] }
const SIGNATURE: readonly Rule[] = [
  { name: 'type', asks: 'an access token, and no ID token or the like', reasons: ['token_type'] },
  { name: 'key', asks: 'a key of this issuer, and not a compromised one', reasons: ['token_key'] },
  { name: 'algorithm', asks: 'the algorithm of that key', reasons: ['token_algorithm'] },
  {
    name: 'signature',
    asks: 'a signature that fits, and is not one of too many',
    reasons: ['token_signature', 'signatures_limited'],
  },
  { name: 'claims', asks: 'the required claims, each of the right type', reasons: ['token_claims'] },
]
const CLAIMS: readonly Rule[] = [
  { name: 'audience', asks: 'meant for this API', reasons: ['token_audience'] },
  { name: 'lifetime', asks: 'at most 30 minutes', reasons: ['token_lifetime'] },
  { name: 'beginning', asks: 'iat and nbf are not in the future', reasons: ['token_early'] },
  { name: 'expiry', asks: 'exp is in the future', reasons: ['token_expired'] },
]
const HOLDER: Rule = {
  name: 'holder',
  asks: 'if it is bound: sent with its proof, certificate or cookie',
  reasons: ['token_confirmation', 'token_certificate', 'token_cookie'],
}
const REVOCATION: Rule = {
  name: 'revocation',
  asks: 'neither it nor its session, user or key was revoked',
  reasons: ['token_revoked', 'token_unlisted'],
}

/**
 * The checks of a JWT in their order, by the verdict of the library, which stops at the first one that fails.
 *
 * @param manyIssuers whether other issuers are trusted, so that the issuer is looked at first
 * @param isBound whether the sender would have to prove something, which nobody can here
 */
export function checksOf(
  { kind, reason }: Judged,
  { manyIssuers, isBound }: { readonly manyIssuers: boolean; readonly isBound: boolean },
): readonly Check[] {
  const rules = manyIssuers
    ? [...SPELLING, ISSUER, ...SIGNATURE, ...CLAIMS, HOLDER, REVOCATION]
    : [...SPELLING, ...SIGNATURE, ISSUER, ...CLAIMS, HOLDER, REVOCATION]
  const failedAt = rules.findIndex(({ reasons }) => reasons.includes(reason ?? ''))
  // Of a token that is known to be revoked, no proof is asked for.
  const isReached = (at: number, rule: Rule): boolean =>
    at < failedAt && !(rule === HOLDER && reason === 'token_revoked' && isBound)
  return rules.map((rule, at) => ({
    name: rule.name,
    asks: rule.asks,
    state:
      kind === 'valid' || isReached(at, rule)
        ? 'passed'
        : at !== failedAt
          ? 'not_reached'
          : needsSender(reason, isBound)
            ? 'needs_sender'
            : 'failed',
  }))
}

/** Whether the token was refused for nothing but that its holder is not here. */
export function needsSender(reason: string | undefined, isBound: boolean): boolean {
  return isBound && HOLDER.reasons.includes(reason ?? '')
}
