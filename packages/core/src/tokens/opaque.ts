import {
  type Cipher,
  createCipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto'
import type { OpaqueKeys } from '../secrets.ts'

export type { OpaqueKeys } from '../secrets.ts'

/** The length of an opaque token's MAC (HMAC with SHA-256, truncated). */
export const MAC_BYTES = 16
const VERSION_BYTES = 1

/**
 * Tokens that consist of bytes in base64url after a prefix: a version, an encrypted body, and a MAC. They are opaque to
 * clients, and nobody stores them. Because of the MAC, a guessed token is refused without asking the store.
 *
 * The MAC covers the version and the body in the clear, and is also the initialization vector of the encryption, as in
 * SIV (RFC 5297). So the same body always gives the same token, and no nonce can repeat for different bodies.
 */
export interface OpaqueTokens {
  /** @param bytes the version, the body, and space for the MAC, which is written into it */
  seal(bytes: Buffer): string
  /** The version, the body in the clear and the MAC of a token; `undefined` if it was never issued. */
  unseal(token: string): Buffer | undefined
}

export interface OpaqueFormat {
  /** The beginning of every token. */
  readonly prefix: string
  /** The length of version, body and MAC together, in bytes. */
  readonly size: number
  /** Versions of tokens whose body is not encrypted. They are not made any more, but still accepted. */
  readonly unencrypted: readonly number[]
}

interface Keys {
  readonly mac: KeyObject
  /** Encrypts single blocks. It is kept, since to make one costs more than all else. */
  readonly blocks: Cipher
}

/** @param given the current keys first; they seal, and all of them unseal */
export function createOpaqueTokens(
  { prefix, size, unencrypted }: OpaqueFormat,
  given: readonly [OpaqueKeys, ...OpaqueKeys[]],
): OpaqueTokens {
  const [currentKeys, ...earlierKeys] = given
  const current = secretKeys(currentKeys)
  const all = [current, ...earlierKeys.map(secretKeys)]
  const macAt = size - MAC_BYTES
  const counters = Buffer.alloc(Math.ceil((macAt - VERSION_BYTES) / MAC_BYTES) * MAC_BYTES)
  const length = prefix.length + Math.ceil((size * 4) / 3)

  /** AES in counter mode (NIST SP 800-38A, section 6.5), in which encryption and decryption are the same. */
  function crypt(bytes: Buffer, { blocks }: Keys): Buffer {
    for (let block = 0; block < counters.length; block += MAC_BYTES) {
      bytes.copy(counters, block, macAt)
      increment(counters, block + MAC_BYTES - 1, block / MAC_BYTES)
    }
    const stream = blocks.update(counters)
    const crypted = Buffer.from(bytes)
    for (let at = VERSION_BYTES; at < macAt; at++)
      crypted[at] = (bytes[at] ?? 0) ^ (stream[at - VERSION_BYTES] ?? 0)
    return crypted
  }

  function isGenuine(bytes: Buffer, keys: Keys): boolean {
    return timingSafeEqual(mac(keys.mac, bytes.subarray(0, macAt)), bytes.subarray(macAt))
  }

  return {
    seal(bytes) {
      bytes.set(mac(current.mac, bytes.subarray(0, macAt)), macAt)
      return prefix + crypt(bytes, current).toString('base64url')
    },
    unseal(token) {
      if (token.length !== length || !token.startsWith(prefix)) return undefined
      const encoded = token.slice(prefix.length)
      const bytes = Buffer.from(encoded, 'base64url')
      // A token has only one valid spelling, but the decoder ignores padding, unused bits and invalid characters.
      if (bytes.length !== size || bytes.toString('base64url') !== encoded) return undefined
      const isClear = unencrypted.includes(bytes.readUInt8(0))
      for (const keys of all) {
        const clear = isClear ? bytes : crypt(bytes, keys)
        if (isGenuine(clear, keys)) return clear
      }
      return undefined
    },
  }
}

function secretKeys({ mac, encryption }: OpaqueKeys): Keys {
  const blocks = createCipheriv('aes-256-ecb', encryption, null).setAutoPadding(false)
  return { mac: createSecretKey(mac), blocks }
}

/** Adds to a number of 16 bytes, the last of which is at `last`. */
function increment(bytes: Uint8Array, last: number, by: number): void {
  let carry = by
  for (let at = last; carry > 0 && at > last - MAC_BYTES; at--) {
    const sum = (bytes[at] ?? 0) + carry
    bytes[at] = sum & 0xff
    carry = sum >> 8
  }
}

/** Goes through a string, because a digest as a Buffer gets memory of its own, which costs more. */
function mac(key: KeyObject, body: Uint8Array): Buffer {
  const digest = createHmac('sha256', key).update(body).digest('binary')
  return Buffer.from(digest.slice(0, MAC_BYTES), 'binary')
}
