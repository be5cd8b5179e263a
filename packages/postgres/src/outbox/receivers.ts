import { type RawBuilder, sql } from 'kysely'
import type { Run } from '../database.ts'
import { serverNow, type Tables } from '../tables.ts'

/** Makes receivers known, and keeps those that are. */
export type KeepReceivers = (run: Run, names: readonly string[]) => Promise<void>

/**
 * A receiver of which nothing is heard is forgotten when the last message that was appended for it is dropped anyway.
 *
 * @param keptMs how long messages are kept
 */
export function createKeepReceivers({ outboxReceivers }: Tables, keptMs: number): KeepReceivers {
  const inTime = (milliseconds: number): RawBuilder<number> => sql`${serverNow} + ${milliseconds}::bigint`
  return async (run, names) => {
    // They are locked in the order of their names. Most calls find nothing to write.
    await run(sql`INSERT INTO ${outboxReceivers} AS known (name, kept_until)
SELECT DISTINCT given.name, ${inTime(2 * keptMs)} FROM unnest(${names}::text[]) AS given (name)
WHERE NOT EXISTS (SELECT FROM ${outboxReceivers} AS r WHERE r.name = given.name AND r.kept_until > ${inTime(keptMs)})
ORDER BY given.name
ON CONFLICT (name) DO UPDATE SET kept_until = greatest(known.kept_until, excluded.kept_until)`)
  }
}
