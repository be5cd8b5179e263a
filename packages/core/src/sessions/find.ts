import type { Clock } from '../ports/clock.ts'
import { hasExpired, type Lifetimes } from '../ports/lifetimes.ts'
import type { SessionReading, SessionStore } from '../ports/sessions.ts'
import type { RefreshTicket } from './refresh-token.ts'

/**
 * Looks at the session of a refresh token, and changes nothing. It is `unknown` once it ended, and for a token that has
 * been replaced twice. The previous token is good, since the answer that carried its successor may be on its way.
 */
export type FindSession = (ticket: RefreshTicket) => Promise<SessionReading>

export interface SessionFindParts {
  readonly store: Pick<SessionStore, 'read'>
  readonly lifetimes: Lifetimes
  readonly clock: Clock
}

export function createSessionFind({ store, lifetimes, clock }: SessionFindParts): FindSession {
  return async ({ session: id, generation, transport }) => {
    const reading = await store.read(id)
    if (reading.kind !== 'read') return reading
    const { session } = reading
    const isLive =
      session.transport === transport &&
      generation >= session.generation - 1 &&
      !hasExpired(session, clock.now(), lifetimes)
    return isLive ? reading : { kind: 'unknown' }
  }
}
