import type { Unavailable } from '../outcome.ts'

/** A text that all processes share, under a name. */
export interface Document {
  /** Counts the changes. 0: nobody has written it yet. */
  readonly version: number
  /** Empty at version 0. */
  readonly body: string
}

export interface DocumentSwap {
  readonly name: string
  /** The version that is replaced. */
  readonly ifVersion: number
  readonly body: string
  /** Sets that are dropped in the same step. */
  readonly dropped: readonly string[]
}

export interface MemberChange {
  /** The document that the set belongs to. */
  readonly name: string
  /** The version that the document must have. It stays as it is. */
  readonly ifVersion: number
  readonly set: string
  readonly member: string
  /** Whether the member is in the set from now on. */
  readonly isIn: boolean
  /** The most members that the set may have. */
  readonly most: number
}

/** Another version is there. Nothing was changed. */
export type DocumentChanged = { readonly kind: 'changed' }

/**
 * A few documents, and sets of short names that belong to them, until somebody changes them. Names of documents and sets,
 * and members, are 1 to 64 characters of `A-Z a-z 0-9 . - _`. No set has the name of another document's.
 */
export interface DocumentStore {
  /** Reads some documents. A damaged one is missing from the answer. */
  read(
    names: readonly string[],
  ): Promise<{ readonly kind: 'read'; readonly documents: ReadonlyMap<string, Document> } | Unavailable>
  /** Replaces a version of a document. Of several that replace the same, one does. */
  swap(swap: DocumentSwap): Promise<{ readonly kind: 'swapped' } | DocumentChanged | Unavailable>
  /** Puts a member into a set, or takes it out. `full`: the set has as many as it may have. */
  change(
    change: MemberChange,
  ): Promise<{ readonly kind: 'noted' } | { readonly kind: 'full' } | DocumentChanged | Unavailable>
  /** Tells which of these are in a set. */
  members(
    set: string,
    of: readonly string[],
  ): Promise<{ readonly kind: 'read'; readonly members: ReadonlySet<string> } | Unavailable>
}
