import type { Clock } from '../ports/clock.ts'
import type { DeadLetter, OutboxStore } from '../ports/optional/outbox.ts'

/** Gives up what receivers that come and ask did not fetch in time. Nobody else would, if one never comes. */
export interface Missed {
  /** Whether it is time to look. */
  isDue(): boolean
  /** Looks at some messages of these lanes, while this process has the right to send. */
  look(lanes: Iterable<number>): Promise<void>
}

export interface MissedParts {
  /** The receivers that come and ask, with the kinds of messages that each wants. */
  readonly polled: ReadonlyMap<string, ReadonlySet<string>>
  /** The names of all receivers. */
  readonly names: () => readonly string[]
  readonly store: Pick<OutboxStore, 'read' | 'settle' | 'deadLetters'>
  readonly giveUpMs: number
  /** Hears of each dead letter, once the store has it. */
  readonly died: (letter: DeadLetter) => void
  readonly maySend: () => boolean
  readonly clock: Clock
}

/** A message is kept for an hour after it could be given up. */
const EVERY_MS = 600_000
/** One message stands for all that a receiver has missed within this time. */
const TOLD_EVERY_MS = 86_400_000
const MOST_READ = 250
/** After so many reads, whoever sends is to see to its other work. */
const MOST_READS = 20
const REASON = 'not_fetched'

export function createMissed(parts: MissedParts): Missed {
  const { polled, names, store, giveUpMs, died, maySend, clock } = parts
  let begunAt = Number.NEGATIVE_INFINITY
  /** What is still to be looked at this time. */
  const waiting: { readonly receiver: string; readonly lane: number }[] = []

  /** By receiver, until when nothing more is told of it. */
  const toldUntil = new Map<string, number>()

  const isTime = (): boolean => clock.monotonic() - begunAt >= EVERY_MS

  /** Another process may have told it, or this one before it was started anew. */
  async function isTold(receiver: string, now: number): Promise<boolean> {
    if (now < (toldUntil.get(receiver) ?? 0)) return true
    const outcome = await store.deadLetters()
    if (outcome.kind === 'unavailable') return true
    const told = outcome.letters.find((letter) => letter.receiver === receiver && letter.reason === REASON)
    if (told !== undefined) toldUntil.set(receiver, told.diedAt + TOLD_EVERY_MS)
    return now < (toldUntil.get(receiver) ?? 0)
  }

  /** Gives up the oldest messages of a lane. Returns whether there may be more of them. */
  async function giveUp(receiver: string, lane: number): Promise<boolean> {
    const now = clock.now()
    const reading = await store.read({ receiver, lane, most: MOST_READ, at: now })
    if (reading.kind === 'unavailable') return false
    const old = reading.messages.filter(({ at }) => at < now - giveUpMs)
    if (old.length === 0) return false
    const missed = old.find(({ kind }) => polled.get(receiver)?.has(kind))
    const isNews = missed !== undefined && !(await isTold(receiver, now))
    // It names nobody, since it stands for all of them.
    const dead = isNews
      ? [{ id: missed.id, kind: missed.kind, at: missed.at, receiver, diedAt: now, reason: REASON }]
      : []
    const settled = old.map(({ id }) => id).filter((id) => id !== dead[0]?.id)
    const outcome = await store.settle({ receiver, settled, dead, receivers: names() })
    if (outcome.kind === 'unavailable') return false
    if (isNews) toldUntil.set(receiver, now + TOLD_EVERY_MS)
    dead.forEach(died)
    return old.length === reading.messages.length && reading.more
  }

  return {
    isDue: () => polled.size > 0 && (waiting.length > 0 || isTime()),
    async look(lanes) {
      if (waiting.length === 0 && isTime()) {
        begunAt = clock.monotonic()
        for (const lane of lanes) for (const receiver of polled.keys()) waiting.push({ receiver, lane })
      }
      for (let reads = 0; reads < MOST_READS && maySend(); reads++) {
        const [next] = waiting
        if (next === undefined) return
        if (!(await giveUp(next.receiver, next.lane))) waiting.shift()
      }
    },
  }
}
