import { LRUCache } from 'lru-cache'
import type { Clock } from '../ports/clock.ts'

export interface TokenCacheSettings {
  /** The most entries. */
  readonly entries: number
  /** The most bytes, by estimate. */
  readonly bytes: number
}

/** A token that was found genuine, with what is known from it. */
export interface Genuine {
  readonly token: string
  /** `exp` in seconds since the epoch; without it, the token never expires. */
  readonly claims: { readonly exp?: number }
}

/**
 * The access tokens that were found genuine, so that each is verified only once.
 *
 * Only genuine tokens may be added, so that forged ones cannot evict them. The cache is limited in entries and in
 * bytes, and evicts the least recently used token first. Those that have expired leave before it is full.
 */
export interface TokenCache<Known extends Genuine> {
  get(token: string): Known | undefined
  add(known: Known): void
  drop(token: string): void
}

/**
 * Enough characters of a signature to distinguish tokens, and few enough that V8 copies them. A longer slice would keep
 * the whole token string alive.
 */
const TAIL_CHARS = 12
/** Whoever sends an expired token sends it again. For so long, in milliseconds, it is refused without a look at its signature. */
const EXPIRED_MS = 60_000
/** How many tokens are looked at when one is added, to drop those that have expired. */
const SWEPT_PER_ADD = 4
/** What an entry takes in addition to its strings, as measured. */
const ENTRY_BYTES = 330
/** Claims that are not in the token count as much as those of a signed token, which has them in base64. */
const JSON_TO_BASE64 = 4 / 3

/**
 * Entries are found by the end of the signature, because hashing a whole token costs more than everything else in a
 * request with a known token. The whole token is then compared.
 */
export function createTokenCache<Known extends Genuine>(
  settings: TokenCacheSettings,
  clock: Pick<Clock, 'now'>,
): TokenCache<Known> {
  const byTail = new LRUCache<string, Known>({
    max: settings.entries,
    maxSize: settings.bytes,
    sizeCalculation: bytesOf,
  })

  let sweeper = byTail.rkeys()

  /** Without this, expired tokens would stay until the cache is full. */
  function sweep(): void {
    for (let swept = 0; swept < SWEPT_PER_ADD; swept++) {
      const next = sweeper.next()
      if (next.done === true) {
        sweeper = byTail.rkeys()
        return
      }
      const { exp = Number.POSITIVE_INFINITY } = byTail.peek(next.value)?.claims ?? {}
      if (exp * 1000 + EXPIRED_MS <= clock.now()) byTail.delete(next.value)
    }
  }

  return {
    get(token) {
      const known = byTail.get(tailOf(token))
      return known?.token === token ? known : undefined
    },
    add(known) {
      sweep()
      byTail.set(tailOf(known.token), known)
    },
    drop(token) {
      byTail.delete(tailOf(token))
    },
  }
}

/** The part of a token by which it is looked up. */
export function tailOf(token: string): string {
  return token.slice(-TAIL_CHARS)
}

/** Counts the token string, and the claims: by the header and payload that they were parsed from, if there are any. */
function bytesOf({ token, claims }: Genuine): number {
  // An opaque token may have dots, too.
  const signedBytes = token.lastIndexOf('.')
  const claimBytes = Math.max(signedBytes, Buffer.byteLength(JSON.stringify(claims)) * JSON_TO_BASE64)
  return Math.ceil(token.length + claimBytes + ENTRY_BYTES)
}
