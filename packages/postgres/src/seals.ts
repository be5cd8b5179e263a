import { timingSafeEqual } from 'node:crypto'
import { createMessageHmac, type StoreContext } from '@sallyport/core/store'

/**
 * MACs (HMAC with SHA-256) of what must not be changed by others who can write to the database. Messages begin with a
 * label, and have an unambiguous form.
 */
export interface Seals {
  /** The MAC under the current secret. */
  of(message: string): Buffer
  /** Under which secret a MAC fits, compared in constant time. */
  under(message: string, mac: Uint8Array): 'current' | 'earlier' | 'none'
}

const MAC_BYTES = 16

/** @param keys the current one first */
export function createSeals([current, ...earlier]: StoreContext['integrityKeys']): Seals {
  const macOf = createMessageHmac(current)
  const all = [macOf, ...earlier.map((key) => createMessageHmac(key))]
  const sealed = (mac: string): Buffer => Buffer.from(mac, 'latin1').subarray(0, MAC_BYTES)
  return {
    of: (message) => sealed(macOf(Buffer.from(message))),
    under(message, mac) {
      if (mac.length !== MAC_BYTES) return 'none'
      const bytes = Buffer.from(message)
      const index = all.findIndex((macUnder) => timingSafeEqual(sealed(macUnder(bytes)), mac))
      return index < 0 ? 'none' : index === 0 ? 'current' : 'earlier'
    },
  }
}
