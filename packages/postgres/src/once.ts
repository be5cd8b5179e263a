import type { OnceStore } from '@sallyport/core/store'
import { sql } from 'kysely'
import type { PortParts } from './parts.ts'

/** Names in a table. One statement marks a name, so no process can come in between. */
export function createPostgresOnce({ database, tables, instant }: PortParts): OnceStore {
  return {
    async look({ name, at }) {
      const answer = await database.run(
        'look',
        sql`SELECT 1 AS marked FROM ${tables.once} WHERE name = ${name} AND kept_until > ${instant(at)}`,
      )
      if (answer.kind === 'unavailable') return answer
      return { kind: answer.value.length === 0 ? 'unseen' : 'seen' }
    },
    async mark({ name, keptMs, at }) {
      const kept = Math.max(1, Math.ceil(keptMs))
      const answer = await database.run(
        'mark',
        sql`INSERT INTO ${tables.once} AS known (name, kept_until)
          VALUES (${name}, ${instant(at)} + ${kept}::bigint)
          ON CONFLICT (name) DO UPDATE SET kept_until = excluded.kept_until
          WHERE known.kept_until <= excluded.kept_until - ${kept}::bigint
          RETURNING 1 AS marked`,
      )
      if (answer.kind === 'unavailable') return answer
      return { kind: answer.value.length === 0 ? 'seen' : 'first' }
    },
  }
}
