import type { DeadLetter, OutboxMessage } from '../ports/optional/outbox.ts'
import type { Unavailable } from '../ports/outcome.ts'

/** What came of one attempt to deliver a message. */
export type Delivery =
  | { readonly kind: 'delivered' }
  /**
   * The receiver did not answer, or asks for patience (5xx, 408, 425, 429): the message is sent again.
   *
   * `afterMs`: how long the receiver wants to be left alone, in milliseconds. At most a minute of it counts.
   */
  | { readonly kind: 'retry'; readonly reason: string; readonly afterMs?: number }
  /** This process cannot send now, whatever the receiver does, such as without a key: another process is to try. */
  | { readonly kind: 'unable' }
  /** The receiver does not want the message (any other 4xx): it is a dead letter at once. */
  | { readonly kind: 'refused'; readonly reason: string }

/** A receiver to which messages are sent. */
export interface PushReceiver {
  /** Tells receivers apart, also after a restart: another name is another receiver, which begins anew. */
  readonly name: string
  /** The kinds of messages that it gets. */
  readonly kinds: ReadonlySet<string>
  /**
   * Whether the messages of one subject wait for each other. `any`: they do not, for receivers to which each message
   * says all. Default `subject`.
   */
  readonly order?: 'subject' | 'any'
  /** How long one attempt may take, in milliseconds. Default 3000. */
  readonly timeoutMs?: number
  /**
   * Sends one message. The signal says that nobody waits any longer. What it throws, or rejects with, counts as `retry`.
   */
  deliver(message: OutboxMessage, signal: AbortSignal): Promise<Delivery>
}

export type PollReading =
  | { readonly kind: 'read'; readonly messages: readonly OutboxMessage[]; readonly more: boolean }
  | Unavailable

export type PollSettled = { readonly kind: 'acknowledged' } | Unavailable

/** A receiver that comes and asks. */
export interface PollReceiver {
  /** The messages that it has not acknowledged, up to so many, in the order of each subject. */
  read(most: number): Promise<PollReading>
  acknowledge(ids: readonly string[]): Promise<PollSettled>
  /** Makes a dead letter of a message that the receiver does not want. */
  refuse(id: string, reason: string): Promise<PollSettled>
}

/** A receiver that comes and goes while processes run, and of whom each process hears by itself. */
export interface Subscription {
  /** Resolves once messages are kept for it, and tells since when, in milliseconds since the epoch. */
  begin(): Promise<{ readonly kind: 'begun'; readonly at: number } | Unavailable>
  /** From now on, this process may send messages to it, in the order of each subject. */
  send(receiver: Omit<PushReceiver, 'name'>): void
  /** This process sends it nothing any more. Messages are kept for it, and the operator is told if they grow too old. So it begins. */
  hold(): void
  /** The same for a receiver that has no use for messages: nobody is told of what it misses. */
  rest(): void
  /** Gives the messages to whoever comes and asks. */
  readonly polled: PollReceiver
  /** Nothing is kept for it any more. */
  end(): void
}

/** Messages on their way to other services. They are kept in the store until every receiver has got them. */
export interface Outbox {
  /** Rejects with a `RangeError` for a body of more than 4 KiB. */
  append(message: {
    readonly kind: string
    readonly subject: string
    readonly session?: string
    readonly body?: string
  }): Promise<{ readonly kind: 'appended' } | Unavailable>
  /**
   * From now on, every message of its kinds is given to the receiver by one process at a time, in the order of each
   * subject, until it is delivered or dead. At most a repetition reaches it twice.
   *
   * Throws a `ConfigError` unless the option `outbox` is set, and a `TypeError` if the name is taken.
   */
  push(receiver: PushReceiver): void
  /** Does the same for a receiver that comes and asks, such as by RFC 8936. */
  poll(name: string, kinds: ReadonlySet<string>): PollReceiver
  /** Reserves a name for whoever makes receivers known by `subscribe`, so that nobody else does. Throws as `push` does. */
  reserve(name: string): void
  /** Makes a receiver known to this process. Throws as `push` does. */
  subscribe(name: string, kinds: ReadonlySet<string>): Subscription
  /** The latest messages that were given up, the newest first. */
  deadLetters(): Promise<{ readonly kind: 'read'; readonly letters: readonly DeadLetter[] } | Unavailable>
}
