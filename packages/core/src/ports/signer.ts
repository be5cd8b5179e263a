import type { KeyObject } from 'node:crypto'

/** Signature algorithms for access tokens: asymmetric ones only. */
export type SigningAlgorithm = 'EdDSA' | 'ES256' | 'RS256' | 'PS256'

/** The public half of a signing key, which says by itself for what it is good. */
export interface VerificationKey {
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly publicKey: KeyObject
}

/** A key that signs access tokens. */
export interface SigningKey extends VerificationKey {
  readonly privateKey: KeyObject
}
