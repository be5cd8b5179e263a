import {
  endOf,
  firstRecord,
  type Opening,
  type OpenOutcome,
  portSession,
  type Revocation,
  type SessionId,
  type SessionRecord,
  sessionsToEnd,
  shardOfTag,
} from '@sallyport/core/store'
import { sql } from 'kysely'
import type { Run } from './database.ts'
import { createEndings } from './endings.ts'
import { Abandoned } from './faults.ts'
import { endedUntil, issueFrom } from './marks.ts'
import { createMayIssue } from './promptness.ts'
import { particularsOf } from './records.ts'
import type { SessionParts } from './session-parts.ts'
import type { LockedSubject, Subjects } from './subjects.ts'

const revocationOf = (session: SessionId): Revocation => ({ kind: 'session', session })

/** Makes sessions. The subject is locked meanwhile, so that sign-ins at once never exceed the limit. */
export function createOpening(parts: SessionParts, subjects: Subjects) {
  const { database, tables, feeds, records } = parts
  const endSessions = createEndings(tables)
  const mayIssue = createMayIssue(parts)

  return async (opening: Opening): Promise<OpenOutcome> => {
    const answer = await database.step<OpenOutcome>('open', async ({ run, transaction }) => {
      const { opened, began } = await transaction((tx) => carryOut(tx, opening))
      return (await mayIssue(run, opening, opened.issueFrom, began)) ? opened : { kind: 'unavailable' }
    })
    return answer.kind === 'unavailable' ? answer : answer.value
  }

  async function carryOut(run: Run, opening: Opening) {
    const { tag, known } = opening
    const locked = await subjects.lock(run, tag, opening.at, opening.lifetimes.absoluteMs)
    const began = performance.now()
    const replaced = await replace(run, opening, locked)
    const ended = await makeRoom(run, opening, locked)
    const madeAt = Math.max(locked.at, endedUntil(locked.marks, known) + 1)
    const record = firstRecord(opening, madeAt)
    if (!(await insert(run, record, opening))) throw new Abandoned()
    const revocations = [...replaced, ...ended].map(revocationOf)
    if (revocations.length > 0)
      await feeds.revokeEach(run, { shard: shardOfTag(tag), revocations, at: opening.at, areEndings: true })
    const opened = {
      kind: 'opened',
      ...{ session: portSession(record), ended, replaced: replaced.length > 0 },
      issueFrom: issueFrom(locked.marks, known),
    } as const
    return { opened, began }
  }

  /** Resolves to the session that was replaced, if it was there. */
  async function replace(
    run: Run,
    { tag, replaces }: Opening,
    { at }: LockedSubject,
  ): Promise<readonly SessionId[]> {
    if (replaces === undefined) return []
    const rows = await run(sql`UPDATE ${tables.sessions} AS s
SET ended_at = ${at}::bigint, end_kind = 'replaced', version = version + 1
WHERE s.id = ${replaces} AND s.tag = ${tag} AND ${subjects.notEnded} RETURNING s.id`)
    return rows.length === 1 ? [replaces] : []
  }

  async function makeRoom(
    run: Run,
    { id, tag, lifetimes, sessionLimit }: Opening,
    { at }: LockedSubject,
  ): Promise<readonly SessionId[]> {
    if (sessionLimit === 0) return []
    const { live, expired } = await subjects.sessionsOf(run, tag, at, lifetimes)
    const others = live.filter((one) => one.id !== id)
    const ended = sessionsToEnd(others, sessionLimit).map((one) => one.id)
    await endSessions(run, ended, 'limit', sql`${at}::bigint`)
    await endSessions(
      run,
      expired.map((one) => one.id),
      'expired',
      sql`${at}::bigint`,
    )
    return ended
  }

  /** A sign-in may be repeated, if its answer was lost. Resolves to `false` if the session has ended meanwhile. */
  async function insert(run: Run, record: SessionRecord, { tag, lifetimes }: Opening): Promise<boolean> {
    const { id, binding, lifetimes: own } = record
    const rows =
      await run(sql`INSERT INTO ${tables.sessions} AS s (id, tag, shard, subject, client, scope, transport,
  device, authenticated_at, particulars, idle_ms, absolute_ms, seal, generation, base, keyed, confirmed, converged,
  cells, browser_version, ip, created_at, rotated_at, expires_at)
VALUES (${id}, ${tag}, ${shardOfTag(tag)}, ${record.subject}, ${record.client}, ${record.scope}, ${record.transport},
  ${record.device}, ${record.authenticatedAt}, ${particularsOf(record)}::text::jsonb, ${own?.idleMs ?? null},
  ${own?.absoluteMs ?? null}, ${records.seal(id, record)}, 1, 0, ${record.keyed}, false, 0,
  ${binding.cells}, ${binding.version}, ${record.ip ?? null}, ${record.createdAt}, ${record.rotatedAt},
  ${endOf(record, lifetimes)})
ON CONFLICT (id) DO UPDATE SET client = excluded.client, scope = excluded.scope, transport = excluded.transport,
  device = excluded.device, authenticated_at = excluded.authenticated_at, particulars = excluded.particulars,
  idle_ms = excluded.idle_ms, absolute_ms = excluded.absolute_ms, seal = excluded.seal, generation = 1, base = 0,
  keyed = excluded.keyed, confirmed = false, converged = 0, retry_key = NULL, cells = excluded.cells,
  browser_version = excluded.browser_version, ip = excluded.ip, created_at = excluded.created_at,
  rotated_at = excluded.rotated_at, expires_at = excluded.expires_at, version = s.version + 1
  WHERE s.ended_at IS NULL
RETURNING s.id`)
    return rows.length === 1
  }
}
