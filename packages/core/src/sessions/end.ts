import type { Clock } from '../ports/clock.ts'
import type { SessionId } from '../ports/ids.ts'
import { isSessionId, tagOf, tagOfSession } from '../ports/ids.ts'
import type { Lifetimes } from '../ports/lifetimes.ts'
import type { Unavailable } from '../ports/outcome.ts'
import type { Session } from '../ports/session.ts'
import type { SessionStore } from '../ports/sessions.ts'
import type { SubjectEndOutcome } from '../ports/steps/subject-sessions.ts'
import type { Replica } from '../revocation/replica.ts'
import type { Caller } from '../seam/caller.ts'
import type { Emit } from '../watch/events.ts'

/** Why sessions end, and at whose request. Each `session.ended` event says so. */
export interface Ending {
  /** A code for the audit trail, such as `logout`. */
  readonly reason: string
  readonly caller: Caller
}

export interface EndedSession {
  readonly id: SessionId
  readonly subject: string
  readonly client?: string
}

export type OneEnded = { readonly kind: 'ended' } | { readonly kind: 'absent' } | Unavailable

/**
 * Ends sessions. Every session that is ended by name passes through here: the store ends it, then this process's replica
 * learns of it, then an event is emitted. Those that expire, or end with everything, pass nobody. A call that ends no session emits no event.
 */
export interface SessionEnd {
  /** Ends one session. Even if the store does not know it, its access tokens are refused from now on. */
  one(id: string, ending: Ending): Promise<OneEnded>
  /** Ends one session of this subject. A session of any other subject is `absent`, and stays as it is. */
  oneOf(subject: string, id: string, ending: Ending): Promise<OneEnded>
  /** Ends all sessions of a subject, and refuses every access token issued to the subject so far. */
  all(subject: string, ending: Ending): Promise<SubjectEndOutcome>
  /** Does the same except for one session, which continues with a new refresh token. */
  others(subject: string, kept: string | undefined, ending: Ending): Promise<SubjectEndOutcome>
  /** Completes the end of sessions that the store has already ended as part of another step. */
  settle(ended: readonly EndedSession[], ending: Ending): void
}

export interface SessionEndParts {
  readonly store: Pick<SessionStore, 'end' | 'endSubject'>
  readonly replica: Pick<Replica, 'add'>
  readonly emit: Emit
  /** Is told that the store has ended sessions. */
  readonly onEnded: () => void
  readonly lifetimes: Lifetimes
  readonly clock: Clock
}

export function createSessionEnd(parts: SessionEndParts): SessionEnd {
  const { store, replica, emit, onEnded, lifetimes, clock } = parts
  function settle(ended: readonly EndedSession[], { reason, caller }: Ending): void {
    for (const { id, subject, client } of ended) {
      replica.add({ kind: 'session', session: id })
      const about = { sub: subject, sid: id, ...(client === undefined ? {} : { client_id: client }) }
      emit({ event: 'session.ended', outcome: 'success', reason, ...about }, caller)
    }
    if (ended.length > 0) onEnded()
  }

  async function endSubject(
    subject: string,
    kept: SessionId | undefined,
    ending: Ending,
  ): Promise<SubjectEndOutcome> {
    const outcome = await store.endSubject({
      tag: tagOf(subject),
      at: clock.now(),
      lifetimes,
      ...(kept === undefined ? {} : { except: kept }),
    })
    if (outcome.kind === 'unavailable') return outcome
    replica.add(outcome.revocation)
    settle(
      outcome.sessions.map((id) => ({ id, subject })),
      ending,
    )
    return outcome
  }

  return {
    async one(id, ending) {
      const outcome = await store.end({ id, at: clock.now(), evenIfAbsent: true })
      if (outcome.kind === 'unavailable') return outcome
      if (outcome.kind === 'ended' && isSessionId(id)) settle([{ id, subject: outcome.subject }], ending)
      else {
        replica.add({ kind: 'session', session: id })
        onEnded()
      }
      return { kind: outcome.kind }
    },
    async oneOf(subject, id, ending) {
      if (!isSessionId(id) || tagOfSession(id) !== tagOf(subject)) return { kind: 'absent' }
      const outcome = await store.end({ id, at: clock.now(), evenIfAbsent: false })
      if (outcome.kind === 'ended') settle([{ id, subject }], ending)
      return outcome
    },
    all: (subject, ending) => endSubject(subject, undefined, ending),
    others: (subject, kept, ending) =>
      endSubject(subject, kept !== undefined && isSessionId(kept) ? kept : undefined, ending),
    settle,
  }
}

/** Converts a session that the store has ended for {@link SessionEnd.settle}. */
export function ended({ id, subject, client }: Session): EndedSession {
  return { id, subject, client }
}
