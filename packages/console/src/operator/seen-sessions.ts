import type { Revocation, SallyportEvent } from '@sallyport/core'

/** A session, as this process saw it last. */
export interface SeenSession {
  readonly sid: string
  readonly sub: string
  readonly userAgent: string | undefined
  readonly ip: string | undefined
  /** ISO 8601; `undefined` if it began before this process, or on another. */
  readonly startedAt: string | undefined
  readonly lastSeenAt: string
}

/** The sessions that this process saw in use, without those that it knows to be over. */
export interface SeenSessions {
  note(event: SallyportEvent): void
  forget(revocation: Revocation): void
  /** How many were in use in the last hour. One that expires tells nobody. */
  count(now: number): number
  /** The latest of them, the last one first. */
  latest(count: number, now: number): readonly SeenSession[]
}

/** The one that was used longest ago makes room. */
const MOST_SESSIONS = 10_000
const HOUR_MS = 3_600_000
const USES: readonly string[] = [
  'session.started',
  'session.refreshed',
  'stepup.granted',
  'token.accepted',
] satisfies SallyportEvent['event'][]

export function createSeenSessions(): SeenSessions {
  /** In the order of their use. */
  const sessions = new Map<string, SeenSession>()

  function see(sid: string, sub: string, { event, time, ip, user_agent }: SallyportEvent): void {
    const before = sessions.get(sid)
    sessions.delete(sid)
    sessions.set(sid, {
      ...{ sid, sub, lastSeenAt: time },
      userAgent: user_agent ?? before?.userAgent,
      ip: ip ?? before?.ip,
      startedAt: event === 'session.started' ? time : before?.startedAt,
    })
    const [oldest] = sessions.keys()
    if (sessions.size > MOST_SESSIONS && oldest !== undefined) sessions.delete(oldest)
  }

  const inUse = (now: number): readonly SeenSession[] =>
    [...sessions.values()].filter(({ lastSeenAt }) => now - Date.parse(lastSeenAt) < HOUR_MS)

  return {
    note(event) {
      const { sid, sub } = event
      if (sid === undefined || sub === undefined) return
      if (event.event === 'session.ended') sessions.delete(sid)
      else if (event.outcome === 'success' && USES.includes(event.event)) see(sid, sub, event)
    },
    forget(revocation) {
      switch (revocation.kind) {
        case 'session':
          return void sessions.delete(revocation.session)
        case 'subject':
          // A session id begins with the tag of its subject.
          for (const sid of sessions.keys())
            if (sid.startsWith(revocation.tag) && sid !== revocation.except) sessions.delete(sid)
          return
        case 'all':
          return sessions.clear()
        case 'generation':
        case 'token':
        case 'key':
          return
      }
    },
    count: (now) => inUse(now).length,
    latest: (count, now) => inUse(now).slice(-count).reverse(),
  }
}
