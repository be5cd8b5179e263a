import type { OutboxMessage, OutboxQuery, OutboxReading } from '@sallyport/core/store'
import { sql } from 'kysely'
import type { PortParts } from '../parts.ts'
import { idOf, placeOf } from './places.ts'
import type { MessageRow, OutboxRows } from './rows.ts'

/** How many messages one step looks at, so that its time does not grow with what another receiver has left unsettled. */
const MOST_SCANNED = 1024
/** So many settled messages in a row are worth remembering, since they need not be looked at again. */
const WORTH_PASSING = 100

interface ScannedRow extends Omit<MessageRow, 'position'> {
  /** `null` in a single row, if nothing waits. */
  readonly position: number | null
  readonly scanned: number
  readonly reached: number | null
}

/**
 * Reads what a receiver has not settled. It remembers up to where a receiver has settled all. Nothing is ever appended
 * before that, since messages become visible in their order.
 */
export function createRead({ database, tables, instant }: PortParts, rows: OutboxRows, keptMs: number) {
  const { outbox, outboxProgress } = tables

  return async ({ receiver, lane, after, most, at }: OutboxQuery): Promise<OutboxReading> => {
    const from = (after === undefined ? undefined : placeOf(after))?.position ?? 0
    const answer = await database.run(
      'outbox-read',
      sql<ScannedRow>`WITH
begun AS MATERIALIZED (
  SELECT coalesce((SELECT settled_until FROM ${outboxProgress} WHERE receiver = ${receiver} AND shard = ${lane}), 0) AS at),
scanned AS MATERIALIZED (
  SELECT position, kind, subject, session, at, body, seal, NOT ${receiver} = ANY (settled_by) AS waits
  FROM ${outbox}
  WHERE shard = ${lane}::smallint AND position > greatest(
    ${from}::bigint, (SELECT begun.at FROM begun), (SELECT ${instant(at)} - ${keptMs}::bigint))
  ORDER BY position LIMIT ${MOST_SCANNED}::integer),
passed AS (
  INSERT INTO ${outboxProgress} AS p (receiver, shard, settled_until)
  SELECT ${receiver}::text, ${lane}::smallint, max(s.position) FROM scanned AS s, begun
  WHERE ${from}::bigint <= begun.at
    AND s.position < coalesce((SELECT min(position) FROM scanned WHERE waits), ${Number.MAX_SAFE_INTEGER}::bigint)
  HAVING count(*) >= ${WORTH_PASSING}::integer
  ON CONFLICT (receiver, shard) DO UPDATE SET settled_until = greatest(p.settled_until, excluded.settled_until))
SELECT s.*, total.scanned, total.reached
FROM (SELECT count(*) AS scanned, max(position) AS reached FROM scanned) AS total
  LEFT JOIN (SELECT * FROM scanned WHERE waits ORDER BY position LIMIT ${most + 1}::integer) AS s ON true
ORDER BY s.position`,
    )
    if (answer.kind === 'unavailable') return answer
    const waiting = answer.value.flatMap(({ position, ...row }): readonly MessageRow[] =>
      position === null ? [] : [{ ...row, position: Number(position) }],
    )
    const page = waiting.slice(0, most)
    const messages: OutboxMessage[] = []
    const damaged: string[] = []
    for (const row of page) {
      const message = rows.read(lane, row)
      if (message === undefined) damaged.push(idOf({ shard: lane, position: row.position }))
      else messages.push(message)
    }
    const [total] = answer.value
    const isCut = waiting.length > most
    const hasMore = isCut || Number(total?.scanned) === MOST_SCANNED
    const last = hasMore && !isCut ? Number(total?.reached) : page.at(-1)?.position
    return {
      ...{ kind: 'read', messages, damaged, more: hasMore },
      ...(last === undefined ? {} : { last: idOf({ shard: lane, position: last }) }),
    }
  }
}
