import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'

/** The bytes of an opaque token's MAC (HMAC with SHA-256, truncated). */
export const MAC_BYTES = 16

/**
 * Tokens that are bytes under a MAC, in base64url after a prefix: opaque to clients and kept by nobody. A guess never
 * reaches the store.
 */
export interface OpaqueTokens {
  /** @param bytes the body, and room for the MAC after it, which is filled in */
  seal(bytes: Buffer): string
  /** Body and MAC of a token of ours; `undefined` for whatever was never issued. */
  open(token: string): Buffer | undefined
}

/**
 * @param prefix of every token
 * @param size bytes of body and MAC together
 * @param keys MAC keys: the current one first, under which tokens are made; those under the others are still opened
 */
export function createOpaqueTokens(
  prefix: string,
  size: number,
  [first, ...others]: readonly [Uint8Array, ...Uint8Array[]],
): OpaqueTokens {
  const current = createSecretKey(first)
  const keys = [current, ...others.map((key) => createSecretKey(key))]
  const bodyBytes = size - MAC_BYTES
  const length = prefix.length + Math.ceil((size * 4) / 3)

  return {
    seal(bytes) {
      bytes.set(mac(current, bytes.subarray(0, bodyBytes)), bodyBytes)
      return prefix + bytes.toString('base64url')
    },
    open(token) {
      if (token.length !== length || !token.startsWith(prefix)) return undefined
      const encoded = token.slice(prefix.length)
      const bytes = Buffer.from(encoded, 'base64url')
      // One token, one spelling: the decoder forgives padding, spare bits and foreign characters.
      if (bytes.length !== size || bytes.toString('base64url') !== encoded) return undefined
      const body = bytes.subarray(0, bodyBytes)
      const sent = bytes.subarray(bodyBytes)
      return keys.some((key) => timingSafeEqual(mac(key, body), sent)) ? bytes : undefined
    },
  }
}

/** A digest as bytes would get memory of its own, which costs more than the detour through a string. */
function mac(key: KeyObject, body: Uint8Array): Buffer {
  const digest = createHmac('sha256', key).update(body).digest('binary')
  return Buffer.from(digest.slice(0, MAC_BYTES), 'binary')
}
