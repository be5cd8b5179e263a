import type { Clock } from '../ports/clock.ts'
import { isSessionId, type SessionId, tagOf } from '../ports/ids.ts'
import type { Lifetimes } from '../ports/lifetimes.ts'
import type { Unavailable } from '../ports/outcome.ts'
import type { Session } from '../ports/session.ts'
import type { SessionStore } from '../ports/sessions.ts'
import { type ListOutcome, MOST_LISTED } from '../ports/steps/subject-sessions.ts'

/**
 * Lists the live sessions of a subject, the latest sign-in first: the latest 100, and one that is asked for.
 *
 * @param include the id of a session that is listed if it is a live one of this subject
 */
export type ListSessions = (subject: string, include?: string) => Promise<ListOutcome>

export interface SessionListParts {
  readonly store: Pick<SessionStore, 'list'>
  readonly lifetimes: Lifetimes
  readonly clock: Clock
}

export function createSessionList({ store, lifetimes, clock }: SessionListParts): ListSessions {
  return (subject, include) =>
    store.list({
      tag: tagOf(subject),
      at: clock.now(),
      lifetimes,
      ...(include !== undefined && isSessionId(include) ? { include } : {}),
    })
}

export type OwnerOutcome =
  | { readonly kind: 'found'; readonly subject: string }
  /** There is no such session. */
  | { readonly kind: 'absent' }
  | Unavailable

/** Finds whose a session is, by its id. Anything may be given. */
export type FindOwner = (session: string) => Promise<OwnerOutcome>

export function createOwnerSearch({ store }: { readonly store: Pick<SessionStore, 'read'> }): FindOwner {
  return async (session) => {
    if (!isSessionId(session)) return { kind: 'absent' }
    const reading = await store.read(session)
    if (reading.kind === 'read') return { kind: 'found', subject: reading.session.subject }
    return reading.kind === 'unknown' ? { kind: 'absent' } : reading
  }
}

interface Listed<S> {
  readonly sessions: readonly S[]
  readonly more: boolean
}

/** What is listed of a subject's live sessions. See `ListQuery`. */
export function sessionsToList<S extends Pick<Session, 'id' | 'createdAt'>>(
  live: readonly S[],
  include: SessionId | undefined,
): Listed<S> {
  const latestFirst = [...live].sort((a, b) => b.createdAt - a.createdAt)
  const sessions = latestFirst.filter(({ id }, index) => index < MOST_LISTED || id === include)
  return { sessions, more: sessions.length < live.length }
}
