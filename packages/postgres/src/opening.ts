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
  type Unavailable,
} from '@sallyport/core/store'
import { sql } from 'kysely'
import type { Run, Step } from './database.ts'
import { createEndings, SLICE } from './endings.ts'
import { Abandoned } from './faults.ts'
import { endedUntil, issueFrom } from './marks.ts'
import { LATEST, type Member, type Members, sorted } from './members.ts'
import { createMayIssue } from './promptness.ts'
import { particularsOf } from './records.ts'
import { createRoomMaking } from './room.ts'
import type { SessionParts } from './session-parts.ts'
import type { LockedSubject, Subjects } from './subjects.ts'

const revocationOf = (session: SessionId): Revocation => ({ kind: 'session', session })
const idsOf = (some: readonly Pick<Member, 'id'>[]): readonly SessionId[] => some.map(({ id }) => id)

/** How often room is made for one sign-in, since others may sign in meanwhile. */
const MAX_ROUNDS = 3
/** Clocks that were further ahead are not followed. */
const MOST_AHEAD_MS = 1000
const CROWDED = { kind: 'crowded' } as const
const UNAVAILABLE: Unavailable = { kind: 'unavailable' }

/** Sessions that begin at one instant count as refreshed one after the other, so that the limit ends the first of them. */
function inTurn(at: number, { id }: Opening, members: readonly Member[]): number {
  const near = members.filter((one) => one.id !== id && one.rotatedAt < at + MOST_AHEAD_MS)
  return Math.max(at, ...near.map(({ rotatedAt }) => rotatedAt + 1))
}

/** Makes sessions. The subject is locked meanwhile, so that sign-ins at once never exceed the limit. */
export function createOpening(parts: SessionParts, subjects: Subjects, members: Members) {
  const { database, tables, feeds, records } = parts
  const endings = createEndings(tables)
  const mayIssue = createMayIssue(parts)
  const makeRoom = createRoomMaking(parts, members)

  return async (opening: Opening): Promise<OpenOutcome> => {
    const crowded: SessionId[] = []
    for (let round = 0; ; round++) {
      const answer = await database.step<OpenOutcome | typeof CROWDED>('open', ({ run, transaction }) =>
        openOnce(run, transaction, opening),
      )
      if (answer.kind === 'unavailable') return answer
      const { value: outcome } = answer
      if (outcome.kind === 'opened') return { ...outcome, ended: [...crowded, ...outcome.ended] }
      if (outcome.kind === 'unavailable' || round === MAX_ROUNDS) return UNAVAILABLE
      const room = await makeRoom(opening)
      if (room.kind === 'unavailable') return room
      crowded.push(...room.value)
    }
  }

  async function openOnce(run: Run, transaction: Step['transaction'], opening: Opening) {
    const made = await transaction((tx) => carryOut(tx, opening))
    if (made === undefined) return CROWDED
    const { opened, began } = made
    return (await mayIssue(run, opening, opened.issueFrom, began)) ? opened : UNAVAILABLE
  }

  /** Resolves to `undefined` if more sessions must end first than one transaction ends. */
  async function carryOut(run: Run, opening: Opening) {
    const { tag, known, sessionLimit } = opening
    const locked = await subjects.lock(run, tag, opening.at, opening.lifetimes.absoluteMs)
    const began = performance.now()
    const { marks } = locked
    const most = sessionLimit + SLICE
    const others = sessionLimit === 0 ? [] : await members.page(run, tag, LATEST, most + 1)
    if (others.length > most) return undefined
    const replaced = await replace(run, opening, locked)
    const ended = await endSurplus(run, opening, locked, others)
    const over = Math.max(endedUntil(marks, known), Number(marks.over_until ?? -1))
    const madeAt = Math.max(locked.at, over + 1)
    const record = { ...firstRecord(opening, madeAt), rotatedAt: inTurn(madeAt, opening, others) }
    if (!(await insert(run, record, opening, locked))) throw new Abandoned()
    const revocations = [...replaced, ...ended].map(revocationOf)
    if (revocations.length > 0)
      await feeds.revokeEach(run, { shard: shardOfTag(tag), revocations, at: opening.at, areEndings: true })
    const opened = {
      kind: 'opened',
      ...{ session: portSession(record), ended, replaced: replaced.length > 0 },
      issueFrom: issueFrom(marks, known),
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
WHERE s.id = ${replaces} AND s.tag = ${tag} AND ${subjects.isLeft(tag)} AND NOT ${subjects.isOver(tag)} RETURNING s.id`)
    return rows.length === 1 ? [replaces] : []
  }

  async function endSurplus(
    run: Run,
    { id, replaces, lifetimes, sessionLimit }: Opening,
    { at }: LockedSubject,
    members: readonly Member[],
  ): Promise<readonly SessionId[]> {
    const instant = sql<number>`${at}::bigint`
    const { live, expired, over } = sorted(members, at, lifetimes)
    // Of those refreshed at the same instant, the one that signed in first goes.
    const others = live.filter((one) => one.id !== id && one.id !== replaces).toReversed()
    await endings.all(run, idsOf(expired), 'expired', instant)
    const gone = await endings.all(run, idsOf(over), 'subject', instant)
    return [
      ...gone,
      ...(await endings.all(run, idsOf(sessionsToEnd(others, sessionLimit)), 'limit', instant)),
    ]
  }

  /** A sign-in may be repeated, if its answer was lost. Resolves to `false` if the session has ended meanwhile. */
  async function insert(
    run: Run,
    record: SessionRecord,
    { tag, lifetimes }: Opening,
    { marks }: LockedSubject,
  ): Promise<boolean> {
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
    AND (s.created_at > ${Number(marks.over_until ?? -1)}::bigint OR s.id = ${marks.kept_session})
RETURNING s.id`)
    return rows.length === 1
  }
}
