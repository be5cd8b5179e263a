import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'

/** The length of an opaque token's MAC (HMAC with SHA-256, truncated). */
export const MAC_BYTES = 16

/**
 * Tokens that consist of bytes under a MAC, in base64url after a prefix. They are opaque to clients, and nobody stores
 * them. Because of the MAC, a guessed token is refused without asking the store.
 */
export interface OpaqueTokens {
  /** @param bytes the body, followed by space for the MAC, which is written into it */
  seal(bytes: Buffer): string
  /** The body and the MAC of a token; `undefined` if it was never issued. */
  unseal(token: string): Buffer | undefined
}

/**
 * @param prefix the beginning of every token
 * @param size the length of body and MAC together, in bytes
 * @param keys MAC keys, the current one first; it seals, and all of them unseal
 */
export function createOpaqueTokens(
  prefix: string,
  size: number,
  [currentKey, ...earlierKeys]: readonly [Uint8Array, ...Uint8Array[]],
): OpaqueTokens {
  const current = createSecretKey(currentKey)
  const keys = [current, ...earlierKeys.map((key) => createSecretKey(key))]
  const bodyBytes = size - MAC_BYTES
  const length = prefix.length + Math.ceil((size * 4) / 3)

  return {
    seal(bytes) {
      bytes.set(mac(current, bytes.subarray(0, bodyBytes)), bodyBytes)
      return prefix + bytes.toString('base64url')
    },
    unseal(token) {
      if (token.length !== length || !token.startsWith(prefix)) return undefined
      const encoded = token.slice(prefix.length)
      const bytes = Buffer.from(encoded, 'base64url')
      // A token has only one valid spelling, but the decoder ignores padding, unused bits and invalid characters.
      if (bytes.length !== size || bytes.toString('base64url') !== encoded) return undefined
      const body = bytes.subarray(0, bodyBytes)
      const presentedMac = bytes.subarray(bodyBytes)
      return keys.some((key) => timingSafeEqual(mac(key, body), presentedMac)) ? bytes : undefined
    },
  }
}

/** Goes through a string, because a digest as a Buffer gets memory of its own, which costs more. */
function mac(key: KeyObject, body: Uint8Array): Buffer {
  const digest = createHmac('sha256', key).update(body).digest('binary')
  return Buffer.from(digest.slice(0, MAC_BYTES), 'binary')
}
