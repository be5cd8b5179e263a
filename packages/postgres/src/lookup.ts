import {
  hasExpired,
  type KnownMarks,
  type Lifetimes,
  type SessionId,
  tagOfSession,
} from '@sallyport/core/store'
import { type RawBuilder, sql } from 'kysely'
import type { Run } from './database.ts'
import { isOver, type Marks } from './marks.ts'
import { type ReadRecord, type SessionRow, sessionColumns } from './records.ts'
import type { SessionParts } from './session-parts.ts'
import { serverNow, type Tables } from './tables.ts'

interface FoundRow extends SessionRow, Marks {
  readonly has_subject: boolean
  readonly window_ends_at: number | null
  readonly window_count: number | null
  readonly at: number
  readonly server_now: number
}

/** A session that has not ended, as one statement saw it with all that concerns it. */
export interface Found extends ReadRecord {
  readonly marks: Marks
  readonly window: { readonly endsAt: number; readonly count: number }
  /** Whether there is a row of the subject. */
  readonly hasSubject: boolean
  /** The instant to judge by. */
  readonly at: number
  /** When it was looked for, by `performance.now()`. */
  readonly began: number
  /**
   * A change counts only until this time of the server. Nobody waits for it any longer, and whoever was told that it failed
   * must find nothing changed.
   */
  readonly deadline: number
}

/** Finds a session that has not ended, though it may have expired. Nothing is locked. */
export function createLookup({ tables, records, instant, commandTimeoutMs }: SessionParts) {
  return async (run: Run, id: SessionId, at: number, known?: KnownMarks): Promise<Found | undefined> => {
    const began = performance.now()
    const [row] = await run<FoundRow>(sql`SELECT ${sessionColumns}, u.tag IS NOT NULL AS has_subject,
  u.not_before, u.ended_until AS over_until, u.kept_session, u.window_ends_at, u.window_count, h.ended_until, ${instant(at)} AS at, ${serverNow} AS server_now
FROM ${tables.sessions} AS s
  LEFT JOIN ${tables.subjects} AS u ON u.tag = s.tag
  LEFT JOIN ${tables.shards} AS h ON h.shard = s.shard
WHERE s.id = ${id} AND s.ended_at IS NULL`)
    if (row === undefined || isOver({ id, createdAt: Number(row.created_at) }, row, known)) return undefined
    return {
      ...records.read(row),
      marks: row,
      window: { endsAt: Number(row.window_ends_at ?? 0), count: Number(row.window_count ?? 0) },
      hasSubject: row.has_subject,
      at: Number(row.at),
      began,
      deadline: Number(row.server_now) + commandTimeoutMs,
    }
  }
}

/** The condition for sessions, as `s`, of which nothing has changed since they were found. Somebody waits for the step. */
export function unchanged({ subjects }: Pick<Tables, 'subjects'>, found: Found): RawBuilder<boolean> {
  const { record, version, deadline } = found
  return sql`s.id = ${record.id} AND s.version = ${version} AND s.ended_at IS NULL AND ${serverNow} <= ${deadline}::bigint
  AND NOT EXISTS (SELECT FROM ${subjects} AS u WHERE u.tag = ${tagOfSession(record.id)} AND NOT ${hasMarks(found)})`
}

/** The condition for the subject, as `u`, that no mark was made since the session was found. */
export function hasMarks({ marks }: Found): RawBuilder<boolean> {
  return sql`(u.not_before = ${Number(marks.not_before ?? 0)}::bigint AND u.ended_until = ${Number(marks.over_until ?? -1)}::bigint)`
}

export function isLive({ record, at }: Found, lifetimes: Lifetimes): boolean {
  return !hasExpired(record, at, lifetimes)
}
