import { hash, timingSafeEqual } from 'node:crypto'
import type { OpaqueKeys } from '../secrets.ts'
import { createFixedHmac } from './hmac.ts'

export type { OpaqueKeys } from '../secrets.ts'

/** The length of an opaque token's MAC (HMAC with SHA-256, truncated). */
export const MAC_BYTES = 16
const VERSION_BYTES = 1
const COUNTER_BYTES = 4

/**
 * Tokens that consist of bytes in base64url after a prefix: a version, an encrypted body, and a MAC. They are opaque to
 * clients, and nobody stores them. Because of the MAC, a guessed token is refused without asking the store.
 *
 * The MAC covers the version and the body in the clear. It is also the initialization vector of the encryption, as in
 * SIV (RFC 5297): the body is combined by XOR with a stream that is derived from the encryption key and the MAC. So the
 * same body always gives the same token, and no stream can repeat for different bodies.
 */
export interface OpaqueTokens {
  /** @param bytes the version, the body, and space for the MAC; it is overwritten */
  seal(bytes: Buffer): string
  /** The version, the body in the clear and the MAC of a token; `undefined` if it was never issued. */
  unseal(token: string): Buffer | undefined
}

export interface OpaqueFormat {
  /** The beginning of every token. */
  readonly prefix: string
  /** The length of version, body and MAC together, in bytes. */
  readonly size: number
}

interface Keys {
  /** The MAC of the version and the body, with which the bytes begin. */
  readonly macOf: (bytes: Uint8Array) => string
  /** What the stream is the hash of: a counter, the encryption key, and space for the MAC of a token. */
  readonly streamInput: Buffer
}

/** @param given the current keys first; they seal, and all of them unseal */
export function createOpaqueTokens(
  { prefix, size }: OpaqueFormat,
  given: readonly [OpaqueKeys, ...OpaqueKeys[]],
): OpaqueTokens {
  const [currentKeys, ...earlierKeys] = given
  const macAt = size - MAC_BYTES
  const current = secretKeys(currentKeys, macAt)
  const all = [current, ...earlierKeys.map((keys) => secretKeys(keys, macAt))]
  const length = prefix.length + Math.ceil((size * 4) / 3)
  const expected = Buffer.alloc(MAC_BYTES)
  const shown = Buffer.alloc(MAC_BYTES)

  /**
   * Encrypts or decrypts in place; both are the same. The stream is that of the one-step key derivation with SHA-256
   * (NIST SP 800-56C revision 2, section 4): unlike a cipher of Node.js, it leaves no object per token to collect.
   */
  function crypt(bytes: Buffer, { streamInput }: Keys): void {
    const macInStream = streamInput.length - MAC_BYTES
    for (let at = 0; at < MAC_BYTES; at++) streamInput[macInStream + at] = bytes[macAt + at] ?? 0
    let stream = ''
    for (let counter = 1; stream.length < macAt - VERSION_BYTES; counter++) {
      streamInput.writeUInt32BE(counter)
      stream += hash('sha256', streamInput, 'binary')
    }
    for (let at = VERSION_BYTES; at < macAt; at++)
      bytes[at] = (bytes[at] ?? 0) ^ stream.charCodeAt(at - VERSION_BYTES)
  }

  function isGenuine(bytes: Buffer, keys: Keys): boolean {
    expected.write(keys.macOf(bytes), 'latin1')
    bytes.copy(shown, 0, macAt)
    return timingSafeEqual(expected, shown)
  }

  return {
    seal(bytes) {
      bytes.write(current.macOf(bytes), macAt, MAC_BYTES, 'latin1')
      crypt(bytes, current)
      return prefix + bytes.toString('base64url')
    },
    unseal(token) {
      if (token.length !== length || !token.startsWith(prefix)) return undefined
      const encoded = token.slice(prefix.length)
      const bytes = Buffer.allocUnsafe(size)
      // A token has only one valid spelling, but the decoder ignores padding, unused bits and invalid characters.
      if (bytes.write(encoded, 'base64url') !== size || bytes.toString('base64url') !== encoded)
        return undefined
      for (const keys of all) {
        crypt(bytes, keys)
        if (isGenuine(bytes, keys)) return bytes
        crypt(bytes, keys) // as it was, for the next key
      }
      return undefined
    },
  }
}

/** @param macAt the length of version and body */
function secretKeys({ mac, encryption }: OpaqueKeys, macAt: number): Keys {
  const streamInput = Buffer.concat([Buffer.alloc(COUNTER_BYTES), encryption, Buffer.alloc(MAC_BYTES)])
  return { macOf: createFixedHmac(mac, macAt), streamInput }
}
