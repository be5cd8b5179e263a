import {
  type EraseOutcome,
  endOf,
  keptRecord,
  type ListOutcome,
  type ListQuery,
  portSession,
  type Renewal,
  type RenewOutcome,
  type Session,
  type SessionId,
  type SubjectEnding,
  type SubjectEndOutcome,
  type SubjectRevocation,
  type SubjectTag,
  sessionsToList,
  shardOfTag,
  TOKENS_AHEAD_SECONDS,
} from '@sallyport/core/store'
import { type RawBuilder, sql } from 'kysely'
import type { Run } from './database.ts'
import { createEndings, createExpiring, SLICE } from './endings.ts'
import { issueFrom } from './marks.ts'
import { type SessionRow, sessionColumns } from './records.ts'
import type { SessionParts } from './session-parts.ts'
import type { Subjects } from './subjects.ts'

/** Refreshes do not lock the subject. */
const LOCKED = sql`FOR UPDATE`

/**
 * What is done with all sessions of a subject at once. The subject is locked first, so a session that opens meanwhile is
 * either seen or comes later. Sessions are changed in slices, and the shard is locked last.
 */
export function createCrowd(parts: SessionParts, subjects: Subjects) {
  const { database, tables, feeds, records, belongings, instant } = parts
  const { sessions } = tables
  const endSessions = createEndings(tables)
  const expire = createExpiring(tables)

  const rowsOf = (run: Run, ids: readonly SessionId[], lock: RawBuilder<unknown> = sql``) =>
    run<SessionRow>(sql`SELECT ${sessionColumns} FROM ${sessions} AS s
WHERE s.id = ANY (${ids}::text[]) AND s.ended_at IS NULL ORDER BY s.id ${lock}`)

  async function keep(
    run: Run,
    id: SessionId,
    { at, lifetimes }: SubjectEnding,
  ): Promise<Session | undefined> {
    const [row] = await rowsOf(run, [id], LOCKED)
    if (row === undefined) return undefined
    const { record } = records.read(row)
    const kept = keptRecord(record, at)
    if (kept === record) return portSession(record)
    await run(sql`UPDATE ${sessions} SET generation = ${kept.generation}, base = ${kept.base}, confirmed = false,
  converged = 0, retry_key = NULL, rotated_at = ${at}, expires_at = ${endOf(kept, lifetimes)}, version = version + 1
WHERE id = ${id}`)
    return portSession(kept)
  }

  return {
    async endSubject(ending: SubjectEnding): Promise<SubjectEndOutcome> {
      const { tag, lifetimes, except } = ending
      const answer = await database.transaction('end-subject', async (run) => {
        const { at } = await subjects.lock(run, tag, ending.at)
        const { live, expired } = await subjects.sessionsOf(run, tag, at, lifetimes)
        const idsOf = (some: readonly { readonly id: SessionId }[]) => some.map(({ id }) => id)
        const ended = idsOf(live).filter((id) => id !== except)
        const isKept = except !== undefined && live.length > ended.length
        const kept = isKept ? await keep(run, except, { ...ending, at }) : undefined
        await endSessions(run, idsOf(expired), 'expired', sql`${at}::bigint`)
        await endSessions(run, ended, 'subject', sql`${at}::bigint`)
        const revocation: SubjectRevocation = {
          ...{ kind: 'subject', tag, notBefore: Math.floor(at / 1000) },
          ...(except === undefined ? {} : { except }),
        }
        await subjects.mark(run, revocation)
        const each = ended.map((session) => ({ kind: 'session', session }) as const)
        await feeds.revokeEach(run, {
          ...{ shard: shardOfTag(tag), revocations: [revocation, ...each], at, areEndings: true },
        })
        return {
          kind: 'ended',
          sessions: ended,
          revocation,
          ...(kept === undefined ? {} : { kept }),
        } as const
      })
      return answer.kind === 'unavailable' ? answer : answer.value
    },

    async renew({ tag, at: given, lifetimes, known, scope }: Renewal): Promise<RenewOutcome> {
      const answer = await database.transaction('renew', async (run) => {
        const { at, marks } = await subjects.lock(run, tag, given)
        const { live } = await subjects.sessionsOf(run, tag, at, lifetimes)
        const ids = live.map(({ id }) => id)
        for (let from = 0; from < ids.length; from += SLICE)
          await setScope(run, ids.slice(from, from + SLICE), scope)
        // Refreshes that were carried out before all sessions were changed know no scope but the earlier one.
        const [now] = await run<{ at: number }>(sql`SELECT ${instant(given)} AS at`)
        const changedAt = Number(now?.at)
        // An earlier mark put tokens off until the second after it.
        const notBefore = Math.max(
          Math.floor(changedAt / 1000) + TOKENS_AHEAD_SECONDS,
          issueFrom(marks, known),
        )
        const revocation = { kind: 'subject', tag, notBefore } as const
        await subjects.mark(run, revocation)
        await feeds.revokeEach(run, { shard: shardOfTag(tag), revocations: [revocation], at: changedAt })
        return { kind: 'renewed', sessions: ids, revocation } as const
      })
      return answer.kind === 'unavailable' ? answer : answer.value
    },

    async erase(tag: SubjectTag, at: number): Promise<EraseOutcome> {
      const answer = await database.transaction<EraseOutcome>('erase', async (run) => {
        await subjects.lock(run, tag, at)
        const left = await run(
          sql`SELECT s.id FROM ${sessions} AS s WHERE s.tag = ${tag} AND ${subjects.notEnded} LIMIT 1`,
        )
        if (left.length > 0) return { kind: 'in_use' }
        for (const { isInUse } of belongings) if (await isInUse?.(run, tag)) return { kind: 'in_use' }
        await run(sql`DELETE FROM ${sessions} WHERE tag = ${tag}`)
        // The marks stay for as long as its tokens could live: they name nobody.
        await run(sql`UPDATE ${tables.subjects} SET window_ends_at = 0, window_count = 0 WHERE tag = ${tag}`)
        for (const { erase } of belongings) await erase(run, tag)
        return { kind: 'erased' }
      })
      return answer.kind === 'unavailable' ? answer : answer.value
    },

    async list({ tag, at: given, lifetimes, include }: ListQuery): Promise<ListOutcome> {
      const answer = await database.step('list', async ({ run }) => {
        const [now] = await run<{ at: number }>(sql`SELECT ${instant(given)} AS at`)
        const at = Number(now?.at)
        const { live, expired } = await subjects.sessionsOf(run, tag, at, lifetimes)
        await expire(run, expired, sql`${at}::bigint`)
        const { sessions: chosen, more } = sessionsToList(live, include)
        const rows = await rowsOf(
          run,
          chosen.map(({ id }) => id),
        )
        const readable = new Map(records.readEach(rows).map((record) => [record.id, portSession(record)]))
        const found = chosen.map(({ id }) => readable.get(id)).filter((one) => one !== undefined)
        return { kind: 'listed', sessions: found, more } as const
      })
      return answer.kind === 'unavailable' ? answer : answer.value
    },
  }

  /** Refreshes that are under way begin anew. A session that can't be read keeps its scope: no token is issued by it. */
  async function setScope(run: Run, ids: readonly SessionId[], scope: string | undefined): Promise<void> {
    if (scope === undefined) {
      await run(sql`UPDATE ${sessions} SET version = version + 1 WHERE id = ANY (${ids}::text[])`)
      return
    }
    const sealed = records.readEach(await rowsOf(run, ids, LOCKED)).map(({ id, ...grant }) => ({
      id,
      seal: records.seal(id, { ...grant, scope }).toString('base64'),
    }))
    await run(sql`UPDATE ${sessions} AS s
SET scope = ${scope}, seal = decode(next.seal, 'base64'), version = s.version + 1
FROM unnest(${sealed.map(({ id }) => id)}::text[], ${sealed.map(({ seal }) => seal)}::text[]) AS next (id, seal)
WHERE s.id = next.id`)
  }
}
