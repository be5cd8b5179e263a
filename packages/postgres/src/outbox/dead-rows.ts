import { sql } from 'kysely'
import type { DeadRows } from '../clean-up.ts'
import { SHARDS } from '../shards.ts'
import { serverNow, type Tables } from '../tables.ts'

/** How long dead letters are kept. */
const LETTERS_KEPT_MS = 604_800_000
const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard)
/** It is read once for a statement, or else no index could be used. */
const now = sql`(SELECT ${serverNow})`

/**
 * What is dead of the outbox, by the clock of the server.
 *
 * @param keptMs how long messages are kept
 */
export function deadRowsOfOutbox(tables: Tables, keptMs: number): readonly DeadRows[] {
  const { outbox, outboxDeadLetters, outboxReceivers } = tables
  return [
    {
      step: 'clean-up-outbox',
      table: outbox,
      // The position of a message is no earlier than the instant at which it was appended.
      where: sql`shard = ANY (${ALL_SHARDS}::smallint[]) AND position <= ${now} - ${keptMs}::bigint`,
    },
    {
      step: 'clean-up-dead-letters',
      table: outboxDeadLetters,
      where: sql`died_at <= ${now} - ${LETTERS_KEPT_MS}::bigint`,
    },
    { step: 'clean-up-receivers', table: outboxReceivers, where: sql`kept_until <= ${now}` },
  ]
}
