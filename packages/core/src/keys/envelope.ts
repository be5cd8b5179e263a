import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { JOSEError } from 'jose/errors'
import { compactDecrypt } from 'jose/jwe/compact/decrypt'
import { CompactEncrypt } from 'jose/jwe/compact/encrypt'

/**
 * Encrypts for this deployment: a compact JWE (RFC 7516) by A256GCM directly under a key of 32 bytes, which `kid`
 * names in its header.
 */
export function encryptCompact(
  plain: Uint8Array,
  key: Uint8Array,
  header: { readonly kid: string; readonly cty?: string },
): Promise<string> {
  return new CompactEncrypt(plain).setProtectedHeader({ alg: 'dir', enc: 'A256GCM', ...header }).encrypt(key)
}

/** What {@link encryptCompact} encrypted; `undefined` for anything else. */
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

/** The `kid` in the header of a compact JWE, before anything of it is verified. */
export function kidOfCompact(jwe: string): string | undefined {
  try {
    return decodeProtectedHeader(jwe).kid
  } catch (cause) {
    return unreadable(cause)
  }
}

/** What is wrong with a text is a refusal; what is wrong with the code is not. */
function unreadable(cause: unknown): undefined {
  if (cause instanceof JOSEError || cause instanceof TypeError) return undefined
  throw cause
}
