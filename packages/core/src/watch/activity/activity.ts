import type { Devices } from '../../binding/device.ts'
import type { Clock } from '../../ports/clock.ts'
import { tagOf } from '../../ports/ids.ts'
import type { ActivityBounds, ActivityEntry, ActivityStore } from '../../ports/optional/activity.ts'
import type { Unavailable } from '../../ports/outcome.ts'
import type { SessionStore } from '../../ports/sessions.ts'
import type { EventName, SallyportEvent } from '../event.ts'
import { type ShownEvent, shownEntry, shownRefresh } from './shown.ts'

/** How many events of a subject are shown. */
export const MOST_SHOWN = 50
/** So many wait while the store is slow. What comes on top of them is not kept. */
const MAX_WAITING = 10_000

/**
 * What a subject should see. Refreshes are left out, since they would soon be all that is kept; the latest one of each
 * session is known from the session itself.
 */
const SHOWN: ReadonlySet<EventName> = new Set([
  'session.started',
  'session.ended',
  'login.failed',
  'account.locked',
  'refresh.reused',
  'refresh.mismatched',
  'refresh.contested',
  'token.revoked',
  'password.changed',
])
/** Attempts at a locked account, of which a stranger can make any number, would push out everything else. */
const HIDDEN_REASONS: ReadonlySet<string> = new Set(['account_locked', 'network_locked'])

export type ActivityOutcome = { readonly kind: 'read'; readonly events: readonly ShownEvent[] } | Unavailable

/** What happened to each subject lately, from all processes. */
export interface Activity {
  /** Keeps an event for its subject. Nobody waits for it. */
  note(event: SallyportEvent): void
  /** Resolves when the store has been told all that was noted. */
  settled(): Promise<void>
  /** The newest events of a subject, the latest first. What this process has noted is among them. */
  of(subject: string): Promise<ActivityOutcome>
}

export interface ActivityParts {
  readonly store: ActivityStore
  readonly sessions: (subject: string) => ReturnType<SessionStore['list']>
  readonly devices: Pick<Devices, 'recognise'>
  readonly keptMs: number
  readonly notice: (message: string) => void
  readonly clock: Clock
}

export function createActivity(parts: ActivityParts): Activity {
  const { store, devices, notice, clock } = parts
  const bounds: ActivityBounds = { most: MOST_SHOWN, keptMs: parts.keptMs }
  let waiting: ActivityEntry[] = []
  let writing: Promise<void> | undefined
  let isTold = false

  function tellLoss(): void {
    if (!isTold)
      notice('the activity of users is incomplete: the store did not take an event; this is told once')
    isTold = true
  }

  function entryOf(
    { time, event, outcome, ip, reason, user_agent }: SallyportEvent,
    subject: string,
  ): ActivityEntry {
    return {
      ...{ tag: tagOf(subject), at: Date.parse(time), event, outcome },
      isSignIn: event === 'session.started',
      ...(ip === undefined ? {} : { ip }),
      ...(user_agent === undefined ? {} : { device: devices.recognise(user_agent).label }),
      ...(reason === undefined ? {} : { reason }),
    }
  }

  /** Writes what is waiting, and what comes meanwhile. */
  async function write(): Promise<void> {
    await undefined // All events of one turn go together.
    while (waiting.length > 0) {
      const entries = waiting
      waiting = []
      // It is not tried again: nobody knows what of it the store has taken.
      const outcome = await store.append(entries, bounds, clock.now())
      if (outcome.kind === 'unavailable') tellLoss()
    }
    writing = undefined
  }

  return {
    note(event) {
      if (event.sub === undefined || !SHOWN.has(event.event)) return
      if (HIDDEN_REASONS.has(event.reason ?? '')) return
      if (waiting.length >= MAX_WAITING) return tellLoss()
      waiting.push(entryOf(event, event.sub))
      writing ??= write()
    },
    async settled() {
      await writing
    },
    async of(subject) {
      await writing
      const [kept, live] = await Promise.all([
        store.read(tagOf(subject), clock.now()),
        parts.sessions(subject),
      ])
      if (kept.kind === 'unavailable') return kept
      if (live.kind === 'unavailable') return live
      const events = [...kept.entries.map(shownEntry), ...live.sessions.map(shownRefresh)]
      const shown = events.filter((event) => event !== undefined)
      // A stable sort: what happened in the same millisecond stays as it was kept.
      shown.sort((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : 0))
      return { kind: 'read', events: shown.slice(0, MOST_SHOWN) }
    },
  }
}
