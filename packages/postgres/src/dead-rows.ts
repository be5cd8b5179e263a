import { REVOCATION_RETENTION_MS, SHARDS } from '@sallyport/core/store'
import { type RawBuilder, sql } from 'kysely'
import type { DeadRows } from './clean-up.ts'
import { serverNow, type Tables } from './tables.ts'

/** It is read once for a statement, or else no index could be used. */
const now = sql`(SELECT ${serverNow})`

/** What is dead of the optional capabilities, by the clock of the server. */
export function deadRowsOfPorts(tables: Tables): readonly DeadRows[] {
  const keptUntil = (step: string, table: RawBuilder<unknown>): DeadRows => ({
    ...{ step, table, where: sql`kept_until <= ${now}` },
  })
  return [
    {
      step: 'clean-up-counters',
      table: tables.counters,
      where: sql`greatest(ends_at, blocked_until) <= ${now}`,
    },
    keptUntil('clean-up-once', tables.once),
    keptUntil('clean-up-activity', tables.activity),
    keptUntil('clean-up-subject-keys', tables.subjectKeys),
    keptUntil('clean-up-sightings', tables.sightings),
    { step: 'clean-up-api-keys', table: tables.apiKeys, where: sql`expires_at <= ${now}` },
  ]
}

/** Sessions that were never ended are looked at once they are so old, since most of those have expired. */
const LEAST_AGE_MS = 86_400_000
const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard)

/** What is dead of sessions, subjects and revocations, by the clock of the server. */
export function deadRowsOfSessions(tables: Tables, keepEndedMs: number): readonly DeadRows[] {
  const { sessions, subjects, revocations } = tables
  const before = (milliseconds: number): RawBuilder<number> => sql`${now} - ${milliseconds}::bigint`
  return [
    {
      step: 'clean-up-ended-sessions',
      table: sessions,
      where: sql`ended_at <= ${before(keepEndedMs)}`,
    },
    {
      step: 'clean-up-expired-sessions',
      table: sessions,
      where: sql`ended_at IS NULL AND created_at <= ${before(Math.max(keepEndedMs, LEAST_AGE_MS))}
            AND expires_at <= ${before(keepEndedMs)}`,
    },
    {
      step: 'clean-up-subjects',
      table: subjects,
      where: sql`kept_until <= ${now} AND window_ends_at <= ${now}
            AND NOT EXISTS (SELECT FROM ${sessions} AS s WHERE s.tag = ${subjects}.tag AND s.ended_at IS NULL)`,
    },
    {
      step: 'clean-up-revocations',
      table: revocations,
      where: sql`shard = ANY (${ALL_SHARDS}::smallint[]) AND position <= ${before(REVOCATION_RETENTION_MS)}`,
    },
  ]
}
