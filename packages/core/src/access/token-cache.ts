import { LRUCache } from 'lru-cache'

export interface TokenCacheSettings {
  /** The most entries. */
  readonly entries: number
  /** The most bytes, by estimate. */
  readonly bytes: number
}

/** A token that was found genuine, with what is known from it. */
export interface Genuine {
  readonly token: string
  readonly claims: object
}

/**
 * The access tokens that were found genuine, so that each is verified only once.
 *
 * Only genuine tokens may be added, so that forged ones cannot evict them. The cache is limited in entries and in
 * bytes, and evicts the least recently used token first.
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
/** What an entry takes in addition to its strings, as measured. */
const ENTRY_BYTES = 330
/** Claims that are not in the token count as much as those of a signed token, which has them in base64. */
const JSON_TO_BASE64 = 4 / 3

/**
 * Entries are found by the end of the signature, because hashing a whole token costs more than everything else in a
 * request with a known token. The whole token is then compared.
 */
export function createTokenCache<Known extends Genuine>(settings: TokenCacheSettings): TokenCache<Known> {
  const byTail = new LRUCache<string, Known>({
    max: settings.entries,
    maxSize: settings.bytes,
    sizeCalculation: bytesOf,
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
