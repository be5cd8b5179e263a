import {
  hasExpired,
  type Lifetimes,
  REVOCATION_RETENTION_MS,
  type SessionId,
  type SubjectRevocation,
  type SubjectTag,
  shardOfTag,
} from '@sallyport/core/store'
import { type RawBuilder, sql } from 'kysely'
import type { Run } from './database.ts'
import type { Marks } from './marks.ts'
import type { PortParts } from './parts.ts'

interface LockedRow extends Marks {
  readonly at: number
}

/** A subject that is locked until the transaction is over: whatever else concerns all its sessions waits. */
export interface LockedSubject {
  readonly marks: Marks
  /** The instant to judge by. */
  readonly at: number
}

/** What says of a session whether it lives. */
export interface LivingRow {
  readonly id: SessionId
  readonly createdAt: number
  readonly rotatedAt: number
  readonly lifetimes?: Lifetimes
}

interface ShortRow {
  readonly id: string
  readonly created_at: number
  readonly rotated_at: number
  readonly idle_ms: number | null
  readonly absolute_ms: number | null
}

/** What is done with the row of a subject, and with all its sessions. */
export interface Subjects {
  /** The condition for sessions, as `s`, that have not ended. */
  readonly notEnded: RawBuilder<boolean>
  /**
   * Locks a subject, which is made if it is not known yet.
   *
   * @param keptMs how long its row is kept after this, at least. Default: while tokens may live
   */
  lock(run: Run, tag: SubjectTag, at: number, keptMs?: number): Promise<LockedSubject>
  /** The sessions that have not ended, those that have expired apart. */
  sessionsOf(
    run: Run,
    tag: SubjectTag,
    at: number,
    lifetimes: Lifetimes,
  ): Promise<{ readonly live: readonly LivingRow[]; readonly expired: readonly LivingRow[] }>
  /** Remembers that tokens are refused. A clock that goes back weakens no mark. */
  mark(run: Run, marking: Omit<SubjectRevocation, 'kind'>): Promise<void>
}

export function createSubjects({ tables, instant }: Pick<PortParts, 'tables' | 'instant'>): Subjects {
  const { subjects, sessions, shards } = tables

  const notEnded: Subjects['notEnded'] = sql`s.ended_at IS NULL
  AND s.created_at > coalesce((SELECT h.ended_until FROM ${shards} AS h WHERE h.shard = s.shard), -1)`

  return {
    notEnded,

    async lock(run, tag, at, keptMs = 0) {
      const shard = shardOfTag(tag)
      const [row] = await run<LockedRow>(sql`INSERT INTO ${subjects} AS u (tag, shard, kept_until)
VALUES (${tag}, ${shard}, ${instant(at)} + ${keptMs + REVOCATION_RETENTION_MS}::bigint)
ON CONFLICT (tag) DO UPDATE SET kept_until = greatest(u.kept_until, excluded.kept_until)
RETURNING u.not_before, ${instant(at)} AS at,
  (SELECT h.ended_until FROM ${shards} AS h WHERE h.shard = ${shard}) AS ended_until`)
      if (row === undefined) throw new Error('a row that was written is returned')
      return { marks: row, at: Number(row.at) }
    },

    async sessionsOf(run, tag, at, lifetimes) {
      const rows = await run<ShortRow>(sql`SELECT s.id, s.created_at, s.rotated_at, s.idle_ms, s.absolute_ms
FROM ${sessions} AS s WHERE s.tag = ${tag} AND ${notEnded} ORDER BY s.created_at`)
      const all = rows.map(livingOf)
      return {
        live: all.filter((one) => !hasExpired(one, at, lifetimes)),
        expired: all.filter((one) => hasExpired(one, at, lifetimes)),
      }
    },

    async mark(run, { tag, notBefore, except }) {
      const shard = shardOfTag(tag)
      const all = except === undefined ? notBefore : 0
      await run(sql`INSERT INTO ${subjects} AS u (tag, shard, not_before, except_session, not_before_all, kept_until)
VALUES (${tag}, ${shard}, ${notBefore}, ${except ?? null}, ${all}, ${notBefore * 1000 + REVOCATION_RETENTION_MS})
ON CONFLICT (tag) DO UPDATE SET
  except_session = CASE WHEN u.not_before <= excluded.not_before THEN excluded.except_session ELSE u.except_session END,
  not_before = greatest(u.not_before, excluded.not_before),
  not_before_all = greatest(u.not_before_all, excluded.not_before_all),
  kept_until = greatest(u.kept_until, excluded.kept_until)`)
    },
  }
}

function livingOf({ id, created_at, rotated_at, idle_ms, absolute_ms }: ShortRow): LivingRow {
  return {
    id: id as SessionId,
    createdAt: Number(created_at),
    rotatedAt: Number(rotated_at),
    ...(idle_ms === null || absolute_ms === null
      ? {}
      : { lifetimes: { idleMs: Number(idle_ms), absoluteMs: Number(absolute_ms) } }),
  }
}
