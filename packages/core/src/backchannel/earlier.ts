import { isSessionId } from '../ports/ids.ts'
import type { Unavailable } from '../ports/outcome.ts'
import type { SessionStore } from '../ports/sessions.ts'
import type { Ending, SessionEnd } from '../sessions/end.ts'
import type { ListSessions } from '../sessions/list.ts'

/** What a logout token ends when it comes again. */
export interface EarlierEnd {
  /** Ends the sessions of a user that began until an instant, in milliseconds since the epoch. */
  all(subject: string, until: number, ending: Ending): Promise<{ readonly kind: 'ended' } | Unavailable>
  /** Tells whether a session began until then. One that is not there did. */
  began(session: string, until: number): Promise<{ readonly kind: 'earlier' | 'later' } | Unavailable>
}

export interface EarlierEndParts {
  readonly list: ListSessions
  readonly store: Pick<SessionStore, 'read'>
  readonly end: Pick<SessionEnd, 'oneOf' | 'all'>
}

export function createEarlierEnd({ list, store, end }: EarlierEndParts): EarlierEnd {
  return {
    async all(subject, until, ending) {
      for (;;) {
        const listed = await list(subject)
        if (listed.kind === 'unavailable') return listed
        const earlier = listed.sessions.filter(({ createdAt }) => createdAt <= until)
        // Those that began long ago are behind a hundred newer ones, which can't be told apart from here.
        if (earlier.length === 0 && listed.more) return end.all(subject, ending)
        const ended = await Promise.all(earlier.map(({ id }) => end.oneOf(subject, id, ending)))
        if (ended.some(({ kind }) => kind === 'unavailable')) return { kind: 'unavailable' }
        if (!listed.more) return { kind: 'ended' }
      }
    },
    async began(session, until) {
      if (!isSessionId(session)) return { kind: 'earlier' }
      const reading = await store.read(session)
      if (reading.kind === 'unavailable') return reading
      return { kind: reading.kind === 'read' && reading.session.createdAt > until ? 'later' : 'earlier' }
    },
  }
}
