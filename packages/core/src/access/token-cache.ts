import { LRUCache } from 'lru-cache'

export interface TokenCacheSettings {
  readonly entries: number
  readonly bytes: number
}

/**
 * What is known of the access tokens that were found genuine, so that each is verified once.
 *
 * Only a genuine token may be added: forged ones then can neither fill the cache nor push others out.
 * Bounded in entries and in bytes; the one used longest ago goes first.
 */
export interface TokenCache<Known extends { readonly token: string }> {
  get(token: string): Known | undefined
  add(known: Known): void
  drop(token: string): void
}

/**
 * Enough of a signature to tell tokens apart by, and few enough for V8 to copy them instead of keeping
 * the whole text alive; that is compared besides.
 */
const TAIL_CHARS = 12
/** What an entry takes besides its texts, as measured. */
const ENTRY_BYTES = 330

/**
 * Hashing a whole token for a look-up costs more than all else that a warm request does, so the key is
 * the last part of the signature. A text that only ends like a known one is not known.
 */
export function createTokenCache<Known extends { readonly token: string }>(
  settings: TokenCacheSettings,
): TokenCache<Known> {
  const byTail = new LRUCache<string, Known>({
    max: settings.entries,
    maxSize: settings.bytes,
    sizeCalculation: ({ token }) => bytesOf(token),
  })
  return {
    get(token) {
      const known = byTail.get(tailOf(token))
      return known?.token === token ? known : undefined
    },
    add(known) {
      byTail.set(tailOf(known.token), known)
    },
    drop(token) {
      byTail.delete(tailOf(token))
    },
  }
}

/** The part of a token by which it is looked for. */
export function tailOf(token: string): string {
  return token.slice(-TAIL_CHARS)
}

/** Header and payload are there as text and as claims, the signature as text alone. */
function bytesOf(token: string): number {
  return token.length + token.lastIndexOf('.') + ENTRY_BYTES
}
