import { JOSEError } from 'jose/errors'
import { compactVerify } from 'jose/jws/compact/verify'
import type { VerificationKey } from '../ports/signer.ts'

const MAX_CHARS = 8192
/** The `e` is the brace that a header begins with: no byte order mark, no white space before it. */
const COMPACT = /^e[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/
const MAX_ENCRYPTED_CHARS = 12_288
const ENCRYPTED = /^e[A-Za-z0-9_-]*\.\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/
/** What may stand last in base64url (RFC 4648, section 3.5), by the length modulo 4. */
const LAST_CHARS = [/./, undefined, /[AQgw]/, /[AEIMQUYcgkosw048]/] as const

/** Whether a text is a compact JWS (RFC 7515, section 7.1) of at most 8192 characters, in its one spelling. */
export function isCompact(text: string): boolean {
  if (text.length > MAX_CHARS || !COMPACT.test(text)) return false
  // A signature is the only segment that no signature covers.
  return isCanonical(text.length - text.lastIndexOf('.') - 1, text.slice(-1))
}

/** Whether a text looks like a compact JWE (RFC 7516, section 7.1) under a key that both sides have, in its one spelling. */
export function isEncrypted(text: string): boolean {
  if (text.length > MAX_ENCRYPTED_CHARS || !ENCRYPTED.test(text)) return false
  return text.split('.').every((segment) => segment === '' || isCanonical(segment.length, segment.slice(-1)))
}

/** Decoders forgive spare bits in the last character. */
function isCanonical(length: number, last: string): boolean {
  return LAST_CHARS[length % 4]?.test(last) === true
}

/** The payload of a compact JWS; `undefined` unless the key signed it. Its `alg` must have been compared before. */
export async function signedPayload(text: string, key: VerificationKey): Promise<Uint8Array | undefined> {
  try {
    return (await compactVerify(text, key.publicKey)).payload
  } catch (cause) {
    if (cause instanceof JOSEError) return undefined
    throw cause
  }
}
