import type { KeyObject } from 'node:crypto'

/** Signature algorithms for access tokens: asymmetric ones only. */
export type SigningAlgorithm = 'EdDSA' | 'ES256' | 'RS256' | 'PS256'

/** The public half of a signing key, which says by itself for what it is good. */
export interface VerificationKey {
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly publicKey: KeyObject
}

/** A key that signs access tokens, whose private half this process holds. */
export interface SigningKey extends VerificationKey {
  readonly privateKey: KeyObject
}

/** What signs access tokens, wherever the private key is. */
export interface Signer {
  readonly kid: string
  readonly alg: SigningAlgorithm
  /**
   * Signs bytes, in the form that JWS takes (RFC 7518, section 3): with ES256 the numbers r and s, 32 bytes
   * each. Gives a promise only where it would hold up the process for long.
   */
  sign(input: Uint8Array): Uint8Array | Promise<Uint8Array>
}
