import type { SessionId, SubjectTag } from './ids.ts'
import type { Lifetimes } from './lifetimes.ts'
import type { Unavailable } from './outcome.ts'
import type { KnownMarks } from './revocations.ts'
import type { DeviceBinding, DriftRule, RetryKey, Session, Transport } from './session.ts'
import type { ElevateOutcome, Elevating } from './steps/elevating.ts'
import type { Opening, OpenOutcome } from './steps/opening.ts'
import type {
  EraseOutcome,
  ListOutcome,
  ListQuery,
  Renewal,
  RenewOutcome,
  SubjectEnding,
  SubjectEndOutcome,
} from './steps/subject-sessions.ts'

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
  /** A limit was reached. Nothing changed. */
  | { readonly kind: 'limited'; readonly retryAfterMs: number }
  | { readonly kind: 'expired' }
  | { readonly kind: 'unknown' }
  | Unavailable

export interface Confirmation {
  readonly id: SessionId
  readonly generation: number
}

export type EndOutcome =
  | { readonly kind: 'ended'; readonly subject: string }
  | { readonly kind: 'absent' }
  | Unavailable

export type SessionReading =
  | {
      readonly kind: 'read'
      readonly session: Session
      /** The last generation that was presented while it was the current one; 0 if none was. */
      readonly base: number
      /** See `Opening`. */
      readonly keyed: boolean
    }
  | { readonly kind: 'unknown' }
  | Unavailable

/**
 * The sessions of a store. Each method is one atomic step. A step that ends a session also adds its revocation to the
 * feed.
 *
 * For a subject with very many sessions, `open`, `endSubject`, `renew` and `list` may take several steps. If a later one
 * fails, the outcome is `unavailable`, and the call can be repeated. No session that `endSubject` ends can be used after
 * its first step.
 */
export interface SessionStore {
  /** Makes a session of generation 1. Ends the sessions beyond the limit that were refreshed longest ago. */
  open(opening: Opening): Promise<OpenOutcome>
  /** Judges a presented refresh token and replaces it by its successor. Of racing calls, exactly one gets `rotated`. */
  rotate(rotation: Rotation): Promise<RotationOutcome>
  /** Reads a session, expired or not. Needed to verify reference tokens. */
  read(id: SessionId): Promise<SessionReading>
  /** Records what the user has proved since the sign-in, and the device that did it. */
  elevate(elevating: Elevating): Promise<ElevateOutcome>
  /** Records that the generation was seen in use. No request waits for it, and it is repeated if it fails. */
  confirm(confirmation: Confirmation): Promise<{ readonly kind: 'noted' } | Unavailable>
  /**
   * Ends a session and revokes it.
   *
   * With `evenIfAbsent`, the session is revoked even if the store does not know it, because the store may have lost it
   * while its access tokens are still valid.
   */
  end(ending: {
    readonly id: string
    readonly at: number
    readonly evenIfAbsent: boolean
  }): Promise<EndOutcome>
  /** Ends every session of a subject, or all but one, and revokes every token issued to the subject so far. */
  endSubject(ending: SubjectEnding): Promise<SubjectEndOutcome>
  /**
   * Revokes every access token issued to the subject so far, and keeps the sessions. With `scope`, all of them have this
   * scope from now on.
   */
  renew(renewal: Renewal): Promise<RenewOutcome>
  /** Erases what is known about a subject without sessions. Revocations stay, under ids that identify nobody. */
  erase(tag: SubjectTag, at: number): Promise<EraseOutcome>
  /** Lists the latest of the subject's live sessions, the latest sign-in first: at most `MOST_LISTED`. */
  list(query: ListQuery): Promise<ListOutcome>
}
