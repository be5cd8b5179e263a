import type { SessionId } from '../ids.ts'
import type { Lifetimes } from '../lifetimes.ts'
import type { Unavailable } from '../outcome.ts'
import type { KnownMarks } from '../revocations.ts'
import type { DeviceBinding, Elevation, Session } from '../session.ts'

export interface Elevating {
  readonly id: SessionId
  /** Replaces any earlier one. */
  readonly elevation: Elevation
  /**
   * The device of this request, hashed under the current secret first, then under each earlier one. Later ones are
   * compared with it.
   */
  readonly bindings: readonly DeviceBinding[]
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly lifetimes: Lifetimes
  readonly known: KnownMarks
}

export type ElevateOutcome =
  | {
      readonly kind: 'elevated'
      readonly session: Session
      /** See `OpenOutcome`. */
      readonly issueFrom: number
    }
  /** The session is over, or the store does not know it. */
  | { readonly kind: 'unknown' }
  | Unavailable
