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
    return twice(inner, outer)
  }
}

/**
 * HMAC with SHA-256 (RFC 2104) for messages of any length, as a binary string. Up to 1,024 bytes it
 * costs as little as the HMAC for messages of one length. Of a string, its UTF-8 counts.
 *
 * Throws a `RangeError` for a key of more than 64 bytes.
 *
 * @param key at most 64 bytes
 */
export function createMessageHmac(key: Uint8Array): (message: Uint8Array | string) => string {
  const inner = padded(key, INNER_PAD, USUAL_BYTES)
  const outer = padded(key, OUTER_PAD, DIGEST_BYTES)
  return (message) => macIn(inner, outer, key, message)
}

const sharedInner = Buffer.alloc(BLOCK_BYTES + USUAL_BYTES)
const sharedOuter = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES)

/** The same for one message. This is for keys that are too many to keep a kilobyte for each. */
export function hmacOf(key: Uint8Array, message: Uint8Array | string): string {
  pad(sharedInner, key, INNER_PAD)
  pad(sharedOuter, key, OUTER_PAD)
  return macIn(sharedInner, sharedOuter, key, message)
}

/** @param inner and `outer` begin with the key and its pads */
function macIn(inner: Buffer, outer: Buffer, key: Uint8Array, message: Uint8Array | string): string {
  const bytes = Buffer.byteLength(message)
  if (bytes > USUAL_BYTES) return createHmac('sha256', key).update(message).digest('binary')
  if (typeof message === 'string') inner.write(message, BLOCK_BYTES)
  else inner.set(message, BLOCK_BYTES)
  return twice(inner.subarray(0, BLOCK_BYTES + bytes), outer)
}

function twice(inner: Buffer, outer: Buffer): string {
  outer.write(hash('sha256', inner, 'binary'), BLOCK_BYTES, 'latin1')
  return hash('sha256', outer, 'binary')
}

/** A block of the key and a pad, and space behind it. */
function padded(key: Uint8Array, padding: number, space: number): Buffer {
  const bytes = Buffer.alloc(BLOCK_BYTES + space)
  pad(bytes, key, padding)
  return bytes
}

function pad(bytes: Buffer, key: Uint8Array, padding: number): void {
  if (key.length > BLOCK_BYTES) throw new RangeError('the key is longer than a block')
  for (let at = 0; at < BLOCK_BYTES; at++) bytes[at] = (key[at] ?? 0) ^ padding
}
