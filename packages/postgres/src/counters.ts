import type { Attempt, AttemptOutcome, CounterStore } from '@sallyport/core/store'
import { sql } from 'kysely'
import type { Answered } from './database.ts'
import type { PortParts } from './parts.ts'

interface AttemptRow {
  readonly since: number
  readonly last: boolean
  /** 0 if the attempt was counted. */
  readonly blocked_ms: number
}

/** Another process may forget the counter between the two halves of a statement. */
const MAX_ROUNDS = 3

/** Counters in a table, a row each. */
export function createPostgresCounters({ database, tables, instant }: PortParts): CounterStore {
  /**
   * Counts an attempt, or else tells of the block. The block is read from before the statement, and may be missing or over
   * if it was made or lifted meanwhile.
   */
  function count({ name, limit, at }: Attempt): Promise<Answered<readonly AttemptRow[]>> {
    const { most, windowMs, blockMs } = limit
    const isNew = sql`(known.ends_at <= excluded.since OR known.blocked_until > 0)`
    const attempts = sql`CASE WHEN ${isNew} THEN 1 ELSE known.attempts + 1 END`
    return database.run(
      'attempt',
      sql<AttemptRow>`WITH now AS MATERIALIZED (SELECT ${instant(at)} AS at), counted AS (
          INSERT INTO ${tables.counters} AS known (name, since, ends_at, attempts, blocked_until)
          SELECT ${name}, at, at + ${windowMs}::bigint, 1, CASE WHEN ${most}::bigint <= 1 THEN at + ${blockMs}::bigint ELSE 0 END
          FROM now
          ON CONFLICT (name) DO UPDATE SET
            since = CASE WHEN ${isNew} THEN excluded.since ELSE known.since END,
            ends_at = CASE WHEN ${isNew} THEN excluded.ends_at ELSE known.ends_at END,
            attempts = ${attempts},
            blocked_until = CASE WHEN ${attempts} >= ${most}::bigint THEN excluded.since + ${blockMs}::bigint ELSE 0 END
          WHERE known.blocked_until <= excluded.since
          RETURNING since, blocked_until > 0 AS last
        )
        SELECT since, last, 0::bigint AS blocked_ms FROM counted
        UNION ALL
        SELECT since, false, blocked_until - at FROM ${tables.counters}, now
        WHERE name = ${name} AND blocked_until > at AND NOT EXISTS (SELECT FROM counted)`,
    )
  }

  return {
    async attempt(attempt): Promise<AttemptOutcome> {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const answer = await count(attempt)
        if (answer.kind === 'unavailable') return answer
        const [row] = answer.value
        if (row !== undefined)
          return row.blocked_ms > 0
            ? { kind: 'blocked', retryAfterMs: row.blocked_ms }
            : { kind: 'counted', since: row.since, last: row.last }
      }
      return { kind: 'unavailable' }
    },
    async takeBack({ name, limit, at, since }) {
      const answer = await database.run(
        'take-back',
        sql`UPDATE ${tables.counters} SET
            attempts = attempts - 1,
            blocked_until = CASE WHEN attempts - 1 < ${limit.most}::bigint THEN 0 ELSE blocked_until END
          WHERE name = ${name} AND since = ${since}::bigint AND attempts > 0
            AND greatest(ends_at, blocked_until) > ${instant(at)}`,
      )
      return answer.kind === 'unavailable' ? answer : { kind: 'taken_back' }
    },
    // The window begins never, so that no attempt under way lifts the block.
    async block({ name, forMs, at }) {
      const answer = await database.run(
        'block',
        sql`INSERT INTO ${tables.counters} AS known (name, since, ends_at, attempts, blocked_until)
          SELECT ${name}, 0, at, 0, at + ${forMs}::bigint FROM (SELECT ${instant(at)} AS at) AS now
          ON CONFLICT (name) DO UPDATE SET since = 0, ends_at = excluded.ends_at, attempts = 0,
            blocked_until = greatest(known.blocked_until, excluded.blocked_until)`,
      )
      return answer.kind === 'unavailable' ? answer : { kind: 'blocked' }
    },
    async forget({ name, since, at }) {
      const ofWindow = since === undefined ? sql`` : sql`AND since = ${since}::bigint`
      const answer = await database.run(
        'forget',
        sql<{ was_blocked: boolean }>`DELETE FROM ${tables.counters} WHERE name = ${name} ${ofWindow}
          RETURNING blocked_until > ${instant(at)} AS was_blocked`,
      )
      if (answer.kind === 'unavailable') return answer
      return { kind: 'forgotten', wasBlocked: answer.value[0]?.was_blocked === true }
    },
  }
}
