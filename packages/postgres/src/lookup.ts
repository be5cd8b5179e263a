import { hasExpired, type KnownMarks, type Lifetimes, type SessionId } from '@sallyport/core/store'
import { sql } from 'kysely'
import type { Run } from './database.ts'
import { endedUntil, type Marks } from './marks.ts'
import { type ReadRecord, type SessionRow, sessionColumns } from './records.ts'
import type { SessionParts } from './session-parts.ts'
import { serverNow } from './tables.ts'

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
  u.not_before, u.window_ends_at, u.window_count, h.ended_until, ${instant(at)} AS at, ${serverNow} AS server_now
FROM ${tables.sessions} AS s
  LEFT JOIN ${tables.subjects} AS u ON u.tag = s.tag
  LEFT JOIN ${tables.shards} AS h ON h.shard = s.shard
WHERE s.id = ${id} AND s.ended_at IS NULL`)
    if (row === undefined || Number(row.created_at) <= endedUntil(row, known)) return undefined
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

export type Lookup = ReturnType<typeof createLookup>

export function isLive({ record, at }: Found, lifetimes: Lifetimes): boolean {
  return !hasExpired(record, at, lifetimes)
}
