import { refuseUnknownMembers } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { ChallengeParameters } from '../problems.ts'
import type { Auth } from '../seam/auth.ts'
import type { Guard, GuardVerdict } from './guard.ts'
import { type RiskReader, riskOf, scoreOf } from './risk.ts'

/** How recent, and how strong, an authentication must be. */
export interface Freshness {
  /**
   * How certain it must be: the `acr` of the token must be this one, or one of these, the preferred one first. Without
   * spaces. Default: any.
   */
  readonly acr?: string | readonly string[] | undefined
  /** How long ago it may be at most, in seconds: the token must have such an `auth_time`. Default: any. */
  readonly maxAge?: number | undefined
  /**
   * Asks only sessions whose risk is at least this score, 1 to 100. The store is asked about a session that is not fresh,
   * and 503 is answered while it is away. Needs the option `anomalies`. Default: asks all.
   */
  readonly fromRisk?: number | undefined
}

const NAME = 'requireFresh'
const MEMBERS: readonly string[] = ['acr', 'maxAge', 'fromRisk'] satisfies (keyof Freshness)[]
const ACR = /^[\x21-\x7e]{1,255}$/
const PASS: GuardVerdict = { kind: 'pass' }

/**
 * Passes callers who have authenticated as recently and as strongly as the route asks, by their token. Throws a `TypeError`
 * for a wrong member.
 *
 * @see [RFC 9470](https://www.rfc-editor.org/rfc/rfc9470.html)
 */
export function freshGuard(risk: RiskReader | undefined, freshness: Freshness): Guard {
  const { maxAge, fromRisk } = freshness ?? {}
  check(freshness)
  const accepted = acrsOf(freshness)
  const stale: GuardVerdict = {
    kind: 'refuse',
    problem: 'authentication_insufficient',
    challenge: challengeOf(accepted, maxAge),
  }

  function isFresh({ claims }: Auth, clock: Clock): boolean {
    if (accepted !== undefined && (claims.acr === undefined || !accepted.includes(claims.acr))) return false
    return maxAge === undefined || isWithin(maxAge, claims.auth_time, clock.now() / 1000)
  }

  if (fromRisk === undefined) return (auth, _view, clock) => (isFresh(auth, clock) ? PASS : stale)
  const readRisk = riskOf(NAME, risk)
  const score = scoreOf(NAME, fromRisk)
  return (auth, _view, clock) => {
    if (isFresh(auth, clock)) return PASS
    // Of a session of another issuer nobody knows the risk.
    if (!auth.own || auth.session === undefined) return stale
    return readRisk(auth.session).then((outcome) => {
      if (outcome.kind === 'unavailable') return { kind: 'refuse', problem: 'store_unavailable' }
      return outcome.score < score ? PASS : stale
    })
  }
}

/** Clocks of issuers may be ahead of ours by no more than tokens may. */
const AHEAD_SECONDS = 5

function isWithin(maxAge: number, authenticatedAt: number | undefined, now: number): boolean {
  if (authenticatedAt === undefined) return false
  const age = now - authenticatedAt
  return age <= maxAge && age >= -AHEAD_SECONDS
}

function acrsOf({ acr }: Freshness): readonly string[] | undefined {
  return typeof acr === 'string' ? [acr] : acr
}

function challengeOf(acrs: readonly string[] | undefined, maxAge: number | undefined): ChallengeParameters {
  return {
    ...(acrs === undefined ? {} : { acr_values: acrs.join(' ') }),
    ...(maxAge === undefined ? {} : { max_age: maxAge }),
  }
}

function check(freshness: Freshness): void {
  refuseUnknownMembers(NAME, freshness, MEMBERS)
  const { maxAge } = freshness
  const acrs = acrsOf(freshness)
  if (acrs === undefined && maxAge === undefined) throw new TypeError(`${NAME}: give "acr", "maxAge" or both`)
  if (acrs !== undefined && !(Array.isArray(acrs) && acrs.length > 0 && acrs.every(isAcr)))
    throw new TypeError(`${NAME}: "acr" must be a string without spaces, or an array of them`)
  if (maxAge !== undefined && !(Number.isInteger(maxAge) && maxAge >= 0))
    throw new TypeError(`${NAME}: "maxAge" must be a whole number of seconds`)
}

function isAcr(given: unknown): boolean {
  return typeof given === 'string' && ACR.test(given)
}
