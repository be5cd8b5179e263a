import type { Unavailable } from '../outcome.ts'

declare const brand: unique symbol

/** The name of a counter: 22 base64url characters of a keyed hash, which tells a store nothing of what is counted. */
export type CounterName = string & { readonly [brand]: 'CounterName' }

export interface AttemptLimit {
  /** How many attempts are allowed in a window. The last one blocks all further ones. */
  readonly most: number
  /** How long a window is, from its first attempt on. */
  readonly windowMs: number
  /** How long further attempts are blocked, from the last allowed one on. */
  readonly blockMs: number
}

export interface Attempt {
  readonly name: CounterName
  readonly limit: AttemptLimit
  /** Now, in milliseconds since the epoch. */
  readonly at: number
}

export type AttemptOutcome =
  /**
   * The attempt may be made, and has been counted.
   *
   * `since` is the beginning of its window, by which it can be taken back. `last`: further ones are blocked from now on.
   */
  | { readonly kind: 'counted'; readonly since: number; readonly last: boolean }
  | { readonly kind: 'blocked'; readonly retryAfterMs: number }
  | Unavailable

export type TakenBack = { readonly kind: 'taken_back' } | Unavailable

export interface Block {
  readonly name: CounterName
  /** How long further attempts are blocked, from now on. A block that lasts longer stays. */
  readonly forMs: number
  readonly at: number
}

export type Blocked = { readonly kind: 'blocked' } | Unavailable

export interface Forgetting {
  readonly name: CounterName
  /** The beginning of the only window that is to be forgotten. Default: whatever there is. */
  readonly since?: number | undefined
  readonly at: number
}

export type Forgotten = { readonly kind: 'forgotten'; readonly wasBlocked: boolean } | Unavailable

/**
 * Counts attempts in windows, for all processes together. An attempt is counted before it is made, so that attempts at
 * the same time cannot be more than are allowed.
 */
export interface CounterStore {
  /** Counts an attempt, unless further ones are blocked. */
  attempt(attempt: Attempt): Promise<AttemptOutcome>
  /** Takes back an attempt that came to nothing, and the block that it set. Does nothing if its window is over. */
  takeBack(attempt: Attempt & { readonly since: number }): Promise<TakenBack>
  /** Blocks further attempts, whatever was counted. No attempt that is under way lifts it. */
  block(block: Block): Promise<Blocked>
  /** Forgets all attempts, and lifts the block. */
  forget(forgetting: Forgetting): Promise<Forgotten>
}
