import {
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
import { serverNow } from './tables.ts'

interface LockedRow extends Marks {
  readonly at: number
}

/** A subject that is locked until the transaction is over: whatever else concerns all its sessions waits. */
export interface LockedSubject {
  readonly marks: Marks
  /** The instant to judge by. */
  readonly at: number
}

/** An ending that is locked. Rows of sessions that are over by it may not say so yet. */
export interface UnfinishedEnding {
  readonly tag: SubjectTag
  /** Sessions that were made until this instant are over. */
  readonly until: number
  /** The session that is not. */
  readonly kept: SessionId | undefined
}

/** For so long an ending is left to whoever began it, who tells of the sessions. */
const LEFT_ALONE_MS = 90_000

/** What is done with the row of a subject, and what it says of its sessions, which are `s` in a statement. */
export interface Subjects {
  /** The condition for sessions that have ended neither by themselves nor with everything. */
  isLeft(tag: SubjectTag): RawBuilder<boolean>
  /** The condition for sessions that are over since all of the subject were ended. */
  isOver(tag: SubjectTag): RawBuilder<boolean>
  /**
   * Locks a subject, which is made if it is not known yet.
   *
   * @param keptMs how long its row is kept after this, at least. Default: while tokens may live
   */
  lock(run: Run, tag: SubjectTag, at: number, keptMs?: number): Promise<LockedSubject>
  /** Remembers that tokens are refused. A clock that goes back weakens no mark. */
  mark(run: Run, marking: Omit<SubjectRevocation, 'kind'>): Promise<void>
  /**
   * From now on all sessions are over, except one that may be kept. The subject must be locked. Resolves to the instant until
   * which they were made.
   */
  endAll(run: Run, tag: SubjectTag, at: number, kept: SessionId | undefined): Promise<number>
  /** Locks an ending that began some time ago, and may have broken off. Those that others have locked are left out. */
  lockUnfinished(run: Run): Promise<UnfinishedEnding | undefined>
  /** Notes that the rows of all sessions that are over say so. The ending must be locked. */
  finish(run: Run, tag: SubjectTag): Promise<void>
}

export function createSubjects({ tables, instant }: Pick<PortParts, 'tables' | 'instant'>): Subjects {
  const { subjects, unfinishedEndings, sessions, shards } = tables

  return {
    // These selects depend on no session, so each is carried out once for a statement.
    isLeft: (tag) => sql`s.ended_at IS NULL
  AND s.created_at > coalesce((SELECT h.ended_until FROM ${shards} AS h WHERE h.shard = ${shardOfTag(tag)}), -1)`,

    isOver: (
      tag,
    ) => sql`(s.created_at <= coalesce((SELECT u.ended_until FROM ${subjects} AS u WHERE u.tag = ${tag}), -1)
  AND s.id IS DISTINCT FROM (SELECT u.kept_session FROM ${subjects} AS u WHERE u.tag = ${tag}))`,

    async lock(run, tag, at, keptMs = 0) {
      const shard = shardOfTag(tag)
      const [row] = await run<LockedRow>(sql`INSERT INTO ${subjects} AS u (tag, shard, kept_until)
VALUES (${tag}, ${shard}, ${instant(at)} + ${keptMs + REVOCATION_RETENTION_MS}::bigint)
ON CONFLICT (tag) DO UPDATE SET kept_until = greatest(u.kept_until, excluded.kept_until)
RETURNING u.not_before, u.ended_until AS over_until, u.kept_session, ${instant(at)} AS at,
  (SELECT h.ended_until FROM ${shards} AS h WHERE h.shard = ${shard}) AS ended_until`)
      if (row === undefined) throw new Error('a row that was written is returned')
      return { marks: row, at: Number(row.at) }
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

    async endAll(run, tag, at, kept) {
      // A session may have been made by a clock that was ahead.
      const [row] = await run<{ until: number }>(sql`UPDATE ${subjects} AS u
SET kept_session = ${kept ?? null}, ended_until = greatest(u.ended_until, ${at}::bigint,
  (SELECT max(s.created_at) FROM ${sessions} AS s WHERE s.tag = ${tag} AND s.ended_at IS NULL))
WHERE u.tag = ${tag} RETURNING u.ended_until AS until`)
      if (row === undefined) throw new Error('a subject that is locked is there')
      const until = Number(row.until)
      await run(sql`INSERT INTO ${unfinishedEndings} (tag, ended_until, kept_session)
VALUES (${tag}, ${until}, ${kept ?? null})
ON CONFLICT (tag) DO UPDATE SET ended_until = excluded.ended_until, kept_session = excluded.kept_session`)
      return until
    },

    async lockUnfinished(run) {
      const [row] = await run<{ tag: SubjectTag; until: number; kept: SessionId | null }>(sql`
SELECT tag, ended_until AS until, kept_session AS kept FROM ${unfinishedEndings}
WHERE ended_until <= (SELECT ${serverNow}) - ${LEFT_ALONE_MS}::bigint
ORDER BY ended_until LIMIT 1 FOR UPDATE SKIP LOCKED`)
      return row && { tag: row.tag, until: Number(row.until), kept: row.kept ?? undefined }
    },

    async finish(run, tag) {
      await run(sql`DELETE FROM ${unfinishedEndings} WHERE tag = ${tag}`)
    },
  }
}
