import {
  type ApiKey,
  type ApiKeyId,
  type ApiKeyStore,
  apiKeyOfSession,
  notBeforeOf,
  type SubjectTag,
  sessionOfApiKey,
  shardOfTag,
  TOKENS_AHEAD_SECONDS,
  tagOfSession,
  type UsedApiKey,
} from '@sallyport/core/store'
import { type RawBuilder, sql } from 'kysely'
import { Unreadable } from './faults.ts'
import type { Belonging, PortParts } from './parts.ts'
import type { Seals } from './seals.ts'
import type { Tables } from './tables.ts'

interface KeyRow {
  readonly id: ApiKeyId
  readonly subject: string
  readonly name: string
  readonly scope: string
  readonly created_at: number
  readonly expires_at: number
  readonly digest: Uint8Array
  readonly seal: Uint8Array
  readonly last_used_at: number | null
}

const COLUMNS = sql`id, subject, name, scope, created_at, expires_at, digest, seal, last_used_at`
/** Tells these MACs from all that might ever be made with the same keys. */
const LABEL = 'sallyport API key 2'

/** API keys in a table, a row each. A MAC covers all but the last use, so whoever can write there can't make a key. */
export function createPostgresApiKeys(parts: PortParts): ApiKeyStore {
  const { database, tables, feeds, seals, instant, leftOut } = parts

  /** Until when everything has ended in the shard of a subject. */
  const everything = (tag: SubjectTag): RawBuilder<number> =>
    sql`coalesce((SELECT ended_until FROM ${tables.shards} WHERE shard = ${shardOfTag(tag)}), -1)`

  /** Whether a key has not ended with everything else, as `notBeforeOf` says. */
  const isLeft = (tag: SubjectTag): RawBuilder<boolean> =>
    sql`created_at / 1000 > ${everything(tag)} / 1000 + ${TOKENS_AHEAD_SECONDS}::bigint`

  /** Puts a key under the current secret, so that it outlives the earlier one. Nobody waits for it. */
  function reseal(tag: SubjectTag, key: ApiKey, earlier: Uint8Array): void {
    void database.run(
      'reseal-key',
      sql`UPDATE ${tables.apiKeys} SET seal = ${seals.of(messageOf(tag, key))}
        WHERE tag = ${tag} AND id = ${key.id} AND seal = ${earlier}`,
    )
  }

  function keyOf(tag: SubjectTag, row: KeyRow): ApiKey {
    const { key, under } = unseal(seals, tag, row)
    if (under === 'earlier') reseal(tag, key, row.seal)
    return key
  }

  /** A key in a list, in which one that is damaged must not keep the others from being read. */
  function listedOf(tag: SubjectTag, row: KeyRow): readonly UsedApiKey[] {
    try {
      const key = keyOf(tag, row)
      return [row.last_used_at === null ? key : { ...key, lastUsedAt: row.last_used_at }]
    } catch (cause) {
      if (!(cause instanceof Unreadable)) throw cause
      leftOut(cause)
      return []
    }
  }

  return {
    async create({ tag, key, most, at }) {
      const answer = await database.transaction('create-key', async (run) => {
        // Of keys that are made at once, each counts those before it.
        const [mark] = await run(
          sql<{ until: number }>`SELECT ${everything(tag)} AS until,
            pg_advisory_xact_lock(hashtextextended(${`sallyport API keys of ${tag}`}, 0))::text AS locked`,
        )
        const until = mark?.until ?? -1
        const createdAt =
          until < 0
            ? key.createdAt
            : Math.max(key.createdAt, (notBeforeOf({ kind: 'all', until }) + 1) * 1000)
        const made: ApiKey = { ...key, createdAt }
        const { id, subject, name, scope, expiresAt, digest } = made
        const created = await run(
          sql`INSERT INTO ${tables.apiKeys} (tag, id, subject, name, scope, created_at, expires_at, digest, seal)
            SELECT ${tag}, ${id}, ${subject}, ${name}, ${scope}, ${createdAt}::bigint, ${expiresAt}::bigint,
              ${digest}::bytea, ${seals.of(messageOf(tag, made))}::bytea
            WHERE (
              SELECT count(*) FROM ${tables.apiKeys}
              WHERE tag = ${tag} AND expires_at > ${instant(at)} AND ${isLeft(tag)}
            ) < ${most}::bigint
            RETURNING id`,
        )
        return created.length === 0 ? undefined : made
      })
      if (answer.kind === 'unavailable') return answer
      return answer.value === undefined ? { kind: 'full' } : { kind: 'created', key: answer.value }
    },

    async read(tag, id) {
      const answer = await database.step('read-key', async ({ run }) => {
        const [row] = await run(
          sql<KeyRow>`SELECT ${COLUMNS} FROM ${tables.apiKeys} WHERE tag = ${tag} AND id = ${id} AND ${isLeft(tag)}`,
        )
        return row === undefined ? undefined : keyOf(tag, row)
      })
      if (answer.kind === 'unavailable') return answer
      return answer.value === undefined ? { kind: 'unknown' } : { kind: 'read', key: answer.value }
    },

    async list(tag, at) {
      const answer = await database.run(
        'list-keys',
        sql<KeyRow>`SELECT ${COLUMNS} FROM ${tables.apiKeys}
          WHERE tag = ${tag} AND expires_at > ${instant(at)} AND ${isLeft(tag)}`,
      )
      if (answer.kind === 'unavailable') return answer
      return { kind: 'listed', keys: answer.value.flatMap((row) => listedOf(tag, row)) }
    },

    async revoke(tag, which, at) {
      const answer = await database.transaction('revoke-keys', async (run) => {
        const deleted = await run(
          sql<{ id: ApiKeyId; is_live: boolean }>`DELETE FROM ${tables.apiKeys}
            WHERE tag = ${tag} ${which === 'all' ? sql`` : sql`AND id = ${which}`}
            RETURNING id, expires_at > ${instant(at)} AND ${isLeft(tag)} AS is_live`,
        )
        const live = deleted.filter(({ is_live }) => is_live).map(({ id }) => id)
        const named = which === 'all' ? live : [which]
        const revocations = named.map(
          (id) => ({ kind: 'session', session: sessionOfApiKey(tag, id) }) as const,
        )
        await feeds.revokeEach(run, { shard: shardOfTag(tag), revocations, at })
        return live
      })
      return answer.kind === 'unavailable' ? answer : { kind: 'revoked', keys: answer.value }
    },

    async touch(tag, id, at) {
      const answer = await database.run(
        'touch-key',
        sql`UPDATE ${tables.apiKeys} SET last_used_at = greatest(last_used_at, ${instant(at)})
          WHERE tag = ${tag} AND id = ${id}`,
      )
      return answer.kind === 'unavailable' ? answer : { kind: 'noted' }
    },
  }
}

