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
