import {
  type ApiKeyId,
  apiKeyOfSession,
  type SessionId,
  type SubjectTag,
  sessionOfApiKey,
} from '../ports/ids.ts'
import type { ApiKey, ApiKeyStore, UsedApiKey } from '../ports/optional/api-keys.ts'
import { type AllRevocation, notBeforeOf } from '../ports/revocations.ts'
import type { MemoryRevocations } from './revocations.ts'

/** How many subjects are looked at for each new key, to drop what is over. */
const SWEPT_PER_KEY = 2

export interface MemoryApiKeys extends ApiKeyStore {
  /** Whether the subject has keys, those that are over included. */
  has(tag: SubjectTag): boolean
  /** Drops the key that a revocation names as this session, if it is one. */
  drop(tag: SubjectTag, session: SessionId): void
  /** Ends every key that the revocation concerns. From now on, keys are made after it. */
  endAll(everything: AllRevocation): void
}

/** API keys in the memory of this process. */
export function createMemoryApiKeys(revocations: Pick<MemoryRevocations, 'add'>): MemoryApiKeys {
  const subjects = new Map<SubjectTag, Map<ApiKeyId, UsedApiKey>>()
  let sweeper = subjects.keys()
  let notBeforeAll = Number.NEGATIVE_INFINITY

  function dropOver(tag: SubjectTag, at: number): ReadonlyMap<ApiKeyId, UsedApiKey> {
    const keys = subjects.get(tag) ?? new Map<ApiKeyId, UsedApiKey>()
    for (const { id, expiresAt } of keys.values()) if (expiresAt <= at) keys.delete(id)
    if (keys.size === 0) subjects.delete(tag)
    return keys
  }

  function sweep(at: number): void {
    for (let swept = 0; swept < SWEPT_PER_KEY; swept++) {
      const next = sweeper.next()
      if (next.done === true) {
        sweeper = subjects.keys()
        return
      }
      dropOver(next.value, at)
    }
  }

  function remove(tag: SubjectTag, id: ApiKeyId): void {
    const keys = subjects.get(tag)
    keys?.delete(id)
    if (keys?.size === 0) subjects.delete(tag)
  }

  return {
    create({ tag, key, most, at }) {
      sweep(at)
      if (dropOver(tag, at).size >= most) return Promise.resolve({ kind: 'full' })
      const keys = subjects.get(tag) ?? new Map<ApiKeyId, UsedApiKey>()
      const createdAt = Math.max(key.createdAt, (notBeforeAll + 1) * 1000)
      const created: ApiKey = { ...key, createdAt }
      subjects.set(tag, keys.set(key.id, created))
      return Promise.resolve({ kind: 'created', key: created })
    },
    read(tag, id) {
      const kept = subjects.get(tag)?.get(id)
      if (kept === undefined) return Promise.resolve({ kind: 'unknown' })
      const { lastUsedAt: _, ...key } = kept
      return Promise.resolve({ kind: 'read', key })
    },
    list: (tag, at) => Promise.resolve({ kind: 'listed', keys: [...dropOver(tag, at).values()] }),
    revoke(tag, which, at) {
      const live = [...dropOver(tag, at).keys()]
      const named = which === 'all' ? live : [which]
      for (const id of named) {
        remove(tag, id)
        revocations.add({ kind: 'session', session: sessionOfApiKey(tag, id) }, at)
      }
      return Promise.resolve({ kind: 'revoked', keys: named.filter((id) => live.includes(id)) })
    },
    touch(tag, id, at) {
      const keys = subjects.get(tag)
      const key = keys?.get(id)
      if (key !== undefined) keys?.set(id, { ...key, lastUsedAt: Math.max(at, key.lastUsedAt ?? 0) })
      return Promise.resolve({ kind: 'noted' })
    },
    has: (tag) => subjects.has(tag),
    drop: (tag, session) => remove(tag, apiKeyOfSession(session)),
    endAll(everything) {
      notBeforeAll = Math.max(notBeforeAll, notBeforeOf(everything))
      // Those of a clock that is ahead, too, as access tokens are.
      for (const [tag, keys] of subjects)
        for (const { id, createdAt } of keys.values())
          if (createdAt < (notBeforeAll + 1) * 1000) remove(tag, id)
    },
  }
}
