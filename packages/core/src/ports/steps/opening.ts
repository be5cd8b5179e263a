import type { SessionId, SubjectTag } from '../ids.ts'
import type { Lifetimes } from '../lifetimes.ts'
import type { Unavailable } from '../outcome.ts'
import type { KnownMarks } from '../revocations.ts'
import type { DeviceBinding, Grant, Session } from '../session.ts'

export interface Opening {
  readonly id: SessionId
  readonly tag: SubjectTag
  readonly grant: Grant
  readonly binding: DeviceBinding
  readonly ip?: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly lifetimes: Lifetimes
  /** The most sessions that one subject may have at once. Beyond it, those refreshed longest ago end. 0: no limit. */
  readonly sessionLimit: number
  /** The client sent an `Idempotency-Key`, and will with every refresh: there is no grace for this session. */
  readonly keyed: boolean
  readonly known: KnownMarks
  /** A session of the same subject, in the same browser. It ends, because its cookie is replaced. */
  readonly replaces?: SessionId | undefined
}

export type OpenOutcome =
  | {
      readonly kind: 'opened'
      readonly session: Session
      /** The sessions that were ended and revoked because of the limit. */
      readonly ended: readonly SessionId[]
      /** Whether the session to replace was there, and was ended and revoked. */
      readonly replaced: boolean
      /**
       * The earliest `iat` for tokens, in seconds since the epoch. With an earlier one, a revocation of the subject
       * or of everything would concern them.
       */
      readonly issueFrom: number
    }
  | Unavailable