/** While a subject has keys it is in use. Those that are put back as revoked are dropped. */
export function apiKeysBelonging({ apiKeys }: Pick<Tables, 'apiKeys'>): Belonging {
  return {
    async isInUse(run, tag) {
      return (await run(sql`SELECT 1 AS one FROM ${apiKeys} WHERE tag = ${tag} LIMIT 1`)).length > 0
    },
    erase: () => Promise.resolve(),
    async drop(run, sessions) {
      await run(sql`DELETE FROM ${apiKeys} WHERE (tag, id) IN (
        SELECT * FROM unnest(${sessions.map(tagOfSession)}::text[], ${sessions.map(apiKeyOfSession)}::text[]))`)
    },
  }
}

function unseal(seals: Seals, tag: SubjectTag, row: KeyRow): { key: ApiKey; under: 'current' | 'earlier' } {
  const { id, subject, name, scope, created_at: createdAt, expires_at: expiresAt } = row
  const key: ApiKey = { id, subject, name, scope, createdAt, expiresAt, digest: new Uint8Array(row.digest) }
  const under = seals.under(messageOf(tag, key), row.seal)
  if (under === 'none') throw new Unreadable('an API key (changed by others, or of another secret or issuer)')
  return { key, under }
}

/** What the MAC is of. */
function messageOf(
  tag: SubjectTag,
  { id, subject, name, scope, createdAt, expiresAt, digest }: ApiKey,
): string {
  const hex = Buffer.from(digest).toString('hex')
  return JSON.stringify([LABEL, tag, id, subject, name, scope, createdAt, expiresAt, hex])
}
