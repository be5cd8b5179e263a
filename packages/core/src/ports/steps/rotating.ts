import type { SessionId } from '../ids.ts'
import type { Lifetimes } from '../lifetimes.ts'
import type { Unavailable } from '../outcome.ts'
import type { KnownMarks } from '../revocations.ts'
import type { DeviceBinding, DriftRule, RetryKey, Session, Transport } from '../session.ts'

/** The thumbprint of the key that a client has just shown to have; without one, it has shown none. */
export interface KeyProof {
  readonly jkt?: string | undefined
}

export interface Rotation {
  readonly id: SessionId
  /** The generation of the presented refresh token. */
  readonly generation: number
  /** If given, it must be the client of the session. */
  readonly client?: string | undefined
  readonly transport: Transport
  /** The device of this request, hashed under the current secret first, then under each earlier one. */
  readonly bindings: readonly DeviceBinding[]
  /** What follows if the device is not that of the sign-in. */
  readonly driftRule: DriftRule
  readonly ip?: string | undefined
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly lifetimes: Lifetimes
  readonly known: KnownMarks
  /** How long the previous token still converges on the current one, whoever presents it. 0: strict mode. */
  readonly graceMs: number
  /** The attempt that this is, or repeats; absent if it can't be told from others. */
  readonly key?: RetryKey | undefined
  /** What the client showed of the key to which the session may be bound. Absent: no such key is asked for. */
  readonly keyProof?: KeyProof | undefined
  /** The most refreshes of one subject in a window. `count` 0: no limit. */
  readonly refreshLimit: { readonly count: number; readonly windowMs: number }
  /** The most converged answers per generation. 0: no limit. */
  readonly convergedLimit: number
}

/** A session, and what of its device differs from the sign-in: bit n for cell n, and `VERSION_FELL`. */
interface Compared {
  readonly session: Session
  readonly drift: number
}

export type RotationOutcome =
  | (Compared & {
      readonly kind: 'rotated'
      /** The presented generation was ahead of the record, so the store had lost writes. */
      readonly rolledBack: boolean
      /** See `OpenOutcome`. */
      readonly issueFrom: number
    })
  /** Nothing changed. `session` has the current generation. */
  | (Compared & { readonly kind: 'converged'; readonly issueFrom: number })
  /**
   * The answer to an earlier refresh was lost, or somebody else has it. The session continues one generation later, and
   * the generation before that is burnt: it was revoked.
   */
  | (Compared & {
      readonly kind: 'contested'
      readonly issueFrom: number
      /** The address that the burnt generation was handed to. */
      readonly previousIp?: string
    })
  /** A replaced token was presented: the session was ended and revoked. */
  | { readonly kind: 'reused'; readonly session: Session; readonly rolledBack: boolean }
  /** It is another device by the rule: the session was ended and revoked. */
  | (Compared & { readonly kind: 'mismatched' })
  /** So much of the device changed that the user must authenticate again. Nothing changed in the store. */
  | (Compared & { readonly kind: 'challenged' })
  /** The session belongs to another client or transport. Nothing changed. */
  | { readonly kind: 'wrong_client' }
  /** The session is bound to a key that was not shown. Nothing changed. */
  | { readonly kind: 'unproven' }
  /** A limit was reached. Nothing changed. */
  | { readonly kind: 'limited'; readonly retryAfterMs: number }
  | { readonly kind: 'expired' }
  | { readonly kind: 'unknown' }
  | Unavailable
