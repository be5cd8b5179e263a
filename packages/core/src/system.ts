import { randomBytes } from 'node:crypto'
import type { Clock, Random } from './ports/clock.ts'

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }

const POOL_BYTES = 4096

/** Cryptographic random bytes, drawn many at a time, since a draw costs more than most of what needs one. */
export function createSystemRandom(): Random {
  let pool = Buffer.alloc(0)
  return (bytes) => {
    if (bytes > POOL_BYTES) return randomBytes(bytes)
    if (pool.length < bytes) pool = randomBytes(POOL_BYTES)
    const drawn = pool.subarray(0, bytes)
    pool = pool.subarray(bytes)
    return drawn
  }
}
