import { isName } from '../ports/ids.ts'
import type { StatementClaims } from '../tokens/claims.ts'

/** The event of a logout token. */
export const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** Whom a logout token signs out: a session, or a user with all sessions. Names are those of its sender. */
export interface LogoutClaims {
  readonly iss: string
  readonly sub?: string
  readonly sid?: string
}

export interface ReadLogout {
  readonly claims: LogoutClaims
  readonly jti: string
  /** In seconds since the epoch. */
  readonly issuedAt: number
}

/**
 * Reads the claims of a genuine logout token; `undefined` if they are not those of one.
 *
 * @see [OpenID Connect Back-Channel Logout 1.0, section 2.6](https://openid.net/specs/openid-connect-backchannel-1_0.html#Validation)
 */
export function readLogout(claims: StatementClaims): ReadLogout | undefined {
  const { iss, jti, iat, sub, sid, events } = claims
  if (jti === undefined || jti === '' || iat === undefined) return undefined
  // An ID token must never pass for a logout token.
  if ('nonce' in claims || !isEvent(events)) return undefined
  if (!mayBeName(sub) || !mayBeName(sid) || (sub === undefined && sid === undefined)) return undefined
  const named = { ...(sub === undefined ? {} : { sub }), ...(sid === undefined ? {} : { sid }) }
  return { jti, issuedAt: iat, claims: { iss, ...named } }
}

function isEvent(events: unknown): boolean {
  return (
    isObject(events) && Object.hasOwn(events, LOGOUT_EVENT) && isObject(Reflect.get(events, LOGOUT_EVENT))
  )
}

function isObject(given: unknown): given is object {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}

function mayBeName(given: unknown): given is string | undefined {
  return given === undefined || isName(given)
}
