import { constants, verify } from 'node:crypto'
import type { VerificationKey } from '../ports/signer.ts'

/** The salt of PS256 is as long as its hash (RFC 7518, section 3.5). */
const SALT_BYTES = 32

/**
 * Whether a signature is by this key, in the form that JWS uses (RFC 7518, section 3). A signer over a key elsewhere
 * should ask this before it returns a signature: a device or service that confuses keys or calls then issues no token.
 */
export function isSignature(
  { alg, publicKey }: Pick<VerificationKey, 'alg' | 'publicKey'>,
  input: Uint8Array,
  signature: Uint8Array,
): boolean {
  switch (alg) {
    case 'EdDSA':
      return verify(null, input, publicKey, signature)
    case 'ES256':
      return verify('sha256', input, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)
    case 'RS256':
      return verify('sha256', input, publicKey, signature)
    case 'PS256': {
      const padding = constants.RSA_PKCS1_PSS_PADDING
      return verify('sha256', input, { key: publicKey, padding, saltLength: SALT_BYTES }, signature)
    }
  }
}
