import type { Seen, SeenValue, Sighting, SightingStore } from '@sallyport/core/store'
import { type RawBuilder, sql } from 'kysely'
import type { Belonging, PortParts } from './parts.ts'
import type { Tables } from './tables.ts'

interface SightingRow {
  readonly owner: string
  readonly name: string
  readonly seen: readonly string[]
  readonly seen_at: readonly unknown[]
  readonly seen_before: number | null
}

/** The owner of what belongs to no subject. */
const NOBODY = ''
const MOST_NAMES_OF_A_SUBJECT = 32
/** Rows that are written by one statement. */
const SLICE = 100

/** Sightings in a table: a row for each name, with its values in arrays, the latest first. */
export function createPostgresSightings({ database, tables, instant }: PortParts): SightingStore {
  /** The values that a row has after a sighting, and when the value that was seen now had been seen before. */
  const merged = sql`
    SELECT array_agg(value ORDER BY nth), array_agg(at ORDER BY nth), min(before)
    FROM (
      SELECT value, at, nth, before
      FROM (
        SELECT 2 * excluded.seen_at[1] - excluded.kept_until AS since, excluded.seen[1] AS now_seen
      ) AS sighting,
      LATERAL (
        SELECT min(at) AS before FROM unnest(known.seen, known.seen_at) AS one (value, at)
        WHERE value = now_seen AND at > since
      ) AS earlier,
      LATERAL (
        SELECT now_seen, excluded.seen_at[1], 0::bigint WHERE before IS NULL OR NOT excluded.first_counts
        UNION ALL
        SELECT value, at, nth FROM unnest(known.seen, known.seen_at) WITH ORDINALITY AS one (value, at, nth)
        WHERE at > since AND (value <> now_seen OR (before IS NOT NULL AND excluded.first_counts))
      ) AS each (value, at, nth)
      ORDER BY nth LIMIT excluded.most
    ) AS kept`

  async function noteRows(step: readonly Sighting[], at: number): Promise<ReadonlyMap<string, Seen>> {
    const now = sql`(SELECT at FROM now)`
    const rows = step.map(
      (one) =>
        sql`(${ownerOf(one)}, ${one.name}, ARRAY[${one.value}::text], ARRAY[${now}], ${now} + ${Math.ceil(one.windowMs)}::bigint,
          ${one.most}::int, ${one.counts === 'first'}::boolean)`,
    )
    const answer = await database.run(
      'note',
      sql<SightingRow>`WITH now AS MATERIALIZED (SELECT ${instant(at)} AS at), dropped AS (
          DELETE FROM ${tables.sightings} AS known USING (${tooMany(step)}) AS others
          WHERE known.owner = others.owner AND known.name = others.name
        )
        INSERT INTO ${tables.sightings} AS known (owner, name, seen, seen_at, kept_until, most, first_counts)
        VALUES ${sql.join(rows)}
        ON CONFLICT (owner, name) DO UPDATE SET
          (seen, seen_at, seen_before) = (${merged}),
          kept_until = excluded.kept_until, most = excluded.most, first_counts = excluded.first_counts
        RETURNING owner, name, to_json(seen) AS seen, to_json(seen_at) AS seen_at, seen_before`,
    )
    if (answer.kind === 'unavailable') return new Map()
    return new Map(answer.value.map((row) => [`${row.owner} ${row.name}`, seenOf(row)]))
  }

  /** The other names of these subjects of which they have too many: those whose windows end first. */
  function tooMany(step: readonly Sighting[]): RawBuilder<unknown> {
    const owners = step.map(ownerOf).filter((owner) => owner !== NOBODY)
    const names = step.map(({ name }) => name)
    return sql`SELECT owner, name FROM ${tables.sightings}
      WHERE (owner, name) IN (
        SELECT owner, name FROM (
          SELECT owner, name, row_number() OVER (PARTITION BY owner ORDER BY kept_until DESC) AS nth
          FROM ${tables.sightings} WHERE owner = ANY (${owners}::text[]) AND name <> ALL (${names}::text[])
        ) AS ranked WHERE nth >= ${MOST_NAMES_OF_A_SUBJECT}::int
      ) FOR UPDATE SKIP LOCKED`
  }

  return {
    async note(sightings, at) {
      const seen: (Seen | undefined)[] = sightings.map(() => undefined)
      for (const step of stepsOf(sightings)) {
        const noted = await noteRows(
          step.flatMap((index) => sightings[index] ?? []),
          at,
        )
        for (const index of step) seen[index] = noted.get(keyOf(sightings[index]))
      }
      return { kind: 'noted', seen }
    },
    async read(name, windowMs, at) {
      const answer = await database.run(
        'read-sightings',
        sql<SeenValue>`SELECT value, at FROM ${tables.sightings}, unnest(seen, seen_at) WITH ORDINALITY AS one (value, at, nth)
          WHERE owner = ${NOBODY} AND name = ${name} AND at > ${instant(at)} - ${Math.ceil(windowMs)}::bigint
          ORDER BY nth`,
      )
      if (answer.kind === 'unavailable') return answer
      return { kind: 'read', values: answer.value.map((row) => ({ value: row.value, at: row.at })) }
    },
  }
}

function ownerOf({ tag }: Sighting): string {
  return tag ?? NOBODY
}

function keyOf(sighting: Sighting | undefined): string {
  return sighting === undefined ? '' : `${ownerOf(sighting)} ${sighting.name}`
}

/**
 * The indexes of sightings that one statement notes. It writes each row once, so what is seen under the same name again is
 * noted by the next. It locks its rows in an order that is the same for all processes.
 */
function stepsOf(sightings: readonly Sighting[]): readonly (readonly number[])[] {
  const steps: number[][] = []
  const nextStep = new Map<string, number>()
  for (const [index, sighting] of sightings.entries()) {
    const key = keyOf(sighting)
    let step = nextStep.get(key) ?? 0
    while ((steps[step]?.length ?? 0) >= SLICE) step++
    nextStep.set(key, step + 1)
    steps[step] = [...(steps[step] ?? []), index]
  }
  const inOrder = (a: number, b: number): number => (keyOf(sightings[a]) < keyOf(sightings[b]) ? -1 : 1)
  return steps.map((step) => step.sort(inOrder))
}

/** What is damaged is left out. */
function seenOf({ seen, seen_at, seen_before }: SightingRow): Seen {
  const values = seen.flatMap((value, nth) => {
    const at = Number(seen_at[nth])
    return Number.isSafeInteger(at) ? [{ value, at }] : []
  })
  return seen_before === null ? { values } : { values, before: seen_before }
}

/** Erases what was seen of a subject. */
export function sightingsBelonging({ sightings }: Pick<Tables, 'sightings'>): Belonging {
  return {
    async erase(run, tag) {
      await run(sql`DELETE FROM ${sightings} WHERE owner = ${tag}`)
    },
  }
}
