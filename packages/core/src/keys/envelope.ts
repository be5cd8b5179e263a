import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { JOSEError } from 'jose/errors'
import { compactDecrypt } from 'jose/jwe/compact/decrypt'
import { CompactEncrypt } from 'jose/jwe/compact/encrypt'

/**
 * Encrypts bytes as a compact JWE (RFC 7516), with A256GCM and the given key of 32 bytes (`dir`). The `kid` in its
 * header names the key.
 */
export function encryptCompact(
  plain: Uint8Array,
  key: Uint8Array,
  header: { readonly kid: string; readonly cty?: string },
): Promise<string> {
  return new CompactEncrypt(plain).setProtectedHeader({ alg: 'dir', enc: 'A256GCM', ...header }).encrypt(key)
}

/** Decrypts what {@link encryptCompact} encrypted; `undefined` for anything else. */
export async function decryptCompact(jwe: string, key: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    const { plaintext } = await compactDecrypt(jwe, key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
      maxDecompressedLength: 0,
    })
    return plaintext
  } catch (cause) {
    return unreadable(cause)
  }
}

/** The `kid` in the header of a compact JWE, before any part of it is verified. */
export function kidOfCompact(jwe: string): string | undefined {
  try {
    return decodeProtectedHeader(jwe).kid
  } catch (cause) {
    return unreadable(cause)
  }
}

/** Bad input gives `undefined`. Any other error is a bug and is thrown. */
function unreadable(cause: unknown): undefined {
  if (cause instanceof JOSEError || cause instanceof TypeError) return undefined
  throw cause
}
