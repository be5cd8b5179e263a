import {
  type ApiKey,
  type ApiKeyId,
  type ApiKeyStore,
  apiKeyOfSession,
  notBeforeOf,
  type SubjectTag,
  sessionIdFrom,
  sessionOfApiKey,
  type UsedApiKey,
} from '@sallyport/core/store'
import type { ApiKeyRecords } from './api-key-records.ts'
import type { Reply } from './commands.ts'
import { EVERYTHING, everythingUntil, fieldOf, tagBytes } from './fields.ts'
import { arrayOf, bytesOf } from './replies.ts'
import type { SessionParts } from './session-parts.ts'
import { Unreadable } from './unreadable.ts'

/** Everything may end once more while a key is made. */
const MAX_ROUNDS = 3
const INSTANT = /^\d{1,15}$/

/** API keys in Redis: a hash for each subject, with two fields for each key. */
export function createRedisApiKeys(
  { commands, layout, header, instant }: Omit<SessionParts, 'records'>,
  records: ApiKeyRecords,
  leftOut: (cause: Unreadable) => void,
): ApiKeyStore {
  const keyFieldOf = (tag: SubjectTag, id: ApiKeyId): Buffer => fieldOf(sessionOfApiKey(tag, id))
  const idOf = (tag: SubjectTag, field: Buffer): ApiKeyId =>
    apiKeyOfSession(sessionIdFrom(tag, field.toString('base64url')))

  /** Puts a record under the current secret, so that the key outlives the earlier one. Nobody waits for it. */
  function reseal(tag: SubjectTag, key: ApiKey, record: Buffer, at: number): void {
    const shard = layout.shardOfTag(tag)
    const args = [header(shard, at), keyFieldOf(tag, key.id), record, records.seal(tag, key)]
    void commands.run('reseal', shard, [layout.apiKeys(tag)], args)
  }

  function readOne(tag: SubjectTag, id: ApiKeyId, record: Buffer, at: number): ApiKey {
    const { key, isCurrent } = records.read(tag, id, record)
    if (!isCurrent) reseal(tag, key, record, at)
    return key
  }

  /** A key in a list, in which one that is damaged must not keep the others from being read. */
  function readable(tag: SubjectTag, id: ApiKeyId, record: Buffer, at: number): ApiKey | undefined {
    try {
      return readOne(tag, id, record, at)
    } catch (cause) {
      if (!(cause instanceof Unreadable)) throw cause
      leftOut(cause)
      return undefined
    }
  }

  return {
    async create({ tag, key, most, at }) {
      const shard = layout.shardOfTag(tag)
      const keys = [layout.apiKeys(tag), layout.meta(shard)]
      const field = keyFieldOf(tag, key.id)
      let made = key
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const args = [header(shard, at), field, records.seal(tag, made), most]
        const answer = await commands.runDurably('create-key', shard, keys, args)
        if (answer.kind === 'unavailable') return answer
        if (!Buffer.isBuffer(answer.value))
          return answer.value === 1 ? { kind: 'created', key: made } : { kind: 'full' }
        made = { ...key, createdAt: Number(String(answer.value)) }
      }
      return { kind: 'unavailable' }
    },

    async read(tag, id, at) {
      const shard = layout.shardOfTag(tag)
      const [answer, everything] = await Promise.all([
        commands.call(shard, 'hget', layout.apiKeys(tag), keyFieldOf(tag, id)),
        commands.call(shard, 'hget', layout.meta(shard), EVERYTHING),
      ])
      if (answer.kind === 'unavailable') return answer
      if (everything.kind === 'unavailable') return everything
      if (answer.value === null) return { kind: 'unknown' }
      const key = readOne(tag, id, bytesOf(answer.value), at)
      return isGone(key, everything.value) ? { kind: 'unknown' } : { kind: 'read', key }
    },

    async list(tag, at) {
      const shard = layout.shardOfTag(tag)
      const keys = [layout.apiKeys(tag), layout.meta(shard)]
      const answer = await commands.run('list-keys', shard, keys, [instant(at)])
      if (answer.kind === 'unavailable') return answer
      const found = arrayOf(answer.value).map(bytesOf)
      const listed: UsedApiKey[] = []
      for (let first = 0; first + 2 < found.length; first += 3) {
        const [field, record, used] = found.slice(first, first + 3)
        if (field === undefined || record === undefined) continue
        const key = readable(tag, idOf(tag, field), record, at)
        if (key !== undefined) listed.push({ ...key, ...usedAt(used) })
      }
      return { kind: 'listed', keys: listed }
    },

    async revoke(tag, which, at) {
      const shard = layout.shardOfTag(tag)
      const keys = [layout.apiKeys(tag), layout.feed(shard), layout.meta(shard)]
      const field = which === 'all' ? '' : keyFieldOf(tag, which)
      const args = [header(shard, at), tagBytes(tag), field]
      const answer = await commands.runDurably('revoke-keys', shard, keys, args)
      if (answer.kind === 'unavailable') return answer
      return { kind: 'revoked', keys: arrayOf(answer.value).map((one) => idOf(tag, bytesOf(one))) }
    },

    async touch(tag, id, at) {
      const shard = layout.shardOfTag(tag)
      const args = [header(shard, at), keyFieldOf(tag, id)]
      const answer = await commands.run('touch-key', shard, [layout.apiKeys(tag)], args)
      return answer.kind === 'unavailable' ? answer : { kind: 'noted' }
    },
  }
}

/** Whether a key ended with everything else, as `is_key_over` in `shared/api-keys.lua` finds it. */
function isGone({ createdAt }: ApiKey, everything: Reply): boolean {
  const until = everythingUntil(everything)
  return Number.isFinite(until) && Math.floor(createdAt / 1000) <= notBeforeOf({ kind: 'all', until })
}

function usedAt(reply: Buffer | undefined): { readonly lastUsedAt?: number } {
  const text = reply?.toString('latin1') ?? ''
  return INSTANT.test(text) ? { lastUsedAt: Number(text) } : {}
}
