import { reasonOf, UnavailableError } from '../errors.ts'
import type { Revoked, RevokeOptions } from '../gate/session-calls.ts'
import { tagOf } from '../ports/ids.ts'
import { type Auth, ownSubject } from '../seam/auth.ts'
import type { Callers } from '../seam/caller.ts'
import type { ForgetSubject } from '../sessions/forget.ts'
import type { Activity } from '../watch/activity/activity.ts'
import type { Audit } from '../watch/audit/index.ts'
import { BY_APPLICATION, identifier } from './arguments.ts'

/** Erases what is known of a user: see `Sallyport.forgetUser`. */
export type ForgetUser = (subject: string | Auth, options?: RevokeOptions) => Promise<Revoked>

export interface ForgetUserParts {
  readonly forget: ForgetSubject
  readonly activity: Pick<Activity, 'settled'> | undefined
  readonly audit: Pick<Audit, 'trail' | 'pseudonyms'>
  readonly callers: Pick<Callers, 'unknown'>
}

/** A user who keeps signing in cannot be forgotten. */
const MAX_ROUNDS = 3

export function createForgetUser({ forget, activity, audit, callers }: ForgetUserParts): ForgetUser {
  return async (subject, options) => {
    const reason = reasonOf('forgetUser', options, BY_APPLICATION)
    const name = identifier('subject', ownSubject(subject))
    const ending = { reason, caller: callers.unknown() }
    const ended: string[] = []
    for (let round = 0; round < MAX_ROUNDS; round++) {
      // What waits for its pseudonym could make a key for the user again.
      if ((await audit.trail?.disguised()) === false) break
      const outcome = await forget(name, ending)
      if (outcome.kind === 'unavailable') break
      audit.pseudonyms?.forget(tagOf(name))
      ended.push(...outcome.sessions)
      if (activity === undefined || outcome.sessions.length === 0) return { ended }
      // The sessions that ended were just noted as activity, which has to be erased again.
      await activity.settled()
    }
    throw new UnavailableError()
  }
}
