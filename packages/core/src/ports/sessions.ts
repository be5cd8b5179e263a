import type { SessionId, SubjectTag } from './ids.ts'
import type { Unavailable } from './outcome.ts'
import type { Session } from './session.ts'
import type { BindingKey, BindKeyOutcome } from './steps/binding-key.ts'
import type { ElevateOutcome, Elevating } from './steps/elevating.ts'
import type { Opening, OpenOutcome } from './steps/opening.ts'
import type { Rotation, RotationOutcome } from './steps/rotating.ts'
import type {
  EraseOutcome,
  ListOutcome,
  ListQuery,
  Renewal,
  RenewOutcome,
  SubjectEnding,
  SubjectEndOutcome,
} from './steps/subject-sessions.ts'

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
  /** Records the key of the session's browser, unless it has one: of racing calls at most one gets `bound`. */
  bindKey(binding: BindingKey): Promise<BindKeyOutcome>
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
