import type { OutboxMessage } from '../ports/optional/outbox.ts'

/** A message, and the count of those that were read from its lane and are not done with. */
export interface Loaded {
  readonly message: OutboxMessage
  readonly lane: { loaded: number }
}

/** Messages each of which waits for the one before it. */
export interface Line {
  readonly key: string
  readonly messages: Loaded[]
  /** How often the first message has failed, and since when, by the monotonic clock. */
  failures: number
  failedSince: number
  /** When it may be tried again, by that clock. */
  dueAt: number
}

/** The lines of one receiver: those whose turn it is, and those that wait after a failure. */
export interface Lines {
  add(key: string, loaded: Loaded): void
  /** Takes the next line whose time has come, until it is given back by `advance` or `later`. */
  take(now: number): Line | undefined
  /** The first message of a line that was taken is done with. */
  advance(line: Line): void
  /** A line that was taken waits until its `dueAt`. */
  later(line: Line): void
  /** Nothing waits any longer. */
  hurry(): void
  /** When a line may be taken; infinity if there is none. */
  nextAt(): number
  /** Takes out the messages that were appended before an instant, other than those of lines that are taken. */
  dropBefore(instant: number): readonly OutboxMessage[]
  isEmpty(): boolean
}

export function createLines(): Lines {
  const lines = new Map<string, Line>()
  let ready: Line[] = []
  let waiting: Line[] = []

  function done(line: Line): OutboxMessage | undefined {
    const first = line.messages.shift()
    if (first !== undefined) first.lane.loaded--
    line.failures = 0
    return first?.message
  }

  function giveBack(line: Line): void {
    if (line.messages.length > 0) ready.push(line)
    else lines.delete(line.key)
  }

  return {
    add(key, loaded) {
      const known = lines.get(key)
      if (known !== undefined) return void known.messages.push(loaded)
      const line: Line = { key, messages: [loaded], failures: 0, failedSince: 0, dueAt: 0 }
      lines.set(key, line)
      ready.push(line)
    },
    take(now) {
      const index = waiting.findIndex((line) => line.dueAt <= now)
      // One that has failed goes after those that have not, so that it holds up nobody.
      return ready.shift() ?? (index < 0 ? undefined : waiting.splice(index, 1)[0])
    },
    advance(line) {
      done(line)
      giveBack(line)
    },
    later: (line) => void waiting.push(line),
    hurry() {
      ready.push(...waiting)
      waiting = []
    },
    nextAt: () =>
      ready.length > 0 ? 0 : waiting.reduce((least, { dueAt }) => Math.min(least, dueAt), Infinity),
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
