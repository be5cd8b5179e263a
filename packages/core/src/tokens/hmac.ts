import { createHmac, hash } from 'node:crypto'

/** SHA-256 works on blocks of 64 bytes, and gives 32. */
const BLOCK_BYTES = 64
const DIGEST_BYTES = 32
const INNER_PAD = 0x36
const OUTER_PAD = 0x5c
/** Longer messages are rare, so no space is kept for them. */
const USUAL_BYTES = 1024

/**
 * HMAC with SHA-256 (RFC 2104) for messages of one length, as a binary string.
 *
 * It consists of two calls of Node's one-shot `hash`. `createHmac` gives the same, but makes an object and looks up the
 * algorithm each time, which costs more than the hashing: of all that a refresh does, only its signature cost more.
 *
 * @param key at most 64 bytes
 */
export function createFixedHmac(key: Uint8Array, messageBytes: number): (message: Uint8Array) => string {
  const inner = padded(key, INNER_PAD, messageBytes)
  const outer = padded(key, OUTER_PAD, DIGEST_BYTES)
  return (message) => {
    for (let at = 0; at < messageBytes; at++) inner[BLOCK_BYTES + at] = message[at] ?? 0
    outer.write(hash('sha256', inner, 'binary'), BLOCK_BYTES, 'latin1')
    return hash('sha256', outer, 'binary')
  }
}

/**
 * HMAC with SHA-256 (RFC 2104) for messages of any length, as a binary string. Up to 1,024 bytes it
 * costs as little as the HMAC for messages of one length.
 *
 * Throws a `RangeError` for a key of more than 64 bytes.
 *
 * @param key at most 64 bytes
 */
export function createMessageHmac(key: Uint8Array): (message: Uint8Array) => string {
  const inner = padded(key, INNER_PAD, USUAL_BYTES)
  const outer = padded(key, OUTER_PAD, DIGEST_BYTES)
  return (message) => {
    if (message.length > USUAL_BYTES) return createHmac('sha256', key).update(message).digest('binary')
    inner.set(message, BLOCK_BYTES)
    const hashed = hash('sha256', inner.subarray(0, BLOCK_BYTES + message.length), 'binary')
    outer.write(hashed, BLOCK_BYTES, 'latin1')
    return hash('sha256', outer, 'binary')
  }
}

/** A block of the key and a pad, and space behind it. */
function padded(key: Uint8Array, pad: number, space: number): Buffer {
  if (key.length > BLOCK_BYTES) throw new RangeError('the key is longer than a block')
  const bytes = Buffer.alloc(BLOCK_BYTES + space)
  for (let at = 0; at < BLOCK_BYTES; at++) bytes[at] = (key[at] ?? 0) ^ pad
  return bytes
}
