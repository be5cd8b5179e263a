import type { Clock } from '../ports/clock.ts'
import { type SessionId, tagOf } from '../ports/ids.ts'
import type { OutboxStore } from '../ports/optional/outbox.ts'
import type { Unavailable } from '../ports/outcome.ts'
import type { SessionStore } from '../ports/sessions.ts'
import type { Ending, SessionEnd } from './end.ts'

export type ForgetOutcome =
  | { readonly kind: 'forgotten'; readonly sessions: readonly SessionId[] }
  | Unavailable

/** Ends all sessions and API keys of a subject, and erases what the store knows of it. */
export type ForgetSubject = (subject: string, ending: Ending) => Promise<ForgetOutcome>

export interface SessionForgettingParts {
  readonly apiKeys: {
    revoke(subject: string, which: 'all', ending: Ending): Promise<{ readonly kind: 'revoked' } | Unavailable>
  }
  readonly store: Pick<SessionStore, 'erase'>
  readonly end: Pick<SessionEnd, 'all'>
  /** What is on its way to other services, if anything is. */
  readonly outbox: Pick<OutboxStore, 'forget'> | undefined
  readonly clock: Clock
}

/** A user who keeps signing in cannot be forgotten. */
const MAX_ROUNDS = 3

export function createSessionForgetting({
  store,
  apiKeys,
  end,
  outbox,
  clock,
}: SessionForgettingParts): ForgetSubject {
  return async (subject, ending) => {
    const sessions: SessionId[] = []
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const ended = await end.all(subject, ending)
      if (ended.kind === 'unavailable') return ended
      sessions.push(...ended.sessions)
      const revoked = await apiKeys.revoke(subject, 'all', ending)
      if (revoked.kind === 'unavailable') return revoked
      const erased = await store.erase(tagOf(subject), clock.now())
      if (erased.kind === 'unavailable') return erased
      if (erased.kind === 'in_use') continue
      // The services are still told that the sessions have ended.
      const outcome = await outbox?.forget(subject, clock.now())
      return outcome?.kind === 'unavailable' ? outcome : { kind: 'forgotten', sessions }
    }
    return { kind: 'unavailable' }
  }
}
