import type { Clock } from '../ports/clock.ts'
import type { DeadLetter, OutboxMessage, OutboxStore } from '../ports/optional/outbox.ts'
import { attempt } from './attempt.ts'
import { backOff, pauseAfter, SOON_MS } from './backoff.ts'
import { letterOf, tellOf } from './letter.ts'
import { createLines, type Line } from './lines.ts'
import type { PushReceiver } from './receiver.ts'
import type { Standing } from './standing.ts'

/** Gives one receiver its messages, while this process has the right to send. */
export interface Courier {
  /** There are new messages in a lane. */
  look(lane: number): void
  /** Reads on where there may be more, as far as there is room, and gives up what is too old. */
  load(): Promise<void>
  /** Starts whatever may be sent now. */
  send(): void
  /** Tells the store what has become of messages. What it does not take is told again the next time. */
  settle(): Promise<void>
  /** Whether an attempt is under way. */
  isBusy(): boolean
  /** Whether it has nothing left to do. */
  isIdle(): boolean
  /** When to look after it again, by the monotonic clock; infinity if it has to be nudged. */
  nextAt(): number
  /** Starts nothing more, and resolves when what is under way has ended. After so many milliseconds, calls it off. */
  stop(waitMs: number): Promise<void>
}

/** Whether an attempt reached a receiver that took or refused the message, or not, or could not be made by this process. */
export type Ended = 'reached' | 'failed' | 'unable'

export interface CourierParts {
  readonly receiver: PushReceiver
  /** The names of all receivers. */
  readonly names: () => readonly string[]
  readonly store: Pick<OutboxStore, 'read' | 'settle'>
  readonly giveUpMs: number
  /** Hears of each dead letter, once the store has it. */
  readonly died: (letter: DeadLetter) => void
  /** Whether this process still has the right to send, which it loses while it hangs. */
  readonly maySend: () => boolean
  /** What is known of the receiver from earlier. */
  readonly standing: Standing
  /** An attempt has ended, so the courier is to be looked after. */
  readonly ended: (how: Ended) => void
  readonly clock: Clock
}

interface Lane {
  after: string | undefined
  hasMore: boolean
  /** How many of its messages are not done with, other than those that wait after a failure. */
  loaded: number
  /** How many wait after a failure, or for one that does. */
  failed: number
}

const MOST_LOADED = 128
const MOST_FAILED = 4096
const MOST_READ = 64
/** After so many messages of a lane, wanted or not, the right to send is looked after again. */
const MOST_AT_A_TIME = 512
const AT_ONCE = 16
/** So many failures in a row say that the receiver is down, and not that it dislikes one message. */
const DOWN = 3
const MOST_PATIENCE_MS = 60_000

