import type { Devices } from '../../binding/device.ts'
import type { Clock } from '../../ports/clock.ts'
import { tagOf } from '../../ports/ids.ts'
import type {
  ActivityBounds,
  ActivityEntry,
  ActivityKind,
  ActivityStore,
} from '../../ports/optional/activity.ts'
import type { Unavailable } from '../../ports/outcome.ts'
import type { SessionStore } from '../../ports/sessions.ts'
import type { EventName, SallyportEvent } from '../event.ts'
import { type ShownEvent, shownEntry, shownRefresh } from './shown.ts'

/** How many events of a subject are shown. */
const MOST_SHOWN = 50
/** How many of these may be failures, which strangers can cause. */
const MOST_FAILURES = 20
/** How many of these may be refreshes, of which a user with many sessions has many. */
const MOST_REFRESHES = 10
/**
 * Events are written this much later, together. At once, an answer would take longer for a known user than for an unknown
 * one. That could still be measured if the work began as soon as the answer was sent.
 */
const COLLECTED_MS = 20
/** The most events that wait while the store is slow. Beyond that, events are dropped and counted. */
const MAX_WAITING = 10_000

/**
 * What a subject should see. Refreshes are left out, because they would soon crowd out everything else. The latest one
 * of each session is read from the session itself.
 */
const SHOWN: Readonly<Partial<Record<EventName, ActivityKind>>> = {
  'session.started': 'sign_in',
  'session.ended': 'other',
  'login.failed': 'failure',
  'account.locked': 'failure',
  'refresh.reused': 'other',
  'refresh.mismatched': 'other',
  'refresh.contested': 'other',
  'token.revoked': 'other',
  'password.changed': 'other',
  'stepup.granted': 'other',
  'apikey.created': 'other',
  'apikey.revoked': 'other',
}
/** Attempts at a locked account add nothing to the event of the lock. */
const HIDDEN_REASONS: readonly string[] = ['account_locked', 'network_locked']

export type ActivityOutcome = { readonly kind: 'read'; readonly events: readonly ShownEvent[] } | Unavailable

/** What happened to each subject lately, from all processes. */
export interface Activity {
  /** Keeps an event for its subject. Nobody waits for it. */
  note(event: SallyportEvent): void
  /** How many events the store did not accept, or had no room to wait. */
  lost(): number
  /** Resolves when the store has been told all that was noted. */
  settled(): Promise<void>
  /** The newest events of a subject, the latest first. What this process has noted is among them. */
  of(subject: string): Promise<ActivityOutcome>
}

export interface ActivityParts {
  readonly store: ActivityStore
  readonly sessions: (subject: string) => ReturnType<SessionStore['list']>
  readonly devices: Pick<Devices, 'labelOf'>
  readonly keptMs: number
  readonly clock: Clock
}

export function createActivity(parts: ActivityParts): Activity {
  const { store, devices, clock, keptMs } = parts
  const bounds: ActivityBounds = { most: MOST_SHOWN, mostFailures: MOST_FAILURES, keptMs }
  let waiting: SallyportEvent[] = []
  /** The write that is under way. */
  let current: Promise<void> = Promise.resolve()
  /** The write that will include what is waiting now. */
  let next: Promise<void> | undefined
  let lost = 0

  /** Begins the write that waits. */
  let begin = (): void => {}
  const later = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, COLLECTED_MS).unref()
      begin = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  /** Resolves when all that was noted so far is written, which begins now. */
  function written(): Promise<void> {
    begin()
    return next ?? current
  }

  /** One write at a time, so that entries stay in order. */
  async function write(after: Promise<void>): Promise<void> {
    await later()
    await after
    current = next ?? current
    next = undefined
    const entries = waiting.flatMap((event) => entryOf(event) ?? [])
    waiting = []
    // Not repeated, because it is not known which entries the store accepted.
    const outcome = await store.append(entries, bounds, clock.now())
    if (outcome.kind === 'unavailable') lost += entries.length
  }

  function entryOf(event: SallyportEvent): ActivityEntry | undefined {
    const { sub, ip, reason, user_agent } = event
    const kind = SHOWN[event.event]
    if (sub === undefined || kind === undefined) return undefined
    return {
      ...{ tag: tagOf(sub), at: Date.parse(event.time), event: event.event, outcome: event.outcome, kind },
      ...(ip === undefined ? {} : { ip }),
      ...(user_agent === undefined ? {} : { device: devices.labelOf(user_agent) }),
      ...(reason === undefined ? {} : { reason }),
    }
  }

  return {
    note(event) {
      if (event.sub === undefined || SHOWN[event.event] === undefined) return
      if (HIDDEN_REASONS.includes(event.reason ?? '')) return
      if (waiting.length < MAX_WAITING) waiting.push(event)
      else lost++
      next ??= write(current)
    },
    lost: () => lost,
    settled: written,
    async of(subject) {
      await written()
      const [kept, live] = await Promise.all([
        store.read(tagOf(subject), clock.now()),
        parts.sessions(subject),
      ])
      if (kept.kind === 'unavailable') return kept
      if (live.kind === 'unavailable') return live
      const since = clock.now() - keptMs
      const entries = kept.entries.filter(({ at }) => at > since)
      const isFailure = ({ kind }: ActivityEntry): boolean => kind === 'failure'
      const shown = [
        ...latest(entries.filter((entry) => !isFailure(entry)).map(shownEntry), MOST_SHOWN),
        ...latest(entries.filter(isFailure).map(shownEntry), MOST_FAILURES),
        ...latest(live.sessions.map(shownRefresh), MOST_REFRESHES),
      ]
      return { kind: 'read', events: latest(shown, MOST_SHOWN) }
    },
  }
}

/** The latest events, the very latest first. What happened in the same millisecond stays in its order. */
function latest(events: readonly (ShownEvent | undefined)[], most: number): readonly ShownEvent[] {
  const sorted = events.filter((event) => event !== undefined)
  sorted.sort((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : 0))
  return sorted.slice(0, most)
}
