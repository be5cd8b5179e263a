import type { Clock } from '../ports/clock.ts'
import { tagOf } from '../ports/ids.ts'
import type { Lifetimes } from '../ports/lifetimes.ts'
import type { ListOutcome, SessionStore } from '../ports/sessions.ts'

/** Lists the live sessions of a subject, the latest sign-in first. */
export type ListSessions = (subject: string) => Promise<ListOutcome>

export interface SessionListParts {
  readonly store: Pick<SessionStore, 'list'>
  readonly lifetimes: Lifetimes
  readonly clock: Clock
}

export function createSessionList({ store, lifetimes, clock }: SessionListParts): ListSessions {
  return (subject) => store.list({ tag: tagOf(subject), at: clock.now(), lifetimes })
}
