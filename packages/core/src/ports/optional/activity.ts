import type { SubjectTag } from '../ids.ts'
import type { Unavailable } from '../outcome.ts'

/**
 * What an entry tells: that a session was started, something that strangers can cause, or anything else. Most subjects
 * have one sign-in and no other entry.
 */
export type ActivityKind = 'sign_in' | 'failure' | 'other'

/** Something that happened to a subject. No string has a control character. */
export interface ActivityEntry {
  readonly tag: SubjectTag
  /** When it happened, in milliseconds since the epoch. */
  readonly at: number
  readonly event: string
  readonly outcome: 'success' | 'failure'
  readonly kind: ActivityKind
  readonly ip?: string
  /** The device in words. */
  readonly device?: string
  readonly reason?: string
}

/** How much is kept of each subject. */
export interface ActivityBounds {
  /** The newest entries that are no failures. A store may keep one more. */
  readonly most: number
  /** The newest failures. Strangers can cause any number, and must not push out what else happened. */
  readonly mostFailures: number
  /** How long they are kept after the newest one of their kind. */
  readonly keptMs: number
}

export type ActivityReading =
  | { readonly kind: 'read'; readonly entries: readonly ActivityEntry[] }
  | Unavailable

/** What happened to each subject lately, for the subject to see. */
export interface ActivityStore {
  /**
   * Adds entries, in their order, and drops the oldest ones of their subjects beyond the bounds. If it is `unavailable`,
   * some of them may have been added.
   */
  append(
    entries: readonly ActivityEntry[],
    bounds: ActivityBounds,
    at: number,
  ): Promise<{ readonly kind: 'appended' } | Unavailable>
  /** The entries of a subject, in any order. What somebody else has written there is left out. */
  read(tag: SubjectTag, at: number): Promise<ActivityReading>
}
