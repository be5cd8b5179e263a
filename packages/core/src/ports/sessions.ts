import type { SessionId, SubjectTag } from './ids.ts'
import type { Unavailable } from './outcome.ts'
import type { SubjectRevocation } from './revocations.ts'

/** How a session's refresh token travels: in the cookie, or in the bodies of the token endpoint. */
export type Transport = 'cookie' | 'body'

/**
 * What a device looked like: one keyed hash of four bytes per component, in a fixed order, and the
 * browser's major version (0 where it has none), which may rise but is no secret.
 */
export interface DeviceBinding {
  readonly cells: Uint8Array
  readonly version: number
}

/** Drift bit: the browser's version decreased. The bits below it say which cells changed. */
export const VERSION_FELL: number = 1 << 15

/** What was agreed at sign-in. It never changes during the life of the session. */
export interface Grant {
  readonly subject: string
  readonly client: string
  readonly scope: string
  readonly transport: Transport
  /** When the user proved who they are, in seconds since the epoch. */
  readonly authenticatedAt: number
  readonly acr?: string
  readonly amr?: readonly string[]
  /** What a person would call the device, such as "Firefox on Linux". */
  readonly device: string
}

/** One session as the store holds it. All instants are milliseconds since the epoch. */
export interface Session extends Grant {
  readonly id: SessionId
  readonly generation: number
  readonly createdAt: number
  /** When the current generation was made; the grace counts from here. */
  readonly rotatedAt: number
  readonly ip?: string
}

/** How long sessions live: `idleMs` since the last refresh, `absoluteMs` since sign-in. */
export interface Lifetimes {
  readonly idleMs: number
  readonly absoluteMs: number
}

/** Whether the idle or the absolute lifetime is over. */
export function hasExpired(
  { createdAt, rotatedAt }: Pick<Session, 'createdAt' | 'rotatedAt'>,
  at: number,
  { idleMs, absoluteMs }: Lifetimes,
): boolean {
  return at >= rotatedAt + idleMs || at >= createdAt + absoluteMs
}

export interface Opening {
  readonly id: SessionId
  readonly tag: SubjectTag
  readonly grant: Grant
  readonly binding: DeviceBinding
  readonly ip?: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly lifetimes: Lifetimes
  /** Sessions that one subject may have at once; over it, those refreshed longest ago end. 0: no limit. */
  readonly sessionLimit: number
}

export type OpenOutcome =
  | {
      readonly kind: 'opened'
      readonly session: Session
      /** Sessions that were ended to make room for this one, and revoked. */
      readonly ended: readonly SessionId[]
      /** The earliest second that tokens may say they were issued in; an earlier revocation of the subject would hit them. */
      readonly issueFrom: number
    }
  | Unavailable

export interface Rotation {
  readonly id: SessionId
  /** The presented refresh token's generation. */
  readonly generation: number
  /** When given, must be the session's. */
  readonly client?: string | undefined
  readonly transport: Transport
  /** What the device looks like now, hashed under the current secret first, then under each earlier one. */
  readonly bindings: readonly DeviceBinding[]
  /** Bit n: cell n must be what it was at sign-in. Bit `VERSION_FELL`: the version must not decrease. */
  readonly enforced: number
  readonly ip?: string | undefined
  readonly at: number
  readonly lifetimes: Lifetimes
  /** How long the previous token still converges on the current one. 0: not at all. */
  readonly graceMs: number
  /** Whether the previous token also converges while its successor was never seen in use. */
  readonly recoverLost: boolean
  /** Refreshes that one subject may make in a window. `count` 0: no limit. */
  readonly refreshLimit: { readonly count: number; readonly windowMs: number }
  /** Converged answers per generation. 0: no limit. */
  readonly convergedLimit: number
}

export type RotationOutcome =
  | {
      readonly kind: 'rotated'
      readonly session: Session
      /** The presented generation was ahead of the record, so the store had lost writes. */
      readonly rolledBack: boolean
      /** Bit n: cell n is not what it was at sign-in (and is not enforced). */
      readonly drift: number
      readonly issueFrom: number
    }
  /** Nothing changed; `session` is of the current generation. */
  | { readonly kind: 'converged'; readonly session: Session; readonly issueFrom: number }
  /** A replaced token was presented: the session was ended and revoked. */
  | { readonly kind: 'reused'; readonly session: Session; readonly rolledBack: boolean }
  /** An enforced part of the device differs: the session was ended and revoked. */
  | { readonly kind: 'mismatched'; readonly session: Session; readonly drift: number }
  /** The session belongs to another client or transport: nothing changed. */
  | { readonly kind: 'wrong_client' }
  /** Over a limit: nothing changed. */
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

export interface SubjectEnding {
  readonly tag: SubjectTag
  readonly at: number
  readonly lifetimes: Lifetimes
  /** This session lives on, two generations later, so that none of its earlier refresh tokens converges. */
  readonly except?: SessionId
}

export type SubjectEndOutcome =
  | {
      readonly kind: 'ended'
      readonly sessions: readonly SessionId[]
      /** The revocation that reaches the tokens of sessions that the store does not know. */
      readonly revocation: SubjectRevocation
      /** The session that was kept, with its new generation; absent where the store does not know it. */
      readonly kept?: Session
    }
  | Unavailable

export type ListOutcome = { readonly kind: 'listed'; readonly sessions: readonly Session[] } | Unavailable

export type SessionReading =
  | { readonly kind: 'read'; readonly session: Session }
  | { readonly kind: 'unknown' }
  | Unavailable

/**
 * Sessions, each method one atomic step.
 *
 * A step that ends a session also puts its revocation on the feed, in the same step.
 */
export interface SessionStore {
  /** Makes a session of generation 1. Ends the oldest ones over the limit. */
  open(opening: Opening): Promise<OpenOutcome>
  /** Judges a presented refresh token and swaps it for its successor: of racing calls exactly one gets `rotated`. */
  rotate(rotation: Rotation): Promise<RotationOutcome>
  /** A session as it is now, expired or not; reference tokens are read by it. */
  read(id: SessionId): Promise<SessionReading>
  /** Notes that the generation was seen in use. Nobody waits for it; it is repeated if it did not reach the store. */
  confirm(confirmation: Confirmation): Promise<{ readonly kind: 'noted' } | Unavailable>
  /**
   * Ends a session and revokes it.
   *
   * With `evenIfAbsent` it is revoked even if the store does not know it: the store may have forgotten it
   * while its access tokens live.
   */
  end(ending: {
    readonly id: string
    readonly at: number
    readonly evenIfAbsent: boolean
  }): Promise<EndOutcome>
  /** Ends every session of a subject, or all but one, and revokes all that was issued to the subject until now. */
  endSubject(ending: SubjectEnding): Promise<SubjectEndOutcome>
  /** The subject's live sessions, the latest first. */
  list(asked: {
    readonly tag: SubjectTag
    readonly at: number
    readonly lifetimes: Lifetimes
  }): Promise<ListOutcome>
}
