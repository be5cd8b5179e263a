import type { Clock } from '../ports/clock.ts'
import type { DeadLetter, OutboxMessage, OutboxStore } from '../ports/optional/outbox.ts'
import { letterOf, tellOf } from './letter.ts'
import type { PollReceiver, PollSettled } from './receiver.ts'

export interface PollingParts {
  readonly name: string
  readonly kinds: ReadonlySet<string>
  readonly store: OutboxStore
  /** The names of all receivers. */
  readonly names: () => readonly string[]
  readonly died: (letter: DeadLetter) => void
  readonly clock: Clock
}

/** How many messages that are given out are remembered for `refuse`. */
const MOST_GIVEN = 1000
const MOST_READ = 64

/** Messages for a receiver that comes and asks, of whichever process. */
export function createPolling(parts: PollingParts): PollReceiver {
  const { name, kinds, store, names, died, clock } = parts
  const given = new Map<string, OutboxMessage>()

  async function settle(settled: readonly string[], dead: readonly DeadLetter[]): Promise<PollSettled> {
    if (settled.length === 0 && dead.length === 0) return { kind: 'acknowledged' }
    const outcome = await store.settle({ receiver: name, settled, dead, receivers: names() })
    if (outcome.kind === 'unavailable') return outcome
    for (const id of settled) given.delete(id)
    for (const { id } of dead) given.delete(id)
    tellOf(dead, outcome.forgotten, died)
    return { kind: 'acknowledged' }
  }

  function remember(message: OutboxMessage): void {
    given.set(message.id, message)
    const [oldest] = given.size > MOST_GIVEN ? given.keys() : []
    if (oldest !== undefined) given.delete(oldest)
  }

  const end = (message: Omit<OutboxMessage, 'body'>, reason: string): DeadLetter =>
    letterOf(message, { receiver: name, diedAt: clock.now(), reason })

  return {
    async read(most) {
      const heads = await store.heads()
      if (heads.kind === 'unavailable') return heads
      const messages: OutboxMessage[] = []
      const [others, dead]: [string[], DeadLetter[]] = [[], []]
      let more = false
      for (const lane of heads.heads.keys()) {
        let after: string | undefined
        for (let isMore = true; isMore; ) {
          // One more than fits says that there is more.
          const room = Math.min(MOST_READ, most - messages.length + 1)
          const reading = await store.read({
            ...{ receiver: name, lane, most: room, at: clock.now() },
            ...(after === undefined ? {} : { after }),
          })
          if (reading.kind === 'unavailable') return reading
          for (const message of reading.messages)
            if (!kinds.has(message.kind)) others.push(message.id)
            else messages.push(message)
          for (const id of reading.damaged)
            dead.push(end({ id, kind: 'unknown', at: clock.now() }, 'damaged'))
          after = reading.last ?? after
          isMore = reading.more && messages.length <= most
        }
        more = messages.length > most
        if (more) break
      }
      await settle(others, dead)
      const page = messages.slice(0, most)
      for (const message of page) remember(message)
      return { kind: 'read', messages: page, more }
    },
    acknowledge: (ids) => settle(ids, []),
    refuse(id, reason) {
      const message = given.get(id) ?? { id, kind: 'unknown', at: clock.now() }
      return settle([], [end(message, reason)])
    },
  }
}