export function createCourier(parts: CourierParts): Courier {
  const { receiver, store, clock, standing } = parts
  const lanes = new Map<number, Lane>()
  const lines = createLines(standing.messages)
  const underWay = new Map<Promise<Ended>, AbortController>()
  let isStopped = false
  let isLatestNext = false
  /** There was more to read. */
  let isCut = false
  let settled: string[] = []
  let dead: DeadLetter[] = []

  function die(message: Omit<OutboxMessage, 'body'>, reason: string): void {
    dead.push(letterOf(message, { receiver: receiver.name, diedAt: clock.now(), reason }))
  }

  function accept(message: OutboxMessage, lane: Lane): void {
    if (!receiver.kinds.has(message.kind)) {
      settled.push(message.id)
      return
    }
    const { subject = message.session ?? message.id } = message
    lines.add(receiver.order === 'any' ? message.id : subject, { message, lane })
  }

  const hasRoom = ({ hasMore, loaded, failed: stuck }: Lane): boolean =>
    hasMore && loaded < MOST_LOADED && stuck < MOST_FAILED

  async function loadLane(number: number, lane: Lane): Promise<void> {
    for (let count = 0; hasRoom(lane) && !isStopped; ) {
      if (count >= MOST_AT_A_TIME) {
        isCut = true
        return
      }
      const reading = await store.read({
        ...{ receiver: receiver.name, lane: number, most: MOST_READ, at: clock.now() },
        ...(lane.after === undefined ? {} : { after: lane.after }),
      })
      if (reading.kind === 'unavailable') return
      lane.hasMore = reading.more
      lane.after = reading.last ?? lane.after
      count += reading.messages.length + reading.damaged.length
      for (const message of reading.messages) accept(message, lane)
      for (const id of reading.damaged) die({ id, kind: 'unknown', at: clock.now() }, 'damaged')
    }
  }

  function reached(line: Line): Ended {
    // It is back, so that nothing waits any longer than it must.
    if (standing.failures >= DOWN) lines.hurry()
    standing.failures = 0
    standing.retryFrom = 0
    standing.newFrom = 0
    lines.advance(line)
    return 'reached'
  }

  function failed(line: Line, startedAt: number, afterMs: number): Ended {
    const now = clock.monotonic()
    if (standing.failures === 0) standing.downSince = now
    // Those that failed together count once.
    if (startedAt >= standing.lastFailedAt) standing.failures++
    standing.lastFailedAt = now
    const pauseMs = pauseAfter(standing.failures, now - standing.downSince)
    const patienceMs = Math.min(afterMs, MOST_PATIENCE_MS)
    standing.retryFrom = Math.max(standing.retryFrom, now + Math.max(pauseMs, patienceMs))
    // The fault may be with those that failed, so the others do not wait for long.
    standing.newFrom = Math.max(standing.newFrom, now + Math.max(Math.min(pauseMs, SOON_MS), patienceMs))
    const { failures, since } = line.failing ?? { failures: 0, since: now }
    lines.later(line, { failures: failures + 1, since, dueAt: now + backOff(failures + 1, now - since) })
    return 'failed'
  }

  async function deliver(line: Line, message: OutboxMessage, calledOff: AbortController): Promise<Ended> {
    const startedAt = clock.monotonic()
    const delivery = await attempt(receiver, message, calledOff)
    switch (delivery.kind) {
      case 'unable':
        isStopped = true
        return 'unable'
      case 'retry':
        // One that was called off says nothing of the receiver.
        return isStopped ? 'failed' : failed(line, startedAt, delivery.afterMs ?? 0)
      case 'delivered':
        settled.push(message.id)
        return reached(line)
      case 'refused':
        die(message, delivery.reason)
        return reached(line)
    }
  }

  function start(line: Line, message: OutboxMessage): void {
    const calledOff = new AbortController()
    const delivery = deliver(line, message, calledOff)
    underWay.set(delivery, calledOff)
    void delivery.then((how) => {
      underWay.delete(delivery)
      send()
      parts.ended(how)
    })
  }

  function next(now: number): Line | undefined {
    if (now >= standing.newFrom && lines.hasNew()) {
      // Among many that fail, every other attempt is one of what came last, which does not wait for all of them.
      isLatestNext = standing.failures > 0 && !isLatestNext
      return lines.takeNew(isLatestNext ? 'latest' : 'first')
    }
    return now >= standing.retryFrom ? lines.takeFailed(now) : undefined
  }

  /** While a receiver is down, one message at a time finds out whether it is back. */
  function send(): void {
    const now = clock.monotonic()
    while (!isStopped && parts.maySend() && underWay.size < (standing.failures > 0 ? 1 : AT_ONCE)) {
      const line = next(now)
      const message = line?.messages[0]?.message
      if (line === undefined || message === undefined) return
      start(line, message)
    }
  }

  return {
    look(number) {
      const lane = lanes.get(number) ?? { after: undefined, hasMore: true, loaded: 0, failed: 0 }
      lane.hasMore = true
      lanes.set(number, lane)
    },
    async load() {
      for (const message of lines.dropBefore(clock.now() - parts.giveUpMs)) die(message, 'given_up')
      isCut = false
      await Promise.all([...lanes].map(([number, lane]) => loadLane(number, lane)))
    },
    send,
    async settle() {
      const [ids, letters] = [settled, dead]
      if (ids.length === 0 && letters.length === 0) return
      settled = []
      dead = []
      const outcome = await store.settle({
        ...{ receiver: receiver.name, settled: ids, dead: letters, receivers: parts.names() },
      })
      if (outcome.kind === 'settled') tellOf(letters, outcome.forgotten, parts.died)
      else {
        settled = [...ids, ...settled]
        dead = [...letters, ...dead]
      }
    },
    isBusy: () => underWay.size > 0,
    isIdle: () =>
      lines.isEmpty() &&
      settled.length === 0 &&
      dead.length === 0 &&
      ![...lanes.values()].some(({ hasMore }) => hasMore),
    nextAt() {
      if (isCut) return 0
      if (underWay.size > 0) return Number.POSITIVE_INFINITY
      const newAt = lines.hasNew() ? standing.newFrom : Number.POSITIVE_INFINITY
      return Math.min(newAt, Math.max(standing.retryFrom, lines.retryAt()))
    },
    async stop(waitMs) {
      isStopped = true
      const callOff = (): void => {
        for (const calledOff of underWay.values()) calledOff.abort()
      }
      const timer = setTimeout(callOff, waitMs).unref()
      await Promise.all(underWay.keys())
      clearTimeout(timer)
    },
  }
}
