import { createHash, type KeyObject } from 'node:crypto'
import type { SigningAlgorithm } from '@sallyport/core/signer'
import type { Attribute, Mechanism } from './binding.ts'
import * as ck from './constants.ts'

/** How to use a JOSE algorithm through PKCS#11. */
export interface Algorithm {
  readonly keyType: number
  readonly signing: Mechanism
  /** Gives the bytes to sign: a copy of the input, or its digest if the mechanism does not hash. */
  readonly prepare: (input: Uint8Array) => Buffer
  readonly generation: Mechanism
  /** Further attributes for a new public key. */
  readonly template: readonly Attribute[]
}

const SALT_BYTES = 32
const RSA_BITS = 2048

const copy = (input: Uint8Array): Buffer => Buffer.from(input)
const digest = (input: Uint8Array): Buffer => createHash('sha256').update(input).digest()
/** @param oid the object identifier of the curve, in DER and hexadecimal digits */
const curve = (oid: string): readonly Attribute[] => [
  { type: ck.CKA_EC_PARAMS, value: Buffer.from(oid, 'hex') },
]
const rsa = {
  keyType: ck.CKK_RSA,
  prepare: copy,
  generation: { mechanism: ck.CKM_RSA_PKCS_KEY_PAIR_GEN },
  template: [
    { type: ck.CKA_MODULUS_BITS, value: RSA_BITS },
    { type: ck.CKA_PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
  ],
}

export const algorithms: Readonly<Record<SigningAlgorithm, Algorithm>> = {
  ES256: {
    keyType: ck.CKK_EC,
    signing: { mechanism: ck.CKM_ECDSA },
    prepare: digest,
    generation: { mechanism: ck.CKM_EC_KEY_PAIR_GEN },
    template: curve('06082a8648ce3d030107'), // P-256
  },
  EdDSA: {
    keyType: ck.CKK_EC_EDWARDS,
    signing: { mechanism: ck.CKM_EDDSA },
    prepare: copy,
    generation: { mechanism: ck.CKM_EC_EDWARDS_KEY_PAIR_GEN },
    template: curve('06032b6570'), // Ed25519
  },
  RS256: { ...rsa, signing: { mechanism: ck.CKM_SHA256_RSA_PKCS } },
  PS256: {
    ...rsa,
    signing: {
      mechanism: ck.CKM_SHA256_RSA_PKCS_PSS,
      parameter: {
        type: ck.CK_PARAMS_RSA_PSS,
        hashAlg: ck.CKM_SHA256,
        mgf: ck.CKG_MGF1_SHA256,
        saltLen: SALT_BYTES,
      },
    },
  },
}

/** How many bytes a signature has. */
export function signatureBytes(publicKey: KeyObject): number {
  return Math.ceil((publicKey.asymmetricKeyDetails?.modulusLength ?? 512) / 8)
}
