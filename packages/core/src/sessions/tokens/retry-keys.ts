import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Random } from '../../ports/clock.ts'
import { RETRY_KEY_BYTES, type RetryKey } from '../../ports/session.ts'
import type { RefreshTicket } from './refresh-token.ts'

/** Gives each attempt to refresh its key, and the same one to a repetition. */
export interface RetryKeys {
  /** @param sent the `Idempotency-Key` of the request, if it has one */
  of(ticket: RefreshTicket, sent: string | undefined): RetryKey | undefined
  /** Keeps the key of an attempt that was answered with an error, for a repetition in this process. */
  remember(ticket: RefreshTicket, key: RetryKey | undefined): void
  /** An attempt was answered. Whoever presents the same token again makes an attempt of their own. */
  forget(ticket: RefreshTicket): void
}

/** So many attempts are kept. Of more, which only a long outage makes, the oldest count as lost answers. */
const MAX_REMEMBERED = 10_000

/**
 * In strict mode an attempt without an `Idempotency-Key` gets a key of this process, since nothing else would tell its
 * repetition from theft. With a grace it gets none: somebody else may have converged on the same generation meanwhile,
 * so a late repetition must be contested.
 */
export function createRetryKeys(isStrict: boolean, random: Random): RetryKeys {
  const remembered = new LRUCache<string, RetryKey>({ max: MAX_REMEMBERED })
  return {
    of(ticket, sent) {
      if (sent !== undefined) return { bytes: hashed(ticket, sent), sent: true }
      if (!isStrict) return undefined
      return remembered.get(nameOf(ticket)) ?? { bytes: random(RETRY_KEY_BYTES), sent: false }
    },
    remember(ticket, key) {
      if (key?.sent === false) remembered.set(nameOf(ticket), key)
    },
    forget(ticket) {
      if (remembered.size !== 0) remembered.delete(nameOf(ticket))
    },
  }
}

function nameOf({ session, generation }: RefreshTicket): string {
  return `${session} ${generation}`
}

/** With the session in it, nobody can tell from a dump of the store that two sessions have the same key. */
function hashed({ session }: RefreshTicket, sent: string): Uint8Array {
  return hash('sha256', `${session} ${sent}`, 'buffer').subarray(0, RETRY_KEY_BYTES)
}
