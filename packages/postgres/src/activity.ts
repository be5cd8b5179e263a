import type { ActivityBounds, ActivityEntry, ActivityStore, SubjectTag } from '@sallyport/core/store'
import { sql } from 'kysely'
import type { Belonging, PortParts } from './parts.ts'
import type { Tables } from './tables.ts'

/** Entries of one subject that are kept together, the newest first. */
interface Bundle {
  readonly tag: SubjectTag
  readonly failures: boolean
  readonly entries: string[]
}

/** Rows that are written by one statement. */
const SLICE = 100

/** Activity in a table: two rows for each subject, one of them for failures, with the newest entries first. */
export function createPostgresActivity({ database, tables, instant }: PortParts): ActivityStore {
  function write(bundles: readonly Bundle[], { most, mostFailures, keptMs }: ActivityBounds, at: number) {
    const kept = Math.ceil(keptMs)
    const mostOf = (failures: boolean): number => (failures ? mostFailures : most)
    const rows = bundles.map(
      ({ tag, failures, entries }) =>
        sql`(${tag}, ${failures}::boolean, ${entries.slice(0, mostOf(failures))}::text[], ${instant(at)} + ${kept}::bigint)`,
    )
    return database.run(
      'append',
      sql`INSERT INTO ${tables.activity} AS known (tag, failures, entries, kept_until) VALUES ${sql.join(rows)}
        ON CONFLICT (tag, failures) DO UPDATE SET
          entries = (excluded.entries || CASE WHEN known.kept_until > excluded.kept_until - ${kept}::bigint
            THEN known.entries ELSE '{}' END)
            [1:CASE WHEN excluded.failures THEN ${mostFailures}::int ELSE ${most}::int END],
          kept_until = excluded.kept_until`,
    )
  }

  return {
    async append(entries, bounds, at) {
      const bundles = bundlesOf(entries)
      for (let first = 0; first < bundles.length; first += SLICE) {
        const answer = await write(bundles.slice(first, first + SLICE), bounds, at)
        if (answer.kind === 'unavailable') return answer
      }
      return { kind: 'appended' }
    },
    async read(tag, at) {
      const answer = await database.run(
        'read-activity',
        sql<{ entry: string }>`SELECT unnest(entries) AS entry FROM ${tables.activity}
          WHERE tag = ${tag} AND kept_until > ${instant(at)}`,
      )
      if (answer.kind === 'unavailable') return answer
      return { kind: 'read', entries: answer.value.flatMap(({ entry }) => unpack(tag, entry) ?? []) }
    },
  }
}

/** In an order that is the same for all processes, since each locks its rows one after the other. */
function bundlesOf(entries: readonly ActivityEntry[]): readonly Bundle[] {
  const bundles = new Map<string, Bundle>()
  for (const { tag, ...entry } of entries) {
    const failures = entry.kind === 'failure'
    const name = `${tag} ${failures}`
    const bundle = bundles.get(name) ?? { tag, failures, entries: [] }
    bundles.set(name, bundle)
    bundle.entries.unshift(JSON.stringify(entry))
  }
  return [...bundles].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, bundle]) => bundle)
}

/** An entry that was written; `undefined` for what somebody else has written there. */
function unpack(tag: SubjectTag, text: string): ActivityEntry | undefined {
  let parts: unknown
  try {
    parts = JSON.parse(text)
  } catch {
    return undefined
  }
  const { at, event, outcome, kind, ip, device, reason } = Object(parts)
  if (!Number.isSafeInteger(at) || typeof event !== 'string') return undefined
  if (outcome !== 'success' && outcome !== 'failure') return undefined
  if (kind !== 'sign_in' && kind !== 'failure' && kind !== 'other') return undefined
  return {
    ...{ tag, at, event, outcome, kind },
    ...(typeof ip === 'string' && { ip }),
    ...(typeof device === 'string' && { device }),
    ...(typeof reason === 'string' && { reason }),
  }
}

/** Erases what happened to a subject. */
export function activityBelonging({ activity }: Pick<Tables, 'activity'>): Belonging {
  return {
    async erase(run, tag) {
      await run(sql`DELETE FROM ${activity} WHERE tag = ${tag}`)
    },
  }
}
