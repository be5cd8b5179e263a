import type { SubjectTag } from '../ids.ts'
import type { Unavailable } from '../outcome.ts'

/** A key that is made before it is known whether the subject has one. */
export interface FreshSubjectKey {
  /** 22 base64url characters, at random. */
  readonly id: string
  /** 32 random bytes. */
  readonly key: Uint8Array
}

export interface SubjectKeyQuery {
  readonly tag: SubjectTag
  /** Kept if the subject has no key. Without it none is made. */
  readonly fresh: FreshSubjectKey | undefined
  /** How long the key is kept after this. */
  readonly keptMs: number
  /** Now, in milliseconds since the epoch. */
  readonly at: number
}

export type SubjectKeyOutcome =
  | {
      readonly kind: 'found'
      readonly tag: SubjectTag
      /** By which the key is found again. It has the id of the key in it, and tells nothing of the subject. */
      readonly pseudonym: string
      readonly key: Uint8Array
    }
  | { readonly kind: 'absent' }
  | Unavailable

/**
 * A key for each subject, under which the audit trail hides who it was. `erase` of the `SessionStore` destroys it with
 * everything else that is kept of the subject.
 */
export interface SubjectKeyStore {
  keyOf(query: SubjectKeyQuery): Promise<SubjectKeyOutcome>
  /** The key that has this pseudonym. Anything may be given. */
  keyBehind(pseudonym: string, at: number): Promise<SubjectKeyOutcome>
}
