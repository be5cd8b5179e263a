import type { DeadLetter, Settlement } from '@sallyport/core/store'
import { sql } from 'kysely'
import type { Run } from '../database.ts'
import type { Tables } from '../tables.ts'
import { idOf, type Place, placeOf } from './places.ts'
import type { KeepReceivers } from './receivers.ts'
import type { OutboxRows } from './rows.ts'

/**
 * Stands among those that have settled a message once its subject was forgotten, so that no dead letter of it is kept. No
 * receiver has this name.
 */
export const FORGOTTEN = ''
/** Settled by one transaction. */
const MOST_SETTLED = 500

type Placed = DeadLetter & { readonly place: Place }

/** A settlement in parts, each of which one transaction carries out. Ids that are none are left out. */
export function partsOf({ settled, dead, ...rest }: Settlement): readonly Settlement[] {
  const letters = dead.filter(({ id }) => placeOf(id) !== undefined)
  const ids = [...new Set(settled.filter((id) => placeOf(id) !== undefined))]
  const parts: Settlement[] = []
  for (let from = 0; from < Math.max(ids.length, letters.length); from += MOST_SETTLED) {
    const to = from + MOST_SETTLED
    parts.push({ ...rest, settled: ids.slice(from, to), dead: letters.slice(from, to) })
  }
  return parts
}

/** Settles messages of a receiver, and deletes what every receiver has settled. */
export function createSettle(tables: Tables, rows: OutboxRows, keepReceivers: KeepReceivers) {
  const { outbox, outboxReceivers, outboxDeadLetters } = tables

  async function bury(run: Run, letters: readonly Placed[]): Promise<void> {
    // What is told again, because the answer was lost, is there already.
    await run(sql`INSERT INTO ${outboxDeadLetters}
  (receiver, shard, position, kind, subject, session, at, died_at, reason, seal)
SELECT receiver, shard, position, kind, subject, session, at, died_at, reason, decode(seal, 'base64')
FROM unnest(${letters.map(({ receiver }) => receiver)}::text[], ${letters.map(({ place }) => place.shard)}::smallint[],
  ${letters.map(({ place }) => place.position)}::bigint[], ${letters.map(({ kind }) => kind)}::text[],
  ${letters.map(({ subject }) => subject ?? null)}::text[], ${letters.map(({ session }) => session ?? null)}::text[],
  ${letters.map(({ at }) => at)}::bigint[], ${letters.map(({ diedAt }) => diedAt)}::bigint[],
  ${letters.map(({ reason }) => reason)}::text[],
  ${letters.map((letter) => rows.sealOfLetter(letter).toString('base64'))}::text[])
  AS letter (receiver, shard, position, kind, subject, session, at, died_at, reason, seal)
ON CONFLICT DO NOTHING`)
  }

  /** Returns the ids of the dead letters that were not kept. */
  return async (run: Run, { receiver, settled, dead, receivers }: Settlement): Promise<readonly string[]> => {
    const letters = dead.flatMap((letter): readonly Placed[] => {
      const place = placeOf(letter.id)
      return place === undefined ? [] : [{ ...letter, place }]
    })
    const places = [...settled.flatMap((id) => placeOf(id) ?? []), ...letters.map(({ place }) => place)]
    await keepReceivers(run, receivers)
    const named = sql`SELECT * FROM unnest(${places.map(({ shard }) => shard)}::smallint[],
  ${places.map(({ position }) => position)}::bigint[])`
    // Of receivers that settle the same messages at once, the second sees what the first has written.
    const locked = await run<Place & { forgotten: boolean }>(sql`SELECT shard, position,
  ${FORGOTTEN} = ANY (settled_by) AS forgotten FROM ${outbox} WHERE (shard, position) IN (${named})
ORDER BY shard, position FOR UPDATE`)
    const forgotten = new Set(
      locked.flatMap((row) =>
        row.forgotten ? [idOf({ shard: Number(row.shard), position: Number(row.position) })] : [],
      ),
    )
    const kept = letters.filter(({ id }) => !forgotten.has(id))
    if (kept.length > 0) await bury(run, kept)
    await run(sql`WITH
everyone AS MATERIALIZED (SELECT array_agg(name) AS names FROM ${outboxReceivers}),
dropped AS (
  DELETE FROM ${outbox} AS o USING everyone
  WHERE (o.shard, o.position) IN (${named}) AND o.settled_by || ${receiver}::text @> everyone.names)
UPDATE ${outbox} AS o SET settled_by = o.settled_by || ${receiver}::text FROM everyone
WHERE (o.shard, o.position) IN (${named}) AND NOT ${receiver} = ANY (o.settled_by)
  AND NOT coalesce(o.settled_by || ${receiver}::text @> everyone.names, false)`)
    return letters.map(({ id }) => id).filter((id) => forgotten.has(id))
  }
}
