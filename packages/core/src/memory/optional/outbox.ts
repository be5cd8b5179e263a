import type { SessionId } from '../../ports/ids.ts'
import {
  type DeadLetter,
  type OutboxMessage,
  type OutboxStore,
  SESSION_ENDED,
} from '../../ports/optional/outbox.ts'

const LANE = 0
const MOST_MESSAGES = 65_536
const MOST_DEAD = 200

interface Kept {
  readonly position: number
  readonly message: OutboxMessage
  /** The receivers that have settled it. */
  readonly settledBy: Set<string>
}

export interface MemoryOutbox extends OutboxStore {
  /** Tells that a session has ended. For use within the step that ends it. */
  ended(session: SessionId, subject: string | undefined, at: number): void
}

/**
 * An outbox in the memory of this process, with a single lane.
 *
 * @param epoch tells its ids from those of an earlier process
 */
export function createMemoryOutbox(epoch: string, keptMs: number): MemoryOutbox {
  const kept = new Map<string, Kept>()
  const receivers = new Set<string>()
  /** Subjects, by when they were forgotten. */
  const forgotten = new Map<string, number>()
  let dead: readonly DeadLetter[] = []
  let position = 0
  let lease: { readonly holder: string; readonly until: number } | undefined

  const idAt = (place: number): string => `${epoch}-${place}`

  function add(message: Omit<OutboxMessage, 'id'>): void {
    position++
    const id = idAt(position)
    kept.set(id, { position, message: { id, ...message }, settledBy: new Set() })
    const [oldest] = kept.size > MOST_MESSAGES ? kept.keys() : []
    if (oldest !== undefined) kept.delete(oldest)
  }

  function dropUntil(instant: number): void {
    for (const [id, { message }] of kept) {
      if (message.at > instant) return
      kept.delete(id)
    }
  }

  function dropIfSettled(id: string, settledBy: ReadonlySet<string> | undefined): void {
    if (settledBy !== undefined && [...receivers].every((name) => settledBy.has(name))) kept.delete(id)
  }

  const settle = (id: string, receiver: string): void =>
    dropIfSettled(id, kept.get(id)?.settledBy.add(receiver))

  return {
    ended(session, subject, at) {
      add({ kind: SESSION_ENDED, ...(subject === undefined ? {} : { subject }), session, at, body: '' })
    },
    enroll(receiver) {
      receivers.add(receiver)
      return Promise.resolve({ kind: 'enrolled' })
    },
    dismiss(receiver) {
      receivers.delete(receiver)
      for (const [id, { settledBy }] of kept) dropIfSettled(id, settledBy)
      return Promise.resolve({ kind: 'dismissed' })
    },
    append(draft, at) {
      add({ ...draft, at })
      return Promise.resolve({ kind: 'appended' })
    },
    heads() {
      return Promise.resolve({
        kind: 'heads',
        heads: new Map(kept.size === 0 ? [] : [[LANE, idAt(position)]]),
      })
    },
    read({ receiver, after, most, at }) {
      dropUntil(at - keptMs)
      // The ids of messages that were dropped meanwhile still tell their position.
      const from = after === undefined ? 0 : Number(after.slice(epoch.length + 1))
      const messages: OutboxMessage[] = []
      for (const { position: place, message, settledBy } of kept.values()) {
        if (messages.length > most) break
        if (place > from && !settledBy.has(receiver)) messages.push(message)
      }
      const more = messages.length > most
      const page = messages.slice(0, most)
      const last = page.at(-1)?.id
      return Promise.resolve({
        ...{ kind: 'read', messages: page, damaged: [], more },
        ...(last === undefined ? {} : { last }),
      })
    },
    settle({ receiver, settled, dead: letters, receivers: names }) {
      for (const name of names) receivers.add(name)
      for (const id of settled) settle(id, receiver)
      for (const { id } of letters) settle(id, receiver)
      const isKnown = (one: DeadLetter): boolean =>
        dead.some(({ id, receiver: name }) => id === one.id && name === one.receiver)
      const isForgotten = ({ subject, at }: DeadLetter): boolean =>
        subject !== undefined && at <= (forgotten.get(subject) ?? Number.NEGATIVE_INFINITY)
      const fresh = letters.filter((letter) => !isKnown(letter) && !isForgotten(letter))
      dead = fresh.reverse().concat(dead).slice(0, MOST_DEAD)
      return Promise.resolve({ kind: 'settled', forgotten: letters.filter(isForgotten).map(({ id }) => id) })
    },
    forget(subject, at) {
      dead = dead.filter((letter) => letter.subject !== subject)
      for (const [name, since] of forgotten) if (since <= at - keptMs) forgotten.delete(name)
      forgotten.set(subject, at)
      return Promise.resolve({ kind: 'forgotten' })
    },
    deadLetters: () => Promise.resolve({ kind: 'read', letters: dead }),
    claim(holder, forMs, at) {
      if (lease !== undefined && lease.holder !== holder && lease.until > at)
        return Promise.resolve({ kind: 'taken' })
      lease = { holder, until: at + forMs }
      return Promise.resolve({ kind: 'claimed' })
    },
    release(holder) {
      if (lease?.holder === holder) lease = undefined
      return Promise.resolve({ kind: 'released' })
    },
  }
}
