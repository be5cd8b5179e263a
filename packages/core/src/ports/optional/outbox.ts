import type { Unavailable } from '../outcome.ts'

/** The kind of the messages that the store itself appends, in the step that ends a session. */
export const SESSION_ENDED = 'session-ended'

/** The longest body of a message, in bytes of UTF-8. */
export const MOST_BODY_BYTES = 4096

/** A message about a subject or one of its sessions, on its way to other services. */
export interface OutboxMessage {
  /** Stays the same however often the message is sent. */
  readonly id: string
  /** `session-ended` is appended by the store, in the step that ends the session. Packages add kinds of their own. */
  readonly kind: string
  /** Missing where the store no longer knew the session. */
  readonly subject?: string
  readonly session?: string
  /** When it was appended, in milliseconds since the epoch. */
  readonly at: number
  /** Empty for `session-ended`, or else JSON. */
  readonly body: string
}

/** A message that is to be appended. */
export type OutboxDraft = Pick<OutboxMessage, 'kind' | 'session' | 'body'> & { readonly subject: string }

/** A message that a receiver did not get, and never will. */
export interface DeadLetter extends Omit<OutboxMessage, 'body'> {
  readonly receiver: string
  /** When it was given up, in milliseconds since the epoch. */
  readonly diedAt: number
  /** Why, as a code. */
  readonly reason: string
}

export interface OutboxQuery {
  readonly receiver: string
  /** The lane to read, one of those that `heads` names. */
  readonly lane: number
  /** Only messages after the one with this id. */
  readonly after?: string
  readonly most: number
  /** Now, in milliseconds since the epoch. A store that has a clock of its own does not need it. */
  readonly at: number
}

export type OutboxReading =
  | {
      readonly kind: 'read'
      readonly messages: readonly OutboxMessage[]
      /** The ids of messages that cannot be read, such as those that somebody else has written. */
      readonly damaged: readonly string[]
      /** The id of the last message that was read, whether or not it is damaged; missing if there was none. */
      readonly last?: string
      /** Whether there may be more after the last one. */
      readonly more: boolean
    }
  | Unavailable

/** What has become of messages. */
export interface Settlement {
  readonly receiver: string
  /** The ids of messages of which the receiver needs no more. */
  readonly settled: readonly string[]
  readonly dead: readonly DeadLetter[]
  /** The names of all receivers. What every one has settled may be dropped. */
  readonly receivers: readonly string[]
}

export interface Settled {
  readonly kind: 'settled'
  /** The ids of dead letters that were not kept, since their subjects were forgotten. */
  readonly forgotten: readonly string[]
}

export type OutboxHeads =
  | {
      readonly kind: 'heads'
      /** By lane, the id of its latest message. Lanes in which nothing is kept are missing. */
      readonly heads: ReadonlyMap<number, string>
    }
  | Unavailable

/**
 * Messages on their way to other services. Each receiver has to settle every message once. Messages lie in lanes, in the
 * order in which they were appended, and all messages of one subject are in the same lane.
 *
 * While `StoreContext.outbox` is set, every step that ends sessions appends a `session-ended` for each of them, as part
 * of the same atomic step. A session that has ended before, an API key, and a session that ends with everything at once
 * or expires, append none. Messages older than `keptMs` are dropped.
 */
export interface OutboxStore {
  /** From now on, no message is dropped before this receiver has settled it. It may get earlier ones that are still kept. */
  enroll(receiver: string): Promise<{ readonly kind: 'enrolled' } | Unavailable>
  /** Keeps nothing for a receiver any longer. */
  dismiss(receiver: string): Promise<{ readonly kind: 'dismissed' } | Unavailable>
  append(draft: OutboxDraft, at: number): Promise<{ readonly kind: 'appended' } | Unavailable>
  /** Cheap, since every process asks from time to time. */
  heads(): Promise<OutboxHeads>
  /** The messages that a receiver has not settled, the oldest first. */
  read(query: OutboxQuery): Promise<OutboxReading>
  /** Settles messages, also of several lanes; what is settled already changes nothing. */
  settle(settlement: Settlement): Promise<Settled | Unavailable>
  /**
   * Erases the dead letters of a subject. What waits for the subject is still given to its receivers, but if that becomes a
   * dead letter, it is not kept.
   */
  forget(subject: string, at: number): Promise<{ readonly kind: 'forgotten' } | Unavailable>
  /** The latest dead letters, some hundred, the newest first. */
  deadLetters(): Promise<{ readonly kind: 'read'; readonly letters: readonly DeadLetter[] } | Unavailable>
  /** Takes, or keeps, the right to send for some milliseconds. One process at a time has it. */
  claim(
    holder: string,
    forMs: number,
    at: number,
  ): Promise<{ readonly kind: 'claimed' } | { readonly kind: 'taken' } | Unavailable>
  /** Gives that right up, if this holder has it. */
  release(holder: string): Promise<{ readonly kind: 'released' } | Unavailable>
}
