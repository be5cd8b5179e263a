import { JOSEError } from 'jose/errors'
import { compactVerify } from 'jose/jws/compact/verify'
import type { VerificationKey } from '../ports/signer.ts'

const MAX_CHARS = 8192
/**
 * The `e` encodes the brace with which the header begins. A byte order mark or white space before it does not match.
 */
const COMPACT = /^e[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/
const MAX_ENCRYPTED_CHARS = 12_288
const ENCRYPTED = /^e[A-Za-z0-9_-]*\.\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/
/** Which characters may end a base64url string (RFC 4648, section 3.5), by its length modulo 4. */
const LAST_CHARS = [/./, undefined, /[AQgw]/, /[AEIMQUYcgkosw048]/] as const

/** Whether a token is a compact JWS (RFC 7515, section 7.1) of at most 8192 characters, in canonical spelling. */
export function isCompact(token: string): boolean {
  if (token.length > MAX_CHARS || !COMPACT.test(token)) return false
  // The signature covers the other segments, so only its own spelling has to be checked.
  return isCanonical(token.length - token.lastIndexOf('.') - 1, token.slice(-1))
}

/** Whether a token looks like a compact JWE (RFC 7516, section 7.1) under a shared key, in canonical spelling. */
export function isEncrypted(token: string): boolean {
  if (token.length > MAX_ENCRYPTED_CHARS || !ENCRYPTED.test(token)) return false
  return token.split('.').every((segment) => segment === '' || isCanonical(segment.length, segment.slice(-1)))
}

/** Whether the unused bits of the last character are zero. Decoders ignore them. */
function isCanonical(length: number, last: string): boolean {
  return LAST_CHARS[length % 4]?.test(last) === true
}

/**
 * The payload of a compact JWS; `undefined` unless the key signed it. Does NOT compare `alg` with that of the key: the
 * caller must have done so.
 */
export async function signedPayload(token: string, key: VerificationKey): Promise<Uint8Array | undefined> {
  try {
    return (await compactVerify(token, key.publicKey)).payload
  } catch (cause) {
    if (cause instanceof JOSEError) return undefined
    throw cause
  }
}
