import { reasonOf, UnavailableError } from '../errors.ts'
import type { Revoked, RevokeOptions } from '../gate/session-calls.ts'
import { tagOf } from '../ports/ids.ts'
import type { Auth } from '../seam/auth.ts'
import type { Callers } from '../seam/caller.ts'
import type { ForgetSubject } from '../sessions/forget.ts'
import type { Audit } from '../watch/audit/index.ts'
import { BY_APPLICATION, subjectOf } from './arguments.ts'

/** Erases what is known of a user: see `Sallyport.forgetUser`. */
export type ForgetUser = (subject: string | Auth, options?: RevokeOptions) => Promise<Revoked>

export interface ForgetUserParts {
  readonly forget: ForgetSubject
  /** Resolves when the store has been told of every event so far. */
  readonly settled: () => Promise<void>
  readonly audit: Pick<Audit, 'trail' | 'pseudonyms'>
  readonly callers: Pick<Callers, 'unknown'>
}

/** A user who keeps signing in cannot be forgotten. */
const MAX_ROUNDS = 3

export function createForgetUser(parts: ForgetUserParts): ForgetUser {
  const { forget, settled, audit, callers } = parts
  return async (subject, options) => {
    const reason = reasonOf('forgetUser', options, BY_APPLICATION)
    const name = subjectOf('subject', subject)
    const ending = { reason, caller: callers.unknown() }
    const ended: string[] = []
    for (let round = 0; round < MAX_ROUNDS; round++) {
      // The sessions that ended in the round before were just noted, which has to be erased again.
      await settled()
      // What waits for its pseudonym could make a key for the user again.
      if ((await audit.trail?.disguised()) === false) break
      const outcome = await forget(name, ending)
      if (outcome.kind === 'unavailable') break
      audit.pseudonyms?.forget(tagOf(name))
      ended.push(...outcome.sessions)
      if (outcome.sessions.length === 0) return { ended }
    }
    throw new UnavailableError()
  }
}
