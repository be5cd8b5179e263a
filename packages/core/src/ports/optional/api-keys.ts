import type { ApiKeyId, SubjectTag } from '../ids.ts'
import type { Unavailable } from '../outcome.ts'

/** An API key as it is kept. Instants are milliseconds since the epoch. */
export interface ApiKey {
  readonly id: ApiKeyId
  readonly subject: string
  /** What the application calls it, to tell it from others. */
  readonly name: string
  /** Scopes, separated by spaces. */
  readonly scope: string
  readonly createdAt: number
  /** From then on it is over. */
  readonly expiresAt: number
  /** The SHA-256 of its secret, 32 bytes. The secret itself is kept nowhere. */
  readonly digest: Uint8Array
}

/** A key, and when it was last used. A store may learn of that late, or not at all. */
export interface UsedApiKey extends ApiKey {
  readonly lastUsedAt?: number
}

export interface ApiKeyCreation {
  readonly tag: SubjectTag
  readonly key: ApiKey
  /** The most keys that the subject may have at once. */
  readonly most: number
  readonly at: number
}

export type CreateApiKeyOutcome =
  /** `createdAt` is later than was asked for, if everything that was made until then has ended. */
  | { readonly kind: 'created'; readonly key: ApiKey }
  /** The subject has as many keys as it may have. Nothing was created. */
  | { readonly kind: 'full' }
  | Unavailable

/** The longest that an API key lives, in milliseconds: 366 days. */
export const MAX_API_KEY_MS: number = 366 * 86_400_000
/** The most keys that any subject has at once. */
export const MOST_API_KEYS = 200

/**
 * API keys, by which programs act for a subject. `revokeAll` of the `RevocationStore` ends them with everything else,
 * and `assert` drops one that reappeared. `erase` of the `SessionStore` answers `in_use` while there are any. Sessions
 * that end do not concern them.
 */
export interface ApiKeyStore {
  create(creation: ApiKeyCreation): Promise<CreateApiKeyOutcome>
  /** Reads a key, which may be over by its time. */
  read(
    tag: SubjectTag,
    id: ApiKeyId,
    at: number,
  ): Promise<{ readonly kind: 'read'; readonly key: ApiKey } | { readonly kind: 'unknown' } | Unavailable>
  /** The keys of a subject that are not over, in any order. */
  list(
    tag: SubjectTag,
    at: number,
  ): Promise<{ readonly kind: 'listed'; readonly keys: readonly UsedApiKey[] } | Unavailable>
  /**
   * Drops one key of a subject, or all. In the same step each is revoked, by the name that `sessionOfApiKey` gives; one
   * that is named is revoked even if it is not there.
   */
  revoke(
    tag: SubjectTag,
    which: ApiKeyId | 'all',
    at: number,
  ): Promise<
    | {
        readonly kind: 'revoked'
        /** Those that were there and not over. */
        readonly keys: readonly ApiKeyId[]
      }
    | Unavailable
  >
  /** Notes that a key was used, unless it is gone. */
  touch(tag: SubjectTag, id: ApiKeyId, at: number): Promise<{ readonly kind: 'noted' } | Unavailable>
}
