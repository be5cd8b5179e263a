import { UnavailableError } from '../errors.ts'
import { type Auth, ownSubject } from '../seam/auth.ts'
import { callerOf, type Sender } from '../seam/caller.ts'
import type { SessionEnd } from '../sessions/end.ts'
import type { TokenSets } from '../sessions/token-set.ts'
import type { RefreshCookie } from './cookies.ts'
import { cookiesOf } from './token-answer.ts'

export interface RevokeOptions {
  /** Why, as a code for the audit trail. Default `revoked_by_application`. */
  readonly reason?: string | undefined
}

export interface Revoked {
  /** The ids of the sessions that ended, or the `jti` of the token that was revoked. */
  readonly ended: readonly string[]
}

export interface OthersRevoked extends Revoked {
  /** `Set-Cookie` values that must be added to the response. */
  readonly cookies: readonly string[]
}

/**
 * Ends the caller's other sessions, for example after a change of password. The current session continues with a new
 * refresh token, and its access token stays valid.
 *
 * Rejects with a `TypeError` if another issuer issued the caller's token, and with an `UnavailableError` while the
 * store does not answer.
 */
export type RevokeOthers = (sender: Sender, auth: Auth, options?: RevokeOptions) => Promise<OthersRevoked>

export interface RevokeOthersParts {
  readonly end: Pick<SessionEnd, 'others'>
  readonly tokenSets: Pick<TokenSets, 'refreshGrant'>
  readonly cookie: RefreshCookie
}

export function createRevokeOthers({ end, tokenSets, cookie }: RevokeOthersParts): RevokeOthers {
  return async (sender, auth, { reason = 'revoked_by_application' } = {}) => {
    const ending = { reason, caller: callerOf(sender) }
    const outcome = await end.others(ownSubject(auth), auth.session, ending)
    if (outcome.kind === 'unavailable') throw new UnavailableError()
    const { kept, sessions } = outcome
    const cookies = kept === undefined ? [] : cookiesOf(tokenSets.refreshGrant(kept), cookie)
    return { ended: sessions, cookies }
  }
}
