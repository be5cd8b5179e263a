import type { Sallyport, SallyportEvent } from '@sallyport/core'
import { now } from '../system.ts'
import { type Counted, type Counts, createCounts } from './counts.ts'
import { createSeenSessions, type SeenSessions } from './seen-sessions.ts'

/** What happened in this process lately. */
export interface Record {
  readonly counts: Counts
  readonly sessions: Pick<SeenSessions, 'count' | 'latest'>
  /** Tells the last events, the oldest first, and then each one as it happens. The returned function stops that. */
  follow(listener: (event: SallyportEvent) => void): () => void
}

const EVENTS_KEPT = 100

/** Begins to follow the events of this process. */
export function createRecord({ on }: Pick<Sallyport, 'on'>): Record {
  const latest: SallyportEvent[] = []
  const listeners = new Set<(event: SallyportEvent) => void>()
  const counts = createCounts()
  const sessions = createSeenSessions()

  on('event', (event) => {
    latest.push(event)
    if (latest.length > EVENTS_KEPT) latest.shift()
    const kind = kindOf(event)
    if (kind !== undefined) counts.add(kind, Date.parse(event.time))
    sessions.note(event)
    for (const listener of listeners) listener(event)
  })
  on('revoked', (revocation) => {
    counts.add('revocations', now())
    sessions.forget(revocation)
  })

  return {
    counts,
    sessions,
    follow(listener) {
      for (const event of latest) listener(event)
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function kindOf({ event, outcome }: SallyportEvent): Counted | undefined {
  if (outcome === 'failure') return 'refusals'
  switch (event) {
    case 'session.started':
      return 'sign_ins'
    case 'session.refreshed':
      return 'refreshes'
    case 'alert.raised':
      return 'alerts'
    default:
      return undefined
  }
}
