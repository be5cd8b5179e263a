import type { OutboxMessage } from '../ports/optional/outbox.ts'
import type { Failing } from './standing.ts'

/** A message, and the counts of those that were read from its lane and are not done with. */
export interface Loaded {
  readonly message: OutboxMessage
  /** `failed`: those that are in a line whose first message has failed; `loaded`: all others. */
  readonly lane: { loaded: number; failed: number }
}

/** Messages each of which waits for the one before it. */
export interface Line {
  readonly key: string
  readonly messages: Loaded[]
  /** Whether the first message has failed. */
  failing: Failing | undefined
}

/** The lines of one receiver: those whose turn it is, and those that wait after a failure. */
export interface Lines {
  add(key: string, loaded: Loaded): void
  /** Takes a line of which no message has failed, until it is given back by `advance` or `later`. */
  takeNew(which: 'first' | 'latest'): Line | undefined
  /** Takes a line whose first message has failed and may be tried again. */
  takeFailed(now: number): Line | undefined
  /** The first message of a line that was taken is done with. */
  advance(line: Line): void
  /** The first message of a line that was taken has failed. */
  later(line: Line, failing: Failing): void
  /** Nothing waits any longer. */
  hurry(): void
  hasNew(): boolean
  /** When a message that has failed may be tried again; infinity if there is none. */
  retryAt(): number
  /** Takes out the messages that were appended before an instant, other than those of lines that are taken. */
  dropBefore(instant: number): readonly OutboxMessage[]
  isEmpty(): boolean
}

/** @param failed the messages that have failed already, by their ids; kept up to date */
export function createLines(failed: Map<string, Failing>): Lines {
  const lines = new Map<string, Line>()
  let ready: Line[] = []
  let waiting: Line[] = []

  function done(line: Line): OutboxMessage | undefined {
    const first = line.messages.shift()
    if (first !== undefined) {
      first.lane[countOf(line)]--
      failed.delete(first.message.id)
    }
    become(line, undefined)
    return first?.message
  }

  const countOf = ({ failing }: Line): 'loaded' | 'failed' => (failing === undefined ? 'loaded' : 'failed')

  function become(line: Line, failing: Failing | undefined): void {
    for (const { lane } of line.messages) lane[countOf(line)]--
    line.failing = failing
    for (const { lane } of line.messages) lane[countOf(line)]++
  }

  function giveBack(line: Line): void {
    if (line.messages.length > 0) ready.push(line)
    else lines.delete(line.key)
  }

  return {
    add(key, loaded) {
      const known = lines.get(key)
      if (known !== undefined) {
        known.messages.push(loaded)
        loaded.lane[countOf(known)]++
        return
      }
      const line: Line = { key, messages: [loaded], failing: failed.get(loaded.message.id) }
      lines.set(key, line)
      loaded.lane[countOf(line)]++
      if (line.failing === undefined) ready.push(line)
      else waiting.push(line)
    },
    takeNew: (which) => (which === 'first' ? ready.shift() : ready.pop()),
    takeFailed(now) {
      const index = waiting.findIndex(({ failing }) => failing === undefined || failing.dueAt <= now)
      return index < 0 ? undefined : waiting.splice(index, 1)[0]
    },
    advance(line) {
      done(line)
      giveBack(line)
    },
    later(line, failing) {
      const [first] = line.messages
      if (first !== undefined) failed.set(first.message.id, failing)
      become(line, failing)
      waiting.push(line)
    },
    hurry() {
      for (const { failing } of waiting) if (failing !== undefined) failing.dueAt = 0
    },
    hasNew: () => ready.length > 0,
    retryAt: () => waiting.reduce((least, { failing }) => Math.min(least, failing?.dueAt ?? 0), Infinity),
    dropBefore(instant) {
      const dropped: OutboxMessage[] = []
      const isOld = ({ messages: [first] }: Line): boolean =>
        first !== undefined && first.message.at < instant
      const old = [...ready, ...waiting].filter(isOld)
      if (old.length === 0) return dropped
      ready = ready.filter((line) => !isOld(line))
      waiting = waiting.filter((line) => !isOld(line))
      for (const line of old) {
        while (isOld(line)) {
          const message = done(line)
          if (message !== undefined) dropped.push(message)
        }
        giveBack(line)
      }
      return dropped
    },
    isEmpty: () => lines.size === 0,
  }
}
