import { SESSION_ENDED } from '@sallyport/core/store'
import { type RawBuilder, sql } from 'kysely'
import type { Tables } from '../tables.ts'

/**
 * Part of the statement that puts revocations on a feed: appends the end of each session among those that it has added. It
 * gives their positions.
 *
 * It takes the rows `mark` (`at`, `outbox_position`), `given` (`entry`, `session`) and `added` (`entry`, `position`).
 */
export function appendEnded(
  { outbox, sessions }: Pick<Tables, 'outbox' | 'sessions'>,
  shard: number,
): RawBuilder<unknown> {
  return sql`INSERT INTO ${outbox} (shard, position, kind, subject, session, at, body)
  SELECT ${shard}::smallint,
    greatest(mark.at, mark.outbox_position + 1) + row_number() OVER (ORDER BY added.position) - 1,
    ${SESSION_ENDED}, s.subject, given.session, mark.at, ''
  FROM mark, added JOIN given ON given.entry = added.entry LEFT JOIN ${sessions} AS s ON s.id = given.session
  WHERE given.session IS NOT NULL
  RETURNING position`
}
