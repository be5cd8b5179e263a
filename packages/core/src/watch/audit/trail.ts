import { createOutage } from '../../dependencies/outage.ts'
import { patiently } from '../../dependencies/patience.ts'
import type { Clock } from '../../ports/clock.ts'
import type { SallyportEvent } from '../event.ts'
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
  readonly clock: Clock
  readonly notice: (message: string) => void
}

/** Enough to make a write worth its while, and few enough to be formatted without holding up the process. */
const MOST_AT_ONCE = 500
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5000
/** Losses that come and go are told once. */
const QUIET_MS = 10_000

interface Waiter {
  /** The number of the last event that it waits for. */
  readonly upTo: number
  readonly tell: (written: boolean) => void
}

export function createTrail({ sink, mostWaiting, required, timeoutMs, clock, notice }: TrailParts): Trail {
  const waiting: SallyportEvent[] = []
  const waiters: Waiter[] = []
  let noted = 0
  let dropped = 0
  let retryMs = FIRST_RETRY_MS
  let retry: NodeJS.Timeout | undefined
  let isScheduled = false
  /** The write that is under way. */
  let current: Promise<void> | undefined
  let isClosed = false
  const now = (): number => clock.monotonic()
  const outage = createOutage({ back: `the audit sink "${sink.name}" is back`, quietMs: 0, now, notice })
  const losses = createOutage({ back: 'no more audit events are lost', quietMs: QUIET_MS, now, notice })

  /** Later in this turn of the event loop, so that events of the same moment are written together. */
  function schedule(): void {
    if (isScheduled || current !== undefined || retry !== undefined) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      current ??= writeAll()
    })
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MOST_AT_ONCE)
      const stopWaiting = patiently(timeoutMs, () => failed('does not answer'))
      try {
        await sink.write(batch)
      } catch (cause) {
        failed(`failed with ${kindOf(cause)}`)
        if (!isClosed) retryLater()
        break
      } finally {
        stopWaiting()
      }
      waiting.splice(0, batch.length)
      kept()
    }
    current = undefined
  }

  function kept(): void {
    retryMs = FIRST_RETRY_MS
    outage.served()
    losses.served()
    const written = noted - waiting.length
    while (waiters[0] !== undefined && waiters[0].upTo <= written) waiters.shift()?.tell(true)
  }

  function failed(how: string): void {
    outage.failed(
      `the audit sink "${sink.name}" ${how}: ${required ? 'requests are refused with 503' : `up to ${mostWaiting} events wait`} until it is back`,
    )
    for (const { tell } of waiters.splice(0)) tell(false)
  }

  function retryLater(): void {
    retry = setTimeout(() => {
      retry = undefined
      schedule()
    }, retryMs)
    retry.unref()
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)
  }

  function drop(): void {
    dropped++
    losses.failed(`audit events are lost: ${mostWaiting} wait for the sink "${sink.name}" already`)
  }

  return {
    note(event) {
      if (isClosed) return
      if (waiting.length >= mostWaiting && !required) return drop()
      waiting.push(event)
      noted++
      schedule()
    },
    noted: () => noted,
    dropped: () => dropped,
    isAway: () => required && (outage.isAway() || waiting.length >= mostWaiting),
    written() {
      if (waiting.length === 0) return undefined
      if (outage.isAway()) return Promise.resolve(false)
      return new Promise((tell) => waiters.push({ upTo: noted, tell }))
    },
    async close() {
      isClosed = true
      clearTimeout(retry)
      retry = undefined
      await withinTime(current)
      if (waiting.length > 0) await withinTime(writeAll())
      for (const { tell } of waiters.splice(0)) tell(false)
      if (waiting.length > 0)
        notice(`the audit sink "${sink.name}" has not taken the last ${waiting.length} events`)
      await withinTime(closeSink())
    },
  }

  async function closeSink(): Promise<void> {
    try {
      await sink.close?.()
    } catch (cause) {
      notice(`the audit sink "${sink.name}" could not be closed: ${kindOf(cause)}`)
    }
  }

  function withinTime(work: Promise<void> | undefined): Promise<void> {
    return new Promise((resolve) => {
      const stopWaiting = patiently(timeoutMs, resolve)
      void Promise.resolve(work).then(() => {
        stopWaiting()
        resolve()
      })
    })
  }
}

/** The message of an error may contain what must not be told. */
function kindOf(cause: unknown): string {
  if (!(cause instanceof Error)) return typeof cause
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name
}
