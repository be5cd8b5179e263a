import { timingSafeEqual } from 'node:crypto'
import { createMessageHmac, type StoreContext } from '@sallyport/core/store'

/** MACs (HMAC with SHA-256, truncated) of what lies in Redis, to which others may write. */
export interface Macs {
  /** The MAC under the current secret. */
  of(message: Uint8Array): Buffer
  /** Under which secret a MAC fits, compared in constant time. */
  under(message: Uint8Array, mac: Uint8Array): 'current' | 'earlier' | 'none'
}

/**
 * @param keys the current one first
 * @param size how many bytes of each MAC are kept
 */
export function createMacs([current, ...earlier]: StoreContext['integrityKeys'], size: number): Macs {
  const macOf = createMessageHmac(current)
  const all = [macOf, ...earlier.map((key) => createMessageHmac(key))]
  const expected = Buffer.alloc(size)
  return {
    of: (message) => Buffer.from(macOf(message), 'latin1').subarray(0, size),
    under(message, mac) {
      if (mac.length !== size) return 'none'
      const index = all.findIndex((macUnder) => {
        expected.write(macUnder(message), 'latin1')
        return timingSafeEqual(expected, mac)
      })
      return index < 0 ? 'none' : index === 0 ? 'current' : 'earlier'
    },
  }
}
