import { decodeProtectedHeader } from 'jose'
import type { VerificationKey } from '../../packages/core/src/ports/signer.ts'
import { isCompact, signedPayload } from '../../packages/core/src/tokens/compact.ts'

/** Why a token is refused; nothing when it is accepted. */
export async function refusalOf(jws: string, key: VerificationKey): Promise<string | undefined> {
  if (!isCompact(jws)) return 'it is not a compact JWS in its one spelling'
  let alg: unknown
  try {
    alg = decodeProtectedHeader(jws).alg
  } catch {
    return 'its header is malformed'
  }
  if (alg !== key.alg) return 'its algorithm is not that of the key'
  return (await signedPayload(jws, key)) === undefined ? 'its signature does not fit' : undefined
}
