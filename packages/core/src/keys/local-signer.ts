import { constants, sign } from 'node:crypto'
import { promisify } from 'node:util'
import type { Signer, SigningKey } from '../ports/signer.ts'

const signOnThread = promisify(sign)
const SALT_BYTES = 32

/**
 * Signs with a private key that this process holds. An RSA signature takes ten times as long as one on a curve, so it
 * is made on another thread. For a curve, the change of threads would cost more than it saves.
 */
export function localSigner({ kid, alg, privateKey }: SigningKey): Signer {
  switch (alg) {
    case 'EdDSA':
      return { kid, alg, sign: (input) => sign(null, input, privateKey) }
    case 'ES256': {
      const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
      return { kid, alg, sign: (input) => sign('sha256', input, key) }
    }
    case 'RS256':
      return { kid, alg, sign: (input) => signOnThread('sha256', input, privateKey) }
    case 'PS256': {
      const key = {
        key: privateKey,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: SALT_BYTES,
      }
      return { kid, alg, sign: (input) => signOnThread('sha256', input, key) }
    }
  }
}
