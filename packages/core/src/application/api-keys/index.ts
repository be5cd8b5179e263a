import type { ApiKeys } from '../../access/api-keys.ts'
import type { NewApiKey } from '../../access/new-api-key.ts'
import { reasonOf, UnavailableError } from '../../errors.ts'
import type { RevokeOptions } from '../../gate/session-calls.ts'
import { isApiKeyId } from '../../ports/ids.ts'
import type { ApiKey, UsedApiKey } from '../../ports/optional/api-keys.ts'
import type { Auth } from '../../seam/auth.ts'
import type { Callers } from '../../seam/caller.ts'
import { BY_APPLICATION, identifier, ownName } from '../arguments.ts'

/** An API key, without its secret. Instants are milliseconds since the epoch. */
export interface ApiKeyInfo {
  /** Names the key: it is the `jti` of its claims and of its events, and no secret. */
  readonly id: string
  readonly subject: string
  readonly name: string
  /** Scopes, separated by spaces. */
  readonly scope: string
  readonly createdAt: number
  readonly expiresAt: number
  /**
   * When it was last used, exact to the lifetime of an access token (`access.ttlSeconds`); `undefined` if that is not
   * known.
   */
  readonly lastUsedAt: number | undefined
}

export type CreatedApiKey =
  /** `key` is what the program sends, as `Authorization: Bearer`. It is shown only now, and kept nowhere. */
  | ({ readonly kind: 'created'; readonly key: string } & ApiKeyInfo)
  /** The user has as many keys as the option `apiKeys.perUser` allows. */
  | { readonly kind: 'full' }

/** The API keys that a call revoked, by their ids. */
export interface RevokedApiKeys {
  readonly revoked: readonly string[]
}

/**
 * What an application does with API keys, by which programs act for a user. Each call rejects with an `UnavailableError`
 * while the store does not answer, with a `ConfigError` without the option `apiKeys`, and with a `TypeError` for a
 * subject that is not a string of 1 to 255 characters or that another issuer has named.
 */
export interface ApiKeyCalls {
  /**
   * Makes a key of a user. Rejects with a `TypeError` for a wrong member of `NewApiKey`, and for a caller who has shown
   * an API key, since a key must not make keys; with a `ClaimsError` for a subject that a sign-in would refuse.
   */
  create(subject: string | Auth, key: NewApiKey): Promise<CreatedApiKey>
  /** The keys of a user that have not ended, the newest first. */
  list(subject: string | Auth): Promise<readonly ApiKeyInfo[]>
  /**
   * Revokes one key of a user, on every process within a second. A key of somebody else is left alone, and `revoked` is
   * empty then. Rejects with a `TypeError` for what is no string.
   */
  revoke(subject: string | Auth, id: string, options?: RevokeOptions): Promise<RevokedApiKeys>
  /** Does the same to all keys of a user. Nothing else does it but `forgetUser`, and `revokeAll` of everything. */
  revokeAll(subject: string | Auth, options?: RevokeOptions): Promise<RevokedApiKeys>
}

export interface ApiKeyCallsParts {
  readonly apiKeys: ApiKeys
  readonly callers: Pick<Callers, 'unknown'>
}

export function createApiKeyCalls({ apiKeys, callers }: ApiKeyCallsParts): ApiKeyCalls {
  const nameOf = (subject: string | Auth): string => ownName('subject', subject)

  async function revoked(outcome: ReturnType<ApiKeys['revoke']>): Promise<RevokedApiKeys> {
    const settled = await outcome
    if (settled.kind === 'unavailable') throw new UnavailableError()
    return { revoked: settled.keys }
  }

  return {
    async create(subject, given) {
      const name = nameOf(subject)
      if (typeof subject !== 'string' && subject.credential === 'api_key')
        throw new TypeError('apiKeys.create: the caller has shown an API key, which must not make another')
      const outcome = await apiKeys.create(name, given, callers.unknown())
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      if (outcome.kind === 'full') return outcome
      return { kind: 'created', key: outcome.secret, ...infoOf(outcome.key) }
    },
    async list(subject) {
      const outcome = await apiKeys.list(nameOf(subject))
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      return outcome.keys.map(infoOf).sort((a, b) => b.createdAt - a.createdAt)
    },
    async revoke(subject, id, options) {
      const reason = reasonOf('apiKeys.revoke', options, BY_APPLICATION)
      const name = nameOf(subject)
      // What has another form, such as a part of a path, is nobody's key.
      identifier('id', id)
      if (!isApiKeyId(id)) return { revoked: [] }
      return revoked(apiKeys.revoke(name, id, { reason, caller: callers.unknown() }))
    },
    async revokeAll(subject, options) {
      const reason = reasonOf('apiKeys.revokeAll', options, BY_APPLICATION)
      return revoked(apiKeys.revoke(nameOf(subject), 'all', { reason, caller: callers.unknown() }))
    },
  }
}

function infoOf({
  id,
  subject,
  name,
  scope,
  createdAt,
  expiresAt,
  lastUsedAt,
}: ApiKey & Pick<UsedApiKey, 'lastUsedAt'>): ApiKeyInfo {
  return { id, subject, name, scope, createdAt, expiresAt, lastUsedAt }
}
