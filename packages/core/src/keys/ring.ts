import type { JWK } from 'jose'
import type { Unavailable } from '../ports/outcome.ts'
import type { Signer, SigningAlgorithm, VerificationKey } from '../ports/signer.ts'
import type { KeyState } from './schedule.ts'

/** The keys that sign and verify access tokens. */
export interface KeyRing {
  /** Loads the shared keys, or makes the first one. Resolves even if the store cannot be reached. */
  start(): Promise<void>
  /** The signer of the active key; `undefined` while no key could be loaded. */
  signer(): Signer | undefined
  /** Finds a key by its name. Asks the store about a name that is not known here, at most once a second. */
  find(kid: string): FoundKey | Promise<FoundKey>
  /** The public keys for the JWK Set: pending, active and retiring ones. */
  published(): readonly JWK[]
  /** Lists all keys; those that start to sign later come first. */
  list(): readonly KeyInfo[]
  /**
   * Makes a new key, which starts to sign once every cached JWK Set contains it. Resolves to the pending key if there
   * is one.
   */
  rotate(): Promise<RotateOutcome>
  /** Takes a key out of use, at once and for good. If it was active, another key signs. */
  compromise(kid: string): Promise<CompromiseOutcome>
  /** Takes a key out of use on this node, because another node reported it as compromised. */
  distrust(kid: string): void
  /** Puts the keys known here back into a store that forgot them. Resolves to whether the store accepted them. */
  putBack(): Promise<boolean>
  /** Whether there is a key to sign with. Tries to load one if there is none. */
  ready(): Promise<boolean>
  close(): void
}

export interface KeyInfo {
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly state: KeyState
  /** When the key starts to sign. Milliseconds since the epoch; `undefined` for keys in the options. */
  readonly signsFrom: number | undefined
}

export type RotateOutcome =
  | { readonly kind: 'pending'; readonly key: KeyInfo }
  /** The keys are set in the options, so only the options can change them. */
  | { readonly kind: 'given' }
  | Unavailable

export type CompromiseOutcome = { readonly kind: 'compromised' } | Unavailable

export type FoundKey =
  | { readonly kind: 'found'; readonly key: VerificationKey }
  | { readonly kind: 'unknown' }
  /** The key is not known here, and the store or the issuer that may know it does not answer. */
  | { readonly kind: 'unavailable' }

/** Receives what happens in a ring. */
export interface RingWatch {
  notice(message: string): void
  /** This node has added a key to the ring. */
  rotated(kid: string): void
  /** A key was taken out of use at the request of this node. */
  compromised(kid: string): void
}

export function foundIn(keys: ReadonlyMap<string, VerificationKey>, kid: string): FoundKey {
  const key = keys.get(kid)
  return key === undefined ? { kind: 'unknown' } : { kind: 'found', key }
}
