import type { Unavailable } from '../outcome.ts'

declare const brand: unique symbol

/** The name of something that may happen once: 22 base64url characters of a hash, never a string of a client. */
export type OnceName = string & { readonly [brand]: 'OnceName' }

export interface OnceMark {
  readonly name: OnceName
  /** How long the name is kept, in milliseconds of the store's clock; at least 1. */
  readonly keptMs: number
  /** Now, in milliseconds since the epoch. A store that has a clock of its own does not need it. */
  readonly at: number
}

export type OnceOutcome =
  | { readonly kind: 'first' }
  /** The name was marked before, and is still kept. */
  | { readonly kind: 'seen' }
  | Unavailable

export type OnceLook =
  /** The name was marked, and is still kept. */
  { readonly kind: 'seen' } | { readonly kind: 'unseen' } | Unavailable

/** Remembers for a while what has happened, for all processes together. */
export interface OnceStore {
  /** Marks a name. Of racing calls exactly one is `first`. A name that is marked again is not kept for longer. */
  mark(mark: OnceMark): Promise<OnceOutcome>
  /** Tells whether a name is marked, and marks nothing. */
  look(name: Pick<OnceMark, 'name' | 'at'>): Promise<OnceLook>
}
