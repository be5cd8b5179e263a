import { timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../ports/clock.ts'
import { createFixedHmac } from '../../tokens/hmac.ts'

/** How long a nonce can be used, and after which part of that a client gets the next one. */
export const NONCE_LIFETIME_MS = 300_000
const RENEW_AFTER_MS = NONCE_LIFETIME_MS / 2
/** A process whose clock is ahead may have made it. */
const MAX_AHEAD_MS = 60_000

const TIME_BYTES = 5
const MAC_BYTES = 16
const NONCE = /^[\w-]{28}$/

export interface ReadNonce {
  /** Milliseconds since the epoch. */
  readonly madeAt: number
  /** Whether it is time for the next one. */
  readonly isOld: boolean
}

/**
 * Nonces that nobody has to remember (RFC 9449, section 8): the second in which each was made, under a MAC. All processes
 * with the same secret accept them.
 */
export interface Nonces {
  /** The nonce to use now. */
  current(): string
  /** Reads a nonce; `undefined` unless it can be used. Anything may be given. */
  read(nonce: string): ReadNonce | undefined
}

/** @param keys the current one first; it makes nonces, and all of them accept */
export function createNonces(
  keys: readonly [Uint8Array, ...Uint8Array[]],
  clock: Pick<Clock, 'now'>,
): Nonces {
  const [current, ...earlier] = keys
  const macNow = createFixedHmac(current, TIME_BYTES)
  const macs = [macNow, ...earlier.map((key) => createFixedHmac(key, TIME_BYTES))]
  let made = { second: -1, nonce: '' }

  function make(second: number): string {
    const bytes = Buffer.alloc(TIME_BYTES + MAC_BYTES)
    bytes.writeUIntBE(second, 0, TIME_BYTES)
    bytes.write(macNow(bytes), TIME_BYTES, MAC_BYTES, 'latin1')
    return bytes.toString('base64url')
  }

  function isGenuine(bytes: Buffer): boolean {
    const mac = bytes.subarray(TIME_BYTES)
    return macs.some((macOf) =>
      timingSafeEqual(Buffer.from(macOf(bytes), 'latin1').subarray(0, MAC_BYTES), mac),
    )
  }

  return {
    current() {
      const second = Math.max(0, Math.floor(clock.now() / 1000))
      if (second !== made.second) made = { second, nonce: make(second) }
      return made.nonce
    },
    read(nonce) {
      if (!NONCE.test(nonce)) return undefined
      const bytes = Buffer.from(nonce, 'base64url')
      if (!isGenuine(bytes)) return undefined
      const madeAt = bytes.readUIntBE(0, TIME_BYTES) * 1000
      const age = clock.now() - madeAt
      if (age < -MAX_AHEAD_MS || age >= NONCE_LIFETIME_MS) return undefined
      return { madeAt, isOld: age >= RENEW_AFTER_MS }
    },
  }
}
