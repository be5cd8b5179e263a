import { reasonOf, UnavailableError } from '../errors.ts'
import type { Revoked, RevokeOptions } from '../gate/session-calls.ts'
import type { Session } from '../ports/session.ts'
import { type Auth, ownSubject } from '../seam/auth.ts'
import type { SessionEnd } from '../sessions/end.ts'
import type { ListSessions } from '../sessions/list.ts'
import type { RenewSessions } from '../sessions/renew.ts'
import {
  BY_APPLICATION,
  identifier,
  type KnownIssuers,
  REVOKE_ONE_MEMBERS,
  type Renewed,
  type RevokeOneOptions,
  renewed,
} from './arguments.ts'

/**
 * What an application does with sessions. Each call rejects with an `UnavailableError` while the store does not answer.
 * Calls reject with a `TypeError` for an id that is not a string of 1 to 255 characters, and calls that take an `Auth`
 * if another issuer issued its token.
 */
export interface SessionCalls {
  /** Lists the live sessions of a user, the latest sign-in first. */
  list(subject: string | Auth): Promise<readonly Session[]>
  /**
   * Ends one session and its access tokens. `ended` is empty if the store does not know the session. With another
   * `issuer`, refuses the access tokens that name this `sid` for 31 minutes; the session itself is not here.
   */
  revoke(session: string, options?: RevokeOneOptions): Promise<Revoked>
  /** Ends every session of a user, and refuses every access token issued to that user so far. */
  revokeAll(subject: string | Auth, options?: RevokeOptions): Promise<Revoked>
  /**
   * Gives every session of a user another scope, such as after a change of rights. The sessions live on. Access tokens
   * with the earlier scope are refused from now on, and clients get new ones by a refresh.
   */
  setScope(subject: string | Auth, scope: readonly string[], options?: RevokeOptions): Promise<Renewed>
}

const UNKNOWN_CALLER = {}

export interface SessionCallsParts {
  readonly list: ListSessions
  readonly end: Pick<SessionEnd, 'one' | 'all'>
  readonly renew: RenewSessions
  readonly issuers: KnownIssuers
}

export function createSessionCalls({ list, end, renew, issuers }: SessionCallsParts): SessionCalls {
  return {
    async list(subject) {
      const outcome = await list(identifier('subject', ownSubject(subject)))
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      return outcome.sessions
    },
    async revoke(session, options) {
      const reason = reasonOf('sessions.revoke', options, BY_APPLICATION, REVOKE_ONE_MEMBERS)
      const name = issuers.nameOf(identifier('session', session), options?.issuer)
      const outcome = await end.one(name, { reason, caller: UNKNOWN_CALLER })
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      return { ended: outcome.kind === 'ended' ? [session] : [] }
    },
    async revokeAll(subject, options) {
      const reason = reasonOf('sessions.revokeAll', options, BY_APPLICATION)
      const outcome = await end.all(identifier('subject', ownSubject(subject)), {
        reason,
        caller: UNKNOWN_CALLER,
      })
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      return { ended: outcome.sessions }
    },
    async setScope(subject, scope, options) {
      const reason = reasonOf('sessions.setScope', options, 'scope_changed')
      return renewed(renew(identifier('subject', ownSubject(subject)), { scope, reason }))
    },
  }
}
