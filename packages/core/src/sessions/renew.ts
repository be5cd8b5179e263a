import type { Clock } from '../ports/clock.ts'
import { tagOf } from '../ports/ids.ts'
import type { Lifetimes } from '../ports/lifetimes.ts'
import type { SessionStore } from '../ports/sessions.ts'
import type { RenewOutcome } from '../ports/steps/subject-sessions.ts'
import type { Replica } from '../revocation/replica.ts'
import { isScopeToken } from '../tokens/claims.ts'
import type { Emit } from '../watch/events.ts'

export interface Renewal {
  /** A code for the audit trail. */
  readonly reason: string
  /** The scope of the sessions from now on. Default: the one that each has. */
  readonly scope?: readonly string[] | undefined
}

/**
 * Refuses every access token issued to a subject so far. The sessions live on, and get new tokens at their next refresh.
 * Rejects with a `TypeError` for what is no scope.
 */
export type RenewSessions = (subject: string, renewal: Renewal) => Promise<RenewOutcome>

export interface SessionRenewalParts {
  readonly store: Pick<SessionStore, 'renew'>
  readonly replica: Pick<Replica, 'add' | 'marksOf'>
  readonly emit: Emit
  readonly lifetimes: Lifetimes
  readonly clock: Clock
}

export function createSessionRenewal(parts: SessionRenewalParts): RenewSessions {
  const { store, replica, emit, lifetimes, clock } = parts
  return async (subject, { reason, scope }) => {
    if (scope !== undefined && !(Array.isArray(scope) && scope.every(isScopeToken)))
      throw new TypeError('"scope" must be an array of scope tokens without spaces (RFC 6749, section 3.3)')
    const tag = tagOf(subject)
    const known = replica.marksOf(tag)
    const renewal = { tag, at: clock.now(), lifetimes, known, scope: scope?.join(' ') }
    const outcome = await store.renew(renewal)
    if (outcome.kind === 'unavailable') return outcome
    replica.add(outcome.revocation)
    emit({ event: 'token.revoked', outcome: 'success', reason, sub: subject })
    return outcome
  }
}
