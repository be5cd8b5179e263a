import type { KeySpec, SigningAlgorithmSpec } from '@aws-sdk/client-kms'
import type { SigningAlgorithm } from '@sallyport/core/signer'
import { rawFromDer } from './ecdsa.ts'

/** How KMS signs with an algorithm. */
interface Scheme {
  readonly name: SigningAlgorithmSpec
  readonly keySpecs: readonly KeySpec[]
  /** The hash that is computed here, so that KMS gets a digest; `null` for Ed25519, which needs the whole message. */
  readonly hash: 'sha256' | null
  /** Converts a signature of KMS to the form that JWS uses; `undefined` if it is malformed. */
  jwsForm(signature: Uint8Array): Uint8Array | undefined
}

const RSA: readonly KeySpec[] = ['RSA_2048', 'RSA_3072', 'RSA_4096']
const unchanged = (signature: Uint8Array): Uint8Array => signature

export const schemes: Readonly<Record<SigningAlgorithm, Scheme>> = {
  EdDSA: {
    name: 'ED25519_SHA_512',
    keySpecs: ['ECC_NIST_EDWARDS25519'],
    hash: null,
    jwsForm: unchanged,
  },
  ES256: {
    name: 'ECDSA_SHA_256',
    keySpecs: ['ECC_NIST_P256'],
    hash: 'sha256',
    jwsForm: rawFromDer,
  },
  RS256: {
    name: 'RSASSA_PKCS1_V1_5_SHA_256',
    keySpecs: RSA,
    hash: 'sha256',
    jwsForm: unchanged,
  },
  PS256: {
    name: 'RSASSA_PSS_SHA_256',
    keySpecs: RSA,
    hash: 'sha256',
    jwsForm: unchanged,
  },
}
