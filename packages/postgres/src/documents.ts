import type { Document, DocumentStore } from '@sallyport/core/store'
import { sql } from 'kysely'
import type { PortParts } from './parts.ts'

const UNWRITTEN: Document = { version: 0, body: '' }

/** Documents in a table, and the members of their sets in another. */
export function createPostgresDocuments({ database, tables }: PortParts): DocumentStore {
  const { documents, documentMembers } = tables

  return {
    async read(names) {
      const answer = await database.run(
        'read-documents',
        sql<Document & { readonly name: string }>`SELECT name, version, body FROM ${documents}
          WHERE name = ANY (${names}::text[])`,
      )
      if (answer.kind === 'unavailable') return answer
      const found = new Map(answer.value.map(({ name, version, body }) => [name, { version, body }]))
      return { kind: 'read', documents: new Map(names.map((name) => [name, found.get(name) ?? UNWRITTEN])) }
    },

    async swap({ name, ifVersion, body, dropped }) {
      const answer = await database.transaction('swap-document', async (run) => {
        const swapped = await run(sql`INSERT INTO ${documents} AS known (name, version, body)
          SELECT ${name}, ${ifVersion}::bigint + 1, ${body}
          WHERE ${ifVersion}::bigint = 0 OR EXISTS (SELECT FROM ${documents} WHERE name = ${name})
          ON CONFLICT (name) DO UPDATE SET version = excluded.version, body = excluded.body
          WHERE known.version = ${ifVersion}::bigint
          RETURNING version`)
        if (swapped.length === 0) return false
        if (dropped.length > 0)
          await run(sql`DELETE FROM ${documentMembers} WHERE set_name = ANY (${dropped}::text[])`)
        return true
      })
      return answer.kind === 'unavailable' ? answer : { kind: answer.value ? 'swapped' : 'changed' }
    },

    async change({ name, ifVersion, set, member, isIn, most }) {
      const answer = await database.transaction('change-member', async (run) => {
        // Whoever changes a set of the document, or the document, waits until this is done.
        const [document] = await run(
          sql<{ version: number }>`SELECT version FROM ${documents} WHERE name = ${name} FOR UPDATE`,
        )
        if ((document?.version ?? 0) !== ifVersion) return 'changed'
        if (!isIn) {
          await run(sql`DELETE FROM ${documentMembers} WHERE set_name = ${set} AND member = ${member}`)
          return 'noted'
        }
        const [room] = await run(sql<{ is_in: boolean; count: number }>`SELECT
          coalesce(bool_or(member = ${member}), false) AS is_in, count(*) AS count
          FROM ${documentMembers} WHERE set_name = ${set}`)
        if (room?.is_in === true) return 'noted'
        if (Number(room?.count) >= most) return 'full'
        await run(sql`INSERT INTO ${documentMembers} (set_name, member) VALUES (${set}, ${member})`)
        return 'noted'
      })
      return answer.kind === 'unavailable' ? answer : { kind: answer.value }
    },

    async members(set, of) {
      const answer = await database.run(
        'read-members',
        sql<{ member: string }>`SELECT member FROM ${documentMembers}
          WHERE set_name = ${set} AND member = ANY (${of}::text[])`,
      )
      if (answer.kind === 'unavailable') return answer
      return { kind: 'read', members: new Set(answer.value.map(({ member }) => member)) }
    },
  }
}
