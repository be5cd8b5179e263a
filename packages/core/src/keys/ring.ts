import type { JWK } from 'jose'
import type { Unavailable } from '../ports/outcome.ts'
import type { Signer, SigningAlgorithm, VerificationKey } from '../ports/signer.ts'
import type { KeyState } from './schedule.ts'

/** The keys that sign and verify access tokens. */
export interface KeyRing {
  /** Loads the shared keys, or makes the first one. Resolves even when the store cannot be reached. */
  start(): Promise<void>
  /** What signs now; `undefined` while no key could be loaded. */
  signer(): Signer | undefined
  /** The key of that name. Asks the store, at most once a second, about a name not known here. */
  find(kid: string): FoundKey | Promise<FoundKey>
  /** Public keys, for the JWK Set: those that will sign, the one that does and those that did. */
  published(): readonly JWK[]
  /** All keys, those that sign later first. */
  list(): readonly KeyInfo[]
  /** Makes a new key, which signs once everybody can know it; gives the one under way if there is one. */
  rotate(): Promise<RotateOutcome>
  /** Takes a key out of use at once, for ever, and has another one sign. */
  compromise(kid: string): Promise<CompromiseOutcome>
  /** Another node says that a key is compromised. */
  distrust(kid: string): void
  /** Puts the keys known here back into a store that forgot them. Resolves to whether the store took them. */
  putBack(): Promise<boolean>
  /** Whether there is a key to sign with; tries to get one if there is none. */
  ready(): Promise<boolean>
  close(): void
}

export interface KeyInfo {
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly state: KeyState
  /** Milliseconds since the epoch; `undefined` for keys that are given by the options. */
  readonly signsFrom: number | undefined
}

export type RotateOutcome =
  | { readonly kind: 'pending'; readonly key: KeyInfo }
  /** The keys are given by the options, and change there. */
  | { readonly kind: 'given' }
  | Unavailable

export type CompromiseOutcome = { readonly kind: 'compromised' } | Unavailable

export type FoundKey =
  | { readonly kind: 'found'; readonly key: VerificationKey }
  | { readonly kind: 'unknown' }
  /** Not known here, and whoever might know it does not answer. */
  | { readonly kind: 'unavailable' }

/** Is told what becomes of keys. */
export interface RingWatch {
  notice(message: string): void
  rotated(kid: string): void
  compromised(kid: string): void
}

export function foundIn(keys: ReadonlyMap<string, VerificationKey>, kid: string): FoundKey {
  const key = keys.get(kid)
  return key === undefined ? { kind: 'unknown' } : { kind: 'found', key }
}
