import type { Unavailable } from './outcome.ts'

/** A private signing key, encrypted so that only holders of the `secret` can open it. */
export interface SealedKey {
  readonly kid: string
  /** Compact JWE. */
  readonly sealed: string
}

/** What is left of a key that somebody else may have: its name, so that it never comes back. */
export interface CompromisedKey {
  readonly kid: string
  /** Milliseconds since the epoch. */
  readonly compromisedAt: number
}

/** One key of the ring as the store holds it. */
export type RingEntry = SealedKey | CompromisedKey

export interface KeyRecord {
  /** Changes with every change of the ring. */
  readonly version: number
  readonly entries: readonly RingEntry[]
}

export type KeySwapOutcome =
  | { readonly kind: 'swapped'; readonly ring: KeyRecord }
  /** Somebody else changed the ring; it is as they left it. */
  | { readonly kind: 'changed'; readonly ring: KeyRecord }
  | Unavailable

/** The signing keys that all nodes share. */
export interface KeyStore {
  read(): Promise<({ readonly kind: 'read' } & KeyRecord) | Unavailable>
  /** Puts these entries in the place of all, if the ring is still of that version: of racing calls one does. */
  swap(entries: readonly RingEntry[], ifVersion: number): Promise<KeySwapOutcome>
  /** Calls back, as soon as it is known, when the ring may have changed. May miss changes. */
  onChange(listener: () => void): void
}
