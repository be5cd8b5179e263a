import { LRUCache } from 'lru-cache'
import type { Clock } from '../../ports/clock.ts'
import type { Seen, Sighting, SightingStore } from '../../ports/optional/sightings.ts'
import type { Responses } from '../alerts/responses.ts'
import type { Callbacks } from '../callbacks.ts'
import type { EventName, SallyportEvent } from '../event.ts'
import type { Case, CaseOf } from './cases.ts'
import type { Circumstanced } from './circumstances.ts'
import type { LocationsOf } from './locations.ts'
import type { AnomalyRule, Finding } from './rule.ts'

/** Judges events by rules, apart from the requests that caused them. */
export interface Evaluation {
  /** Takes an event to be judged. Nobody waits for it. */
  note(event: SallyportEvent): void
  /** How many events found no room to wait, and how many sightings the store did not take. */
  lost(): number
  /** Resolves when all that was taken so far has been judged. */
  settled(): Promise<void>
}

export interface EvaluationParts {
  readonly rules: readonly AnomalyRule[]
  readonly casesOf: (rule: AnomalyRule) => CaseOf
  readonly store: SightingStore
  readonly circumstancesOf: Circumstanced
  readonly locationsOf: LocationsOf
  readonly responses: Responses
  readonly callbacks: Callbacks
  readonly clock: Clock
}

/** The most events that wait while the store is slow. Beyond that, events are dropped and counted. */
const MAX_WAITING = 10_000
/** Events that are judged together, by one call of the store. */
const BATCH = 500
/** A token is accepted with every request. Where it is used from is noted again after so much of the window. */
const NOTED_AGAIN = 1 / 10
const NOTED_LATELY = 10_000
const NOTHING_SEEN: Seen = { values: [] }

interface Found {
  readonly one: Case
  readonly finding: Finding
}

export function createEvaluation(parts: EvaluationParts): Evaluation {
  const { store, locationsOf, callbacks, clock } = parts
  const byEvent = new Map<EventName, CaseOf[]>()
  for (const rule of parts.rules) {
    const caseOf = parts.casesOf(rule)
    for (const name of rule.events) byEvent.set(name, [...(byEvent.get(name) ?? []), caseOf])
  }
  // One event of which something cannot be read, or one response that fails, must cost no other.
  const circumstancesOf = callbacks.answering('looking into an event', parts.circumstancesOf)
  const tell = callbacks.guarded('telling an alert', parts.responses.tell)
  const act = callbacks.answering('the response to an alert', parts.responses.act)
  /** Until when what an accepted token told need not be noted again. */
  const notedLately = new LRUCache<string, number>({ max: NOTED_LATELY })
  const waiting: SallyportEvent[] = []
  let isDraining = false
  let underWay: Promise<void> = Promise.resolve()
  let taken = 0
  let judged = 0
  let isAway = false
  let lost = 0

  /** One batch at a time, so that the store is never asked for more than it can answer. */
  async function drain(): Promise<void> {
    isDraining = true
    // The answer to the request goes first.
    underWay = new Promise((resolve) => setImmediate(resolve))
    await underWay
    while (waiting.length > 0) {
      // Whoever closes must not wait for a store that is away once for each batch.
      underWay = judge(waiting.splice(0, isAway ? waiting.length : BATCH))
      await underWay
    }
    isDraining = false
  }

  async function judge(events: readonly SallyportEvent[]): Promise<void> {
    try {
      await judgeAll(events)
    } catch {
      // Whatever is wrong with one batch, such as a store that throws, the next ones are judged.
      lost += events.length
    }
    judged += events.length
  }

  async function judgeAll(events: readonly SallyportEvent[]): Promise<void> {
    const locations = await locationsOf(events)
    const cases = events.flatMap((event) => {
      const circumstances = circumstancesOf(event, locations.get(event))
      if (circumstances === undefined) {
        lost++
        return []
      }
      return (byEvent.get(event.event) ?? []).flatMap((caseOf) => caseOf(event, circumstances) ?? [])
    })
    const news = cases.filter(isNews)
    const found: Found[] = []
    for (const [one, seen] of await seenBy(news)) {
      const finding = one.judge(seen)
      if (finding !== undefined) found.push({ one, finding })
    }
    // A thief who comes again while the alert is quiet has another session, which is to end as well.
    const acted = Promise.allSettled(found.map(({ one }) => act(one.rule, one.event)))
    await tellFirst(found)
    await acted
  }

  async function tellFirst(found: readonly Found[]): Promise<void> {
    for (const { one, finding } of await firstOf(found)) tell(one.rule, one.event, finding)
  }

  /** Whether a case tells something that this process has not just told the store. */
  function isNews({ sighting, mayRepeat }: Case): boolean {
    if (sighting === undefined || !mayRepeat) return true
    const key = keyOf(sighting)
    const now = clock.monotonic()
    if (now < (notedLately.get(key) ?? 0)) return false
    notedLately.set(key, now + sighting.windowMs * NOTED_AGAIN)
    return true
  }

  /** Notes what the cases have seen. Those that the store did not take are lost. */
  async function seenBy(cases: readonly Case[]): Promise<readonly (readonly [Case, Seen])[]> {
    const sightings = cases.flatMap(({ sighting }) => sighting ?? [])
    const outcome = sightings.length === 0 ? undefined : await store.note(sightings, clock.now())
    const noted = outcome?.kind === 'noted' ? outcome.seen : []
    if (sightings.length > 0) isAway = noted.every((seen) => seen === undefined)
    const told: (readonly [Case, Seen])[] = []
    let nth = 0
    for (const one of cases) {
      const seen = one.sighting === undefined ? NOTHING_SEEN : noted[nth++]
      if (seen !== undefined) told.push([one, seen])
      else {
        lost++
        if (one.sighting !== undefined) notedLately.delete(keyOf(one.sighting))
      }
    }
    return told
  }

  /** The findings that this process is the first to raise. What the store cannot tell is raised, rather than never. */
  async function firstOf(found: readonly Found[]): Promise<readonly Found[]> {
    const marks = found.flatMap(({ one }) => one.quiet ?? [])
    const outcome = marks.length === 0 ? undefined : await store.note(marks, clock.now())
    const noted = outcome?.kind === 'noted' ? outcome.seen : []
    let nth = 0
    return found.filter(({ one }) => one.quiet === undefined || noted[nth++]?.before === undefined)
  }

  return {
    note(event) {
      if (!byEvent.has(event.event)) return
      if (waiting.length >= MAX_WAITING) {
        lost++
        return
      }
      waiting.push(event)
      taken++
      if (!isDraining) void drain()
    },
    lost: () => lost,
    async settled() {
      const soFar = taken
      while (judged < soFar) await underWay
    },
  }
}

function keyOf({ name, tag, value }: Sighting): string {
  return `${name} ${tag ?? ''} ${value}`
}
