import { LRUCache } from 'lru-cache'
import type { Clock } from '../../ports/clock.ts'
import { isSessionId, type SessionId } from '../../ports/ids.ts'
import { endOf, type Lifetimes } from '../../ports/lifetimes.ts'
import type { RevocationStore } from '../../ports/revocations.ts'
import type { Session } from '../../ports/session.ts'
import type { SessionStore } from '../../ports/sessions.ts'
import type { Replica } from '../../revocation/replica.ts'

/** Whether the store has the record of a session. */
export type Listing = 'live' | 'unlisted' | 'unavailable'

export interface ListedParts {
  readonly sessions: Pick<SessionStore, 'read'>
  readonly revocations: Pick<RevocationStore, 'shardOfSession'>
  readonly replica: Pick<Replica, 'losses'>
  readonly lifetimes: Lifetimes
  /** How long it counts that a record was read. */
  readonly recheckMs: number
  /** How much longer it counts while the record cannot be read. */
  readonly maxStalenessMs: number
  /** The most sessions to remember. */
  readonly mostSessions: number
  /** The store turns out to have no such session. */
  readonly onGone: (session: string) => void
  readonly clock: Clock
}

/** The sessions that this process knows to be in the store. */
export interface ListedSessions {
  /** Returns a promise only if the record has to be read first. */
  judge(session: string): Listing | Promise<Listing>
  /** Reads the record, whatever is known. */
  read(session: string): Promise<Listing>
  /** The session is in the store, or about to be. */
  note(session: Session): void
}

interface Listed {
  readonly shard: number
  /** The losses of its shard that were known before the record was read. */
  readonly losses: number
  /** When the session ends unless it is refreshed, in milliseconds since the epoch. */
  readonly endsAt: number
  /** Of the monotonic clock, in milliseconds. */
  readonly readAt: number
  failedAt: number
}

const NEVER = Number.NEGATIVE_INFINITY
/** For so long nobody asks again for a record that was not there, or could not be read. */
const AGAIN_AFTER_MS = 1000
const MOST_ABSENT = 10_000
/** So many records may be read at once: enough for all callers of a store that has just lost its data. */
const MOST_READ_AT_ONCE = 10_000

export function createListedSessions(parts: ListedParts): ListedSessions {
  const { sessions, revocations, replica, recheckMs, maxStalenessMs, clock } = parts
  const listed = new LRUCache<string, Listed>({ max: parts.mostSessions })
  /** When they were found to be absent, so that a token of a lost session does not ask with every request. */
  const absent = new LRUCache<string, number>({ max: MOST_ABSENT })
  const underWay = new Map<string, Promise<Listing>>()

  function keep(session: Session, shard: number, losses: number, readAt: number): Listing {
    const endsAt = endOf(session, parts.lifetimes)
    if (clock.now() >= endsAt) return remove(session.id, readAt)
    listed.set(session.id, { shard, losses, endsAt, readAt, failedAt: NEVER })
    return 'live'
  }

  function remove(session: string, at: number): Listing {
    listed.delete(session)
    absent.set(session, at)
    parts.onGone(session)
    return 'unlisted'
  }

  async function readRecord(session: SessionId): Promise<Listing> {
    const shard = revocations.shardOfSession(session)
    // Before the question: the record may have been lost by the time that the answer comes.
    const losses = replica.losses(shard)
    const asked = clock.monotonic()
    const reading = await sessions.read(session)
    switch (reading.kind) {
      case 'read':
        return keep(reading.session, shard, losses, asked)
      case 'unknown':
        return remove(session, asked)
      case 'unavailable': {
        const known = listed.get(session)
        if (known !== undefined) known.failedAt = clock.monotonic()
        return 'unavailable'
      }
    }
  }

  async function read(session: string): Promise<Listing> {
    return isSessionId(session) ? readRecord(session) : 'unlisted'
  }

  /** Concurrent requests of a session share one question. */
  function readOnce(session: string): Listing | Promise<Listing> {
    const running = underWay.get(session)
    if (running !== undefined) return running
    if (underWay.size >= MOST_READ_AT_ONCE) return 'unavailable'
    const reading = read(session).finally(() => underWay.delete(session))
    underWay.set(session, reading)
    return reading
  }

  return {
    judge(session) {
      const now = clock.monotonic()
      const known = listed.get(session)
      if (known === undefined || known.losses !== replica.losses(known.shard) || clock.now() >= known.endsAt)
        return now - (absent.get(session) ?? NEVER) < AGAIN_AFTER_MS ? 'unlisted' : readOnce(session)
      const age = now - known.readAt
      if (age < recheckMs / 2) return 'live'
      const unread: Listing = age < recheckMs + maxStalenessMs ? 'live' : 'unavailable'
      if (now - known.failedAt < AGAIN_AFTER_MS) return unread
      const reading = readOnce(session)
      // Read again ahead of time, so that a session in use never has to wait.
      if (age < recheckMs) return 'live'
      return whenRead(reading, (listing) => (listing === 'unavailable' ? unread : listing))
    },
    read,
    note(session) {
      const shard = revocations.shardOfSession(session.id)
      keep(session, shard, replica.losses(shard), clock.monotonic())
    },
  }
}

function whenRead(
  reading: Listing | Promise<Listing>,
  next: (listing: Listing) => Listing,
): Listing | Promise<Listing> {
  return reading instanceof Promise ? reading.then(next) : next(reading)
}
