import type { SubjectTag } from '../ids.ts'
import type { Unavailable } from '../outcome.ts'

/** Something that happened to a subject. No string has a control character. */
export interface ActivityEntry {
  readonly tag: SubjectTag
  /** When it happened, in milliseconds since the epoch. */
  readonly at: number
  readonly event: string
  readonly outcome: 'success' | 'failure'
  /** Whether a session was started. Most subjects have one such entry and no other. */
  readonly isSignIn: boolean
  readonly ip?: string
  /** The device in words. */
  readonly device?: string
  readonly reason?: string
}

/** How much is kept of each subject. */
export interface ActivityBounds {
  /** At least the newest entries. A store may keep one more. */
  readonly most: number
  /** How long they are kept after the newest one. The latest sign-in is kept at least as long as its session. */
  readonly keptMs: number
}

export type ActivityReading =
  | { readonly kind: 'read'; readonly entries: readonly ActivityEntry[] }
  | Unavailable

/** What happened to each subject lately, for the subject to see. */
export interface ActivityStore {
  /** Adds entries, in their order, and drops the oldest ones of their subjects beyond the bounds. */
  append(
    entries: readonly ActivityEntry[],
    bounds: ActivityBounds,
    at: number,
  ): Promise<{ readonly kind: 'appended' } | Unavailable>
  /** The entries of a subject, in any order. What somebody else has written there is left out. */
  read(tag: SubjectTag, at: number): Promise<ActivityReading>
}
