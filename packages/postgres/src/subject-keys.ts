import type { SubjectKeyOutcome, SubjectKeyStore, SubjectTag } from '@sallyport/core/store'
import { sql } from 'kysely'
import type { Answered } from './database.ts'
import type { Belonging, PortParts } from './parts.ts'
import type { Tables } from './tables.ts'

interface KeyRow {
  readonly tag: string
  readonly id: string
  readonly key: Uint8Array
}

const PSEUDONYM = /^[\w-]{22}$/

/** The keys of subjects in a table, a row each. The id of a key is the pseudonym. */
export function createPostgresSubjectKeys({ database, tables, instant }: PortParts): SubjectKeyStore {
  function outcome(answer: Answered<readonly KeyRow[]>): SubjectKeyOutcome {
    if (answer.kind === 'unavailable') return answer
    const [row] = answer.value
    if (row === undefined) return { kind: 'absent' }
    return { kind: 'found', tag: row.tag as SubjectTag, pseudonym: row.id, key: new Uint8Array(row.key) }
  }

  return {
    async keyOf({ tag, fresh, keptMs, at }) {
      const keptUntil = sql`${instant(at)} + ${Math.ceil(keptMs)}::bigint`
      if (fresh === undefined)
        return outcome(
          await database.run(
            'subject-key',
            sql<KeyRow>`UPDATE ${tables.subjectKeys} SET kept_until = ${keptUntil}
              WHERE tag = ${tag} AND kept_until > ${instant(at)} RETURNING tag, id, key`,
          ),
        )
      const isOver = sql`(known.kept_until <= excluded.kept_until - ${Math.ceil(keptMs)}::bigint)`
      return outcome(
        await database.run(
          'subject-key',
          sql<KeyRow>`INSERT INTO ${tables.subjectKeys} AS known (tag, id, key, kept_until)
            VALUES (${tag}, ${fresh.id}, ${fresh.key}, ${keptUntil})
            ON CONFLICT (tag) DO UPDATE SET
              id = CASE WHEN ${isOver} THEN excluded.id ELSE known.id END,
              key = CASE WHEN ${isOver} THEN excluded.key ELSE known.key END,
              kept_until = excluded.kept_until
            RETURNING tag, id, key`,
        ),
      )
    },
    async keyBehind(pseudonym, at) {
      if (!PSEUDONYM.test(pseudonym)) return { kind: 'absent' }
      return outcome(
        await database.run(
          'subject-key',
          sql<KeyRow>`SELECT tag, id, key FROM ${tables.subjectKeys}
            WHERE id = ${pseudonym} AND kept_until > ${instant(at)}`,
        ),
      )
    },
  }
}

/** Erases the key of a subject. */
export function subjectKeyBelonging({ subjectKeys }: Pick<Tables, 'subjectKeys'>): Belonging {
  return {
    async erase(run, tag) {
      await run(sql`DELETE FROM ${subjectKeys} WHERE tag = ${tag}`)
    },
  }
}
