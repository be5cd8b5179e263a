import { type DeadLetter, type OutboxStore, SHARDS, shardOfTag, tagOf } from '@sallyport/core/store'
import { sql } from 'kysely'
import type { Run } from '../database.ts'
import type { PortParts } from '../parts.ts'
import { createDismiss } from './dismiss.ts'
import { idOf, type Place } from './places.ts'
import { createRead } from './read.ts'
import { createKeepReceivers } from './receivers.ts'
import { createOutboxRows, type LetterRow } from './rows.ts'
import { createSettle, FORGOTTEN, partsOf } from './settle.ts'

export interface OutboxParts extends PortParts {
  /** How long messages are kept. */
  readonly keptMs: number
}

/** Most dead letters that are listed. */
const MOST_LETTERS = 200

/** An outbox in a table, with a lane for each shard. */
export function createPostgresOutbox(parts: OutboxParts): OutboxStore {
  const { database, tables, feeds, instant, keptMs } = parts
  const { outbox, shards, outboxSender } = tables
  const rows = createOutboxRows(parts.seals)
  const keepReceivers = createKeepReceivers(tables, keptMs)
  const dismiss = createDismiss(database, tables)
  const settlePart = createSettle(tables, rows, keepReceivers)

  return {
    async enroll(receiver) {
      const answer = await database.step('outbox-enroll', ({ run }) => keepReceivers(run, [receiver]))
      return answer.kind === 'unavailable' ? answer : { kind: 'enrolled' }
    },

    async dismiss(receiver) {
      const answer = await dismiss(receiver)
      return answer.kind === 'unavailable' ? answer : { kind: 'dismissed' }
    },

    async append(draft, at) {
      const { kind, subject, session = null, body } = draft
      const shard = shardOfTag(tagOf(subject))
      // The shard stays locked until the message can be seen, so nobody sees a later one before it.
      const add = async (run: Run): Promise<boolean> => {
        const added = await run(sql`WITH moved AS (
  UPDATE ${shards} SET outbox_position = greatest(${instant(at)}, outbox_position + 1) WHERE shard = ${shard}
  RETURNING shard, outbox_position)
INSERT INTO ${outbox} (shard, position, kind, subject, session, at, body, seal)
SELECT shard, outbox_position, ${kind}::text, ${subject}::text, ${session}::text, ${at}::bigint, ${body}::text,
  ${rows.sealOf(draft, at)}::bytea
FROM moved RETURNING position`)
        return added.length === 1
      }
      const answer = await database.step('outbox-append', async ({ run }) => {
        if (await add(run)) return
        // Somebody emptied the tables.
        await feeds.ensureShards(run)
        await add(run)
      })
      return answer.kind === 'unavailable' ? answer : { kind: 'appended' }
    },

    async heads() {
      const answer = await database.run(
        'outbox-heads',
        sql<Place>`SELECT lane.shard, latest.position
FROM generate_series(0, ${SHARDS - 1}::integer) AS lane (shard), LATERAL (
  SELECT o.position FROM ${outbox} AS o WHERE o.shard = lane.shard::smallint ORDER BY o.position DESC LIMIT 1) AS latest`,
      )
      if (answer.kind === 'unavailable') return answer
      const places = answer.value.map(({ shard, position }) => ({ shard, position: Number(position) }))
      return { kind: 'heads', heads: new Map(places.map((place) => [place.shard, idOf(place)])) }
    },

    read: createRead(parts, rows, keptMs),

    async settle(settlement) {
      const forgotten: string[] = []
      for (const part of partsOf(settlement)) {
        const answer = await database.transaction('outbox-settle', (run) => settlePart(run, part))
        if (answer.kind === 'unavailable') return answer
        forgotten.push(...answer.value)
      }
      return { kind: 'settled', forgotten }
    },

    async forget(subject) {
      const shard = shardOfTag(tagOf(subject))
      const answer = await database.transaction('outbox-forget', async (run) => {
        await run(sql`WITH waiting AS (
  SELECT shard, position FROM ${outbox}
  WHERE shard = ${shard}::smallint AND subject = ${subject}::text AND NOT ${FORGOTTEN} = ANY (settled_by)
  ORDER BY shard, position FOR UPDATE)
UPDATE ${outbox} AS o SET settled_by = o.settled_by || ${FORGOTTEN}::text FROM waiting
WHERE o.shard = waiting.shard AND o.position = waiting.position`)
        await run(sql`DELETE FROM ${tables.outboxDeadLetters}
WHERE shard = ${shard}::smallint AND subject = ${subject}::text`)
      })
      return answer.kind === 'unavailable' ? answer : { kind: 'forgotten' }
    },

    async deadLetters() {
      const answer = await database.run(
        'outbox-dead-letters',
        sql<LetterRow>`SELECT receiver, shard, position, kind, subject, session, at, died_at, reason, seal
FROM ${tables.outboxDeadLetters} ORDER BY died_at DESC, position DESC LIMIT ${MOST_LETTERS}::integer`,
      )
      if (answer.kind === 'unavailable') return answer
      const letters = answer.value.flatMap((row): DeadLetter[] => {
        const letter = rows.readLetter(row)
        return letter === undefined ? [] : [letter]
      })
      return { kind: 'read', letters }
    },

    async claim(holder, forMs, at) {
      const answer = await database.run(
        'outbox-claim',
        sql`WITH now AS MATERIALIZED (SELECT ${instant(at)} AS at)
INSERT INTO ${outboxSender} AS s (id, holder, lasts_until) SELECT 1, ${holder}, at + ${forMs}::bigint FROM now
ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, lasts_until = excluded.lasts_until
  WHERE s.holder = excluded.holder OR s.lasts_until <= excluded.lasts_until - ${forMs}::bigint
RETURNING s.id`,
      )
      if (answer.kind === 'unavailable') return answer
      return { kind: answer.value.length === 1 ? 'claimed' : 'taken' }
    },

    async release(holder) {
      const answer = await database.run(
        'outbox-release',
        sql`DELETE FROM ${outboxSender} WHERE holder = ${holder}`,
      )
      return answer.kind === 'unavailable' ? answer : { kind: 'released' }
    },
  }
}
