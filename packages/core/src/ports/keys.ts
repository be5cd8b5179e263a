import type { Unavailable } from './outcome.ts'

/** A private signing key, encrypted so that only holders of the `secret` can decrypt it. */
export interface SealedKey {
  readonly kid: string
  /** A compact JWE (RFC 7516). */
  readonly sealed: string
}

/** A mark that replaces a compromised key, so that the key never comes back. */
export interface CompromisedKey {
  readonly kid: string
  /** Milliseconds since the epoch. */
  readonly compromisedAt: number
}

/** One key of the ring in its stored form. */
export type RingEntry = SealedKey | CompromisedKey

export interface KeyRecord {
  /** Increases with every change of the ring. An empty ring has version 0. */
  readonly version: number
  readonly entries: readonly RingEntry[]
}

export type KeySwapOutcome =
  | { readonly kind: 'swapped'; readonly ring: KeyRecord }
  /** The ring has another version: another process changed it. Nothing was swapped, and `ring` is the current ring. */
  | { readonly kind: 'changed'; readonly ring: KeyRecord }
  | Unavailable

/** The signing keys that all nodes share. */
export interface KeyStore {
  read(): Promise<({ readonly kind: 'read' } & KeyRecord) | Unavailable>
  /** Replaces all entries if the ring still has that version. Of racing calls, exactly one succeeds. */
  swap(entries: readonly RingEntry[], ifVersion: number): Promise<KeySwapOutcome>
  /** Calls the listener as soon as the ring may have changed. It may miss changes. */
  onChange(listener: () => void): void
}
