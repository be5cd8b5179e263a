import type { SessionId, SubjectTag } from '../ids.ts'
import type { Lifetimes } from '../lifetimes.ts'
import type { Unavailable } from '../outcome.ts'
import type { KnownMarks, SubjectRevocation } from '../revocations.ts'
import type { Session } from '../session.ts'

// What is done with all sessions of a subject at once.

export interface SubjectEnding {
  readonly tag: SubjectTag
  readonly at: number
  readonly lifetimes: Lifetimes
  /**
   * This session lives on. If its refresh token travels in the cookie, it advances by two generations, so that none of
   * its earlier refresh tokens converges.
   */
  readonly except?: SessionId
}

export type SubjectEndOutcome =
  | {
      readonly kind: 'ended'
      readonly sessions: readonly SessionId[]
      /** The revocation of the subject. It also concerns tokens of sessions that the store does not know. */
      readonly revocation: SubjectRevocation
      /** The session that was kept, with its current generation; absent if the store does not know it. */
      readonly kept?: Session
    }
  | Unavailable

export interface Renewal {
  readonly tag: SubjectTag
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly lifetimes: Lifetimes
  readonly known: KnownMarks
  /** If given, all sessions have this scope from now on. */
  readonly scope?: string | undefined
}

export type RenewOutcome =
  | {
      readonly kind: 'renewed'
      /** The live sessions, which get new access tokens at their next refresh. */
      readonly sessions: readonly SessionId[]
      readonly revocation: SubjectRevocation
    }
  | Unavailable

/** `in_use`: the subject has sessions, and nothing was erased. */
export type EraseOutcome = { readonly kind: 'erased' | 'in_use' } | Unavailable

export interface ListQuery {
  readonly tag: SubjectTag
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly lifetimes: Lifetimes
  /** A session that is listed if it is live, however long ago its sign-in was. */
  readonly include?: SessionId | undefined
}

export type ListOutcome =
  | {
      readonly kind: 'listed'
      readonly sessions: readonly Session[]
      /** The subject has other live sessions besides these. */
      readonly more: boolean
    }
  | Unavailable

/** The most sessions that are listed, besides one that is asked for. */
export const MOST_LISTED = 100
