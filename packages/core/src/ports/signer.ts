import type { KeyObject } from 'node:crypto'

/** Signature algorithms for access tokens: asymmetric ones only. */
export type SigningAlgorithm = 'EdDSA' | 'ES256' | 'RS256' | 'PS256'

const KID = /^[\x21-\x7e]{1,128}$/

/** Whether a value may name a key: 1 to 128 printable ASCII characters. */
export function isKid(given: unknown): given is string {
  return typeof given === 'string' && KID.test(given)
}

/** The public half of a signing key, and the one algorithm for which it may be used. */
export interface VerificationKey {
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly publicKey: KeyObject
}

/** A key whose private half this process holds. */
export interface SigningKey extends VerificationKey {
  readonly privateKey: KeyObject
}

/** Signs access tokens, wherever the private key is. */
export interface Signer {
  readonly kid: string
  readonly alg: SigningAlgorithm
  /**
   * Signs bytes. The signature has the form that JWS requires (RFC 7518, section 3); for ES256 this is r and s with 32
   * bytes each. Returns a promise only if signing at once would block the process for long.
   */
  sign(input: Uint8Array): Uint8Array | Promise<Uint8Array>
}
