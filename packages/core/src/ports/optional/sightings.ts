import type { SubjectTag } from '../ids.ts'
import type { Unavailable } from '../outcome.ts'

declare const brand: unique symbol

/** What sightings are kept under: 22 base64url characters of a keyed hash, which tells a store nothing. */
export type SightingsName = string & { readonly [brand]: 'SightingsName' }

/** The most values that are kept under one name. */
export const MOST_SIGHTINGS = 64

/** A value that was seen, such as the network that a session was used from. */
export interface Sighting {
  readonly name: SightingsName
  /** The subject that it is about, with which it is erased. A store may keep no more than 32 names of a subject. */
  readonly tag?: SubjectTag
  /** 1 to 64 printable ASCII characters without blanks. */
  readonly value: string
  /** How long it is kept. */
  readonly windowMs: number
  /** How many different values are kept, the latest ones: 1 to {@link MOST_SIGHTINGS}. */
  readonly most: number
  /**
   * Which sighting of a value counts. `latest`: it is seen again now, and kept from now on. `first`: it stays as it was
   * until its window is over.
   */
  readonly counts: 'latest' | 'first'
}

export interface SeenValue {
  readonly value: string
  /** When it was seen, in milliseconds since the epoch. */
  readonly at: number
}

/** What has been seen under a name within the window of a sighting. */
export interface Seen {
  /** Different values, the latest first: the one that was just noted, unless its `first` sighting counts. */
  readonly values: readonly SeenValue[]
  /** When the value that was just noted had been seen before, if it had been. */
  readonly before?: number
}

export type NoteOutcome =
  | {
      readonly kind: 'noted'
      /** For each sighting, in their order; `undefined` if the part of the store that keeps it did not answer. */
      readonly seen: readonly (Seen | undefined)[]
    }
  | Unavailable

export type SightingsReading = { readonly kind: 'read'; readonly values: readonly SeenValue[] } | Unavailable

/**
 * What was seen lately, by all processes together. Each sighting is noted in one atomic step, which tells what has been
 * seen besides, so that of two processes only one is the first.
 */
export interface SightingStore {
  /** Notes sightings, in their order. What somebody else has damaged counts as not seen. */
  note(sightings: readonly Sighting[], at: number): Promise<NoteOutcome>
  /** What has been seen under a name that belongs to no subject. */
  read(name: SightingsName, windowMs: number, at: number): Promise<SightingsReading>
}
