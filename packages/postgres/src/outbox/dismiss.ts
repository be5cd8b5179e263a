import { sql } from 'kysely'
import type { Answered, Database, Run } from '../database.ts'
import type { Tables } from '../tables.ts'
import type { Place } from './places.ts'

/** Looked at by one transaction. */
const MOST_LOOKED_AT = 500
const FIRST: Place = { shard: -1, position: 0 }

/**
 * Forgets a receiver, and drops what only waited for it. Nobody knows how much is kept, so that is done in slices, the first
 * of which is one transaction with the forgetting. If it is cut short, a repetition does the rest.
 */
export function createDismiss(database: Database, { outbox, outboxReceivers }: Tables) {
  /** Returns where to look on; `undefined` if there are no more messages. */
  async function dropSlice(run: Run, { shard, position }: Place): Promise<Place | undefined> {
    // Whoever settles one of them at the same time, and does not know yet that the receiver is gone, is waited for.
    const slice = await run<Place>(sql`SELECT shard, position FROM ${outbox}
WHERE (shard, position) > (${shard}::smallint, ${position}::bigint)
ORDER BY shard, position LIMIT ${MOST_LOOKED_AT}::integer FOR UPDATE`)
    // Without a receiver, nobody waits for anything.
    await run(sql`WITH everyone AS MATERIALIZED (SELECT array_agg(name) AS names FROM ${outboxReceivers})
DELETE FROM ${outbox} AS o USING everyone
WHERE (o.shard, o.position) IN (SELECT * FROM unnest(${slice.map((place) => place.shard)}::smallint[],
  ${slice.map((place) => place.position)}::bigint[])) AND coalesce(o.settled_by @> everyone.names, true)`)
    return slice.length < MOST_LOOKED_AT ? undefined : slice.at(-1)
  }

  return async (receiver: string): Promise<Answered<undefined>> => {
    let answer = await database.transaction('outbox-dismiss', async (run) => {
      await run(sql`DELETE FROM ${outboxReceivers} WHERE name = ${receiver}`)
      return dropSlice(run, FIRST)
    })
    while (answer.kind === 'answered' && answer.value !== undefined) {
      const after = answer.value
      answer = await database.transaction('outbox-dismiss', (run) => dropSlice(run, after))
    }
    return answer.kind === 'unavailable' ? answer : { kind: 'answered', value: undefined }
  }
}
