import { SHARDS } from '@sallyport/core/store'
import { sql } from 'kysely'
import type { DeadRows } from '../clean-up.ts'
import { serverNow, type Tables } from '../tables.ts'

/** How long dead letters are kept. */
const LETTERS_KEPT_MS = 604_800_000
/** Of each shard at a time. */
const MOST_OLD = 64
/** It is read once for a statement, or else no index could be used. */
const now = sql`(SELECT ${serverNow})`

/**
 * What is dead of the outbox, by the clock of the server.
 *
 * @param keptMs how long messages are kept
 */
export function deadRowsOfOutbox(tables: Tables, keptMs: number): readonly DeadRows[] {
  const { outbox, outboxDeadLetters, outboxReceivers, outboxProgress } = tables
  return [
    {
      step: 'clean-up-outbox',
      table: outbox,
      // The position of a message is no earlier than the instant at which it was appended. Few are old, which the server
      // does not expect, so it is told to begin with the first of each shard.
      where: sql`(shard, position) IN (SELECT o.shard, o.position
            FROM generate_series(0, ${SHARDS - 1}::integer) AS lane (shard), LATERAL (
              SELECT shard, position FROM ${outbox}
              WHERE shard = lane.shard::smallint AND position <= ${now} - ${keptMs}::bigint
              ORDER BY position LIMIT ${MOST_OLD}::integer) AS o)`,
    },
    {
      step: 'clean-up-dead-letters',
      table: outboxDeadLetters,
      where: sql`died_at <= ${now} - ${LETTERS_KEPT_MS}::bigint`,
    },
    { step: 'clean-up-receivers', table: outboxReceivers, where: sql`kept_until <= ${now}` },
    {
      step: 'clean-up-outbox-progress',
      table: outboxProgress,
      where: sql`NOT EXISTS (SELECT FROM ${outboxReceivers} AS r WHERE r.name = receiver)`,
    },
  ]
}
