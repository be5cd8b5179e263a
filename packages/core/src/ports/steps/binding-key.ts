import type { SessionId } from '../ids.ts'
import type { Lifetimes } from '../lifetimes.ts'
import type { Unavailable } from '../outcome.ts'
import type { KnownMarks } from '../revocations.ts'
import type { BoundKey, Session } from '../session.ts'

export interface BindingKey {
  readonly id: SessionId
  readonly key: BoundKey
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly lifetimes: Lifetimes
  readonly known: KnownMarks
}

export type BindKeyOutcome =
  | { readonly kind: 'bound'; readonly session: Session }
  /** The session has a key, and keeps it, even if it is the same one. */
  | { readonly kind: 'taken' }
  /** The session is over, or the store does not know it. */
  | { readonly kind: 'unknown' }
  | Unavailable
