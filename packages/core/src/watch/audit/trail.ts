import { createOutage } from '../../dependencies/outage.ts'
import { patiently } from '../../dependencies/patience.ts'
import type { Clock } from '../../ports/clock.ts'
import type { SallyportEvent } from '../event.ts'
import type { Pseudonyms } from './pseudonyms.ts'
import { createPump } from './pump.ts'
import type { AuditSink } from './sink.ts'

/** The audit trail: events on their way to a sink. Nobody waits for it unless it is required. */
export interface Trail {
  /** Takes an event, to be written soon. */
  note(event: SallyportEvent): void
  /** How many events it has taken. */
  noted(): number
  /** How many events it did not take, because too many were waiting. */
  dropped(): number
  /** Whether no step may begin whose events would have to be written. */
  isAway(): boolean
  /** Whether all that was taken so far gets written within the time-out. `undefined`: it is written already. */
  written(): Promise<boolean> | undefined
  /** Whether all that was taken so far gets its pseudonyms within the time-out. */
  disguised(): Promise<boolean>
  /** Writes what is waiting, if the sink takes it within the time-out, and closes the sink. */
  close(): Promise<void>
}

export interface TrailSettings {
  readonly sink: AuditSink
  /** The most events that wait for the sink. */
  readonly mostWaiting: number
  /** Whether no event may be dropped. Steps are refused instead, as long as the sink does not take their events. */
  readonly required: boolean
  /** How long a write may take before the sink counts as away. */
  readonly timeoutMs: number
}

export interface TrailParts extends TrailSettings {
  /** `undefined`: subjects are named as they are. */
  readonly pseudonyms: Pick<Pseudonyms, 'disguise'> | undefined
  readonly clock: Clock
  readonly notice: (message: string) => void
}

/** Where nobody waits, events are collected for this long, since each write slows down the requests of that moment. */
const COLLECTED_MS = 100
/** Losses that come and go are told once. */
const QUIET_MS = 10_000

export function createTrail(parts: TrailParts): Trail {
  const { sink, pseudonyms, mostWaiting, required, timeoutMs, clock, notice } = parts
  let noted = 0
  let dropped = 0
  let isClosed = false
  const now = (): number => clock.monotonic()
  const outage = createOutage({ back: `the audit sink "${sink.name}" is back`, quietMs: 0, now, notice })
  const losses = createOutage({ back: 'no more audit events are lost', quietMs: QUIET_MS, now, notice })
  /** The store tells its outages by itself. */
  let hasNoPseudonyms = false

  const soon = (begin: () => void): void => {
    if (required) setImmediate(begin)
    else setTimeout(begin, COLLECTED_MS).unref()
  }
  const inClear = createPump<SallyportEvent>({
    soon,
    async take(batch) {
      for (const event of await disguise(batch)) ready.push(event)
    },
    taken() {
      hasNoPseudonyms = false
      disguisings.passed(noted - inClear.waiting())
    },
    failed() {
      hasNoPseudonyms = true
      disguisings.failed()
      writings.failed()
    },
  })
  const ready = createPump<SallyportEvent>({
    soon: pseudonyms === undefined ? soon : queueMicrotask,
    async take(batch) {
      const stopWaiting = patiently(timeoutMs, () => away('does not answer'))
      try {
        await sink.write(batch)
      } finally {
        stopWaiting()
      }
    },
    taken() {
      outage.served()
      losses.served()
      writings.passed(noted - waiting())
    },
    failed: (cause) => away(`failed with ${kindOf(cause)}`),
  })
  const disguisings = createWaiters()
  const writings = createWaiters()

  const waiting = (): number => inClear.waiting() + ready.waiting()
  const first = pseudonyms === undefined ? ready : inClear

  async function disguise(batch: readonly SallyportEvent[]): Promise<readonly SallyportEvent[]> {
    const disguised = await pseudonyms?.disguise(batch)
    if (disguised === undefined) throw new Error('there are no pseudonyms')
    return disguised
  }

  function away(how: string): void {
    const result = required ? 'requests are refused with 503' : `up to ${mostWaiting} events wait`
    outage.failed(`the audit sink "${sink.name}" ${how}: ${result} until it is back`)
    writings.failed()
  }

  function drop(): void {
    dropped++
    if (!isClosed)
      losses.failed(`audit events are lost: ${mostWaiting} wait for the sink "${sink.name}" already`)
  }

  const isHeldUp = (): boolean => hasNoPseudonyms || outage.isAway()

  return {
    note(event) {
      if (isClosed || (waiting() >= mostWaiting && !required)) return drop()
      noted++
      first.push(event)
    },
    noted: () => noted,
    dropped: () => dropped,
    isAway: () => required && (isClosed || isHeldUp() || waiting() >= mostWaiting),
    written() {
      // What is told after the end is not written.
      if (isClosed) return Promise.resolve(false)
      if (waiting() === 0) return undefined
      return isHeldUp() ? Promise.resolve(false) : writings.wait(noted)
    },
    async disguised() {
      return inClear.waiting() === 0 || disguisings.wait(noted)
    },
    async close() {
      isClosed = true
      const passed = inClear.drain().then(() => ready.drain())
      const isDone = await whileItGoesOn(passed)
      writings.failed()
      disguisings.failed()
      if (waiting() > 0) notice(`the audit sink "${sink.name}" has not taken the last ${waiting()} events`)
      if (isDone) await whileItGoesOn(closeSink())
      else {
        ready.stop()
        // A sink is closed after its last write.
        void passed.then(closeSink)
      }
    },
  }

  async function closeSink(): Promise<void> {
    try {
      await sink.close?.()
    } catch (cause) {
      notice(`the audit sink "${sink.name}" could not be closed: ${kindOf(cause)}`)
    }
  }

  /** Waits for as long as events are passed on within the time-out. Gives whether the work is done. */
  function whileItGoesOn(work: Promise<void>): Promise<boolean> {
    return new Promise((resolve) => {
      let left = waiting()
      let callOff = (): void => {}
      const watch = (): void => {
        callOff = patiently(timeoutMs, () => {
          if (waiting() === left) return resolve(false)
          left = waiting()
          watch()
        })
      }
      watch()
      void work.then(() => {
        callOff()
        resolve(true)
      })
    })
  }
}

/** The message of an error may contain what must not be told. */
function kindOf(cause: unknown): string {
  if (!(cause instanceof Error)) return typeof cause
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name
}

/** Those who wait until a number of events have passed. */
interface Waiters {
  wait(upTo: number): Promise<boolean>
  passed(upTo: number): void
  failed(): void
}

function createWaiters(): Waiters {
  const waiters: { readonly upTo: number; readonly tell: (passed: boolean) => void }[] = []
  return {
    wait: (upTo) => new Promise((tell) => waiters.push({ upTo, tell })),
    passed(upTo) {
      while (waiters[0] !== undefined && waiters[0].upTo <= upTo) waiters.shift()?.tell(true)
    },
    failed() {
      for (const { tell } of waiters.splice(0)) tell(false)
    },
  }
}
