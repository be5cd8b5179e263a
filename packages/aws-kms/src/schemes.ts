import { constants, type VerifyKeyObjectInput } from 'node:crypto'
import type { KeySpec, SigningAlgorithmSpec } from '@aws-sdk/client-kms'
import type { SigningAlgorithm } from '@sallyport/core/signer'
import { rawFromDer } from './ecdsa.ts'

/** How KMS makes the signatures of an algorithm. */
interface Scheme {
  readonly name: SigningAlgorithmSpec
  readonly keySpecs: readonly KeySpec[]
  /** What is hashed here instead of in KMS. Ed25519 reads its message twice, so it takes no digest. */
  readonly hash: 'sha256' | null
  readonly verification: Omit<VerifyKeyObjectInput, 'key'>
  /** A signature of KMS in the form that JWS takes. */
  jwsForm(signature: Uint8Array): Uint8Array | undefined
}

const RSA: readonly KeySpec[] = ['RSA_2048', 'RSA_3072', 'RSA_4096']
const SALT_BYTES = 32
const asItIs = (signature: Uint8Array): Uint8Array => signature

export const schemes: Readonly<Record<SigningAlgorithm, Scheme>> = {
  EdDSA: {
    name: 'ED25519_SHA_512',
    keySpecs: ['ECC_NIST_EDWARDS25519'],
    hash: null,
    verification: {},
    jwsForm: asItIs,
  },
  ES256: {
    name: 'ECDSA_SHA_256',
    keySpecs: ['ECC_NIST_P256'],
    hash: 'sha256',
    verification: { dsaEncoding: 'ieee-p1363' },
    jwsForm: rawFromDer,
  },
  RS256: {
    name: 'RSASSA_PKCS1_V1_5_SHA_256',
    keySpecs: RSA,
    hash: 'sha256',
    verification: { padding: constants.RSA_PKCS1_PADDING },
    jwsForm: asItIs,
  },
  PS256: {
    name: 'RSASSA_PSS_SHA_256',
    keySpecs: RSA,
    hash: 'sha256',
    verification: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: SALT_BYTES },
    jwsForm: asItIs,
  },
}
