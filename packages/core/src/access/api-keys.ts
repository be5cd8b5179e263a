import { ConfigError } from '../errors.ts'
import type { Clock, Random } from '../ports/clock.ts'
import { type ApiKeyId, newApiKeyId, sessionOfApiKey, tagOf } from '../ports/ids.ts'
import type { ApiKey, ApiKeyStore, UsedApiKey } from '../ports/optional/api-keys.ts'
import type { Unavailable } from '../ports/outcome.ts'
import type { Replica } from '../revocation/replica.ts'
import type { Caller } from '../seam/caller.ts'
import type { SubjectJudge } from '../tokens/custom/subject.ts'
import { mintApiKey } from '../tokens/forms/api-key.ts'
import type { Emit } from '../watch/events.ts'
import { type NewApiKey, readNewApiKey } from './new-api-key.ts'

/** The parsed option `apiKeys`. */
export interface ApiKeySettings {
  /** The most keys that a subject may have at once. */
  readonly most: number
}

/** Why a key is revoked, and at whose request. */
export interface ApiKeyEnding {
  readonly reason: string
  readonly caller: Caller
}

export type ApiKeyMade =
  /** `secret` is the key as a program sends it. It is known only now. */
  | { readonly kind: 'created'; readonly secret: string; readonly key: ApiKey }
  | { readonly kind: 'full' }
  | Unavailable

export type ApiKeysListed = { readonly kind: 'listed'; readonly keys: readonly UsedApiKey[] } | Unavailable
export type ApiKeysRevoked = { readonly kind: 'revoked'; readonly keys: readonly ApiKeyId[] } | Unavailable

/** Everything that happens to API keys, apart from their use. */
export interface ApiKeys {
  /**
   * Makes a key of a subject. Rejects with a `TypeError` for a wrong member of `NewApiKey`, and with a `ClaimsError` if
   * the subject must not be in a token.
   */
  create(subject: string, given: NewApiKey, caller: Caller): Promise<ApiKeyMade>
  list(subject: string): Promise<ApiKeysListed>
  /** Ends one key of a subject, or all, whether or not the application still wants API keys. */
  revoke(subject: string, which: ApiKeyId | 'all', ending: ApiKeyEnding): Promise<ApiKeysRevoked>
}

export interface ApiKeysParts {
  readonly store: ApiKeyStore | undefined
  /** `undefined` if the application wants no API keys. */
  readonly settings: ApiKeySettings | undefined
  readonly judgeSubject: SubjectJudge
  readonly replica: Pick<Replica, 'add'>
  readonly emit: Emit
  readonly clock: Clock
  readonly random: Random
}

const NONE: ApiKeysRevoked = { kind: 'revoked', keys: [] }

/** Throws a `ConfigError` if the store cannot keep API keys and the application wants them. */
export function createApiKeys(parts: ApiKeysParts): ApiKeys {
  const { store, settings, replica, emit, clock, random } = parts
  if (settings !== undefined && store === undefined)
    throw new ConfigError('store', {
      sentence: '"store" cannot keep API keys, which the option "apiKeys" needs',
    })

  /** Throws a `ConfigError` if the application wants no API keys. */
  function wanted(): { readonly store: ApiKeyStore; readonly most: number } {
    if (store !== undefined && settings !== undefined) return { store, ...settings }
    throw new ConfigError('apiKeys', { sentence: 'API keys need the option "apiKeys", such as apiKeys: {}' })
  }

  return {
    async create(subject, given, caller) {
      const { store: keys, most } = wanted()
      const { name, scope, expiresInSeconds } = readNewApiKey(given)
      await parts.judgeSubject(subject)
      const [tag, id, at] = [tagOf(subject), newApiKeyId(random), clock.now()]
      const { key: secret, digest } = mintApiKey({ tag, id }, random)
      const times = { createdAt: at, expiresAt: at + expiresInSeconds * 1000 }
      const key: ApiKey = { ...{ id, subject, name, digest }, scope: scope.join(' '), ...times }
      const outcome = await keys.create({ tag, key, most, at })
      if (outcome.kind !== 'created') return outcome
      emit({ event: 'apikey.created', outcome: 'success', sub: subject, jti: id }, caller)
      return { kind: 'created', secret, key: outcome.key }
    },
    async list(subject) {
      return wanted().store.list(tagOf(subject), clock.now())
    },
    async revoke(subject, which, { reason, caller }) {
      if (store === undefined) return NONE
      const tag = tagOf(subject)
      const outcome = await store.revoke(tag, which, clock.now())
      if (outcome.kind === 'unavailable') return outcome
      const named = which === 'all' ? outcome.keys : [which]
      for (const id of named) replica.add({ kind: 'session', session: sessionOfApiKey(tag, id) })
      for (const id of outcome.keys)
        emit({ event: 'apikey.revoked', outcome: 'success', reason, sub: subject, jti: id }, caller)
      return outcome
    },
  }
}
