import {
  type EraseOutcome,
  endOf,
  keptRecord,
  portSession,
  type Revocation,
  type Session,
  type SessionId,
  type SubjectEnding,
  type SubjectEndOutcome,
  type SubjectRevocation,
  type SubjectTag,
  shardOfTag,
} from '@sallyport/core/store'
import { type RawBuilder, sql } from 'kysely'
import type { Answered, Run } from './database.ts'
import { createEndings, SLICE } from './endings.ts'
import { LATEST, type Member, type Members, sorted, walk } from './members.ts'
import { LOCKED, rowsOf } from './records.ts'
import type { SessionParts } from './session-parts.ts'
import type { Subjects } from './subjects.ts'

/** What the first transaction of an ending has done. */
interface Begun {
  readonly at: number
  readonly revocation: SubjectRevocation
  /** Those that it has ended; `undefined` if they are too many for it. Then they are over from now on by a mark. */
  readonly ended: readonly SessionId[] | undefined
  readonly until: number
  /** The session that lives on, if it is there. */
  readonly kept: SessionId | undefined
  /** As it is from now on, if all has been done. */
  readonly survivor: Session | undefined
}

/**
 * Ends all sessions of a subject, or erases what is known of it. Transactions that do so for many sessions go through a slice
 * of them each, so that nobody else waits for long, and whoever repeats the call goes on with what is left.
 */
export function createCrowd(parts: SessionParts, subjects: Subjects, members: Members) {
  const { database, tables, feeds, records, belongings } = parts
  const { sessions } = tables
  const endings = createEndings(tables)

  /** Marks first, so that all are over at one moment. The subject is locked, so a sign-in comes before or after it. */
  async function begin(run: Run, ending: SubjectEnding): Promise<Begun> {
    const { tag, at: given, lifetimes, except } = ending
    const { at } = await subjects.lock(run, tag, given)
    const first = await members.page(run, tag, LATEST, SLICE + 1)
    const kept = except === undefined ? undefined : await living(run, tag, except, at, lifetimes)
    const revocation: SubjectRevocation = {
      ...{ kind: 'subject', tag, notBefore: Math.floor(at / 1000) },
      ...(except === undefined ? {} : { except }),
    }
    await subjects.mark(run, revocation)
    if (first.length > SLICE) {
      const until = await subjects.endAll(run, tag, at, kept)
      await revoke(run, tag, at, [revocation])
      return { at, revocation, ended: undefined, until, kept, survivor: undefined }
    }
    const ended = await endSome(run, first, { at, lifetimes, kept })
    const survivor = kept === undefined ? undefined : await keep(run, kept, at, ending)
    await revoke(run, tag, at, [revocation, ...ended.map(revocationOf)])
    return { at, revocation, ended, until: at, kept, survivor }
  }

  /** A session that is to be kept, if it lives. What cannot be read is not kept, and then nothing must have happened. */
  async function living(
    run: Run,
    tag: SubjectTag,
    id: SessionId,
    at: number,
    lifetimes: SubjectEnding['lifetimes'],
  ): Promise<SessionId | undefined> {
    const member = await members.one(run, tag, id)
    const [live] = member === undefined ? [] : sorted([member], at, lifetimes).live
    if (live === undefined) return undefined
    const [row] = await rowsOf(tables, run, [id])
    return row && records.read(row).record.id
  }

  /** Resolves to those that had not expired. */
  async function endSome(
    run: Run,
    some: readonly Member[],
    { at, lifetimes, kept }: Pick<Begun, 'at' | 'kept'> & Pick<SubjectEnding, 'lifetimes'>,
  ): Promise<readonly SessionId[]> {
    const instant = sql<number>`${at}::bigint`
    const others = some.filter(({ id }) => id !== kept)
    const { expired } = sorted(
      others.map((one) => ({ ...one, isOver: false })),
      at,
      lifetimes,
    )
    await endings.unlessRefreshed(run, expired, 'expired', instant)
    return endings.all(
      run,
      others.map(({ id }) => id),
      'subject',
      instant,
    )
  }

  function revoke(run: Run, tag: SubjectTag, at: number, revocations: readonly Revocation[]): Promise<void> {
    return feeds.revokeEach(run, { shard: shardOfTag(tag), revocations, at, areEndings: true })
  }

  /** Ends those that are over by the mark. They change no more, and none comes to them. */
  function endMarked(
    { tag, lifetimes }: SubjectEnding,
    { at, until, kept }: Begun,
  ): Promise<Answered<readonly SessionId[]>> {
    return walk(
      (after) =>
        database.transaction('end-next', async (run) => {
          const page = await members.page(run, tag, after, SLICE)
          const found = await endSome(run, page, { at, lifetimes, kept })
          await revoke(run, tag, at, found.map(revocationOf))
          return { page, found }
        }),
      { ...LATEST, createdAt: until + 1 },
    )
  }

  async function keep(
    run: Run,
    id: SessionId,
    at: number,
    { lifetimes }: SubjectEnding,
  ): Promise<Session | undefined> {
    const [row] = await rowsOf(tables, run, [id], LOCKED)
    if (row === undefined) return undefined
    const { record } = records.read(row)
    const kept = keptRecord(record, Math.max(at, record.rotatedAt))
    if (kept === record) return portSession(record)
    const { generation, base, rotatedAt } = kept
    await run(sql`UPDATE ${sessions} SET generation = ${generation}, base = ${base}, confirmed = false, converged = 0,
  retry_key = NULL, rotated_at = ${rotatedAt}, expires_at = ${endOf(kept, lifetimes)}, version = version + 1
WHERE id = ${id}`)
    return portSession(kept)
  }

  return {
    async endSubject(ending: SubjectEnding): Promise<SubjectEndOutcome> {
      const answer = await database.transaction('end-subject', (run) => begin(run, ending))
      if (answer.kind === 'unavailable') return answer
      const { value: begun } = answer
      if (begun.ended !== undefined) return outcomeOf(begun, begun.ended, begun.survivor)
      const ended = await endMarked(ending, begun)
      if (ended.kind === 'unavailable') return ended
      const { kept, at } = begun
      if (kept === undefined) return outcomeOf(begun, ended.value, undefined)
      // Last, so that its client still has a good token if another step fails.
      const last = await database.transaction('keep', (run) => keep(run, kept, at, ending))
      return last.kind === 'unavailable' ? last : outcomeOf(begun, ended.value, last.value)
    },

    async erase(tag: SubjectTag, at: number): Promise<EraseOutcome> {
      for (;;) {
        const answer = await database.transaction('erase', (run) => eraseNext(run, tag, at))
        if (answer.kind === 'unavailable') return answer
        if (answer.value !== undefined) return { kind: answer.value }
      }
    },
  }

  /** Resolves to `undefined` if sessions are left that have ended. */
  async function eraseNext(run: Run, tag: SubjectTag, at: number): Promise<'erased' | 'in_use' | undefined> {
    await subjects.lock(run, tag, at)
    // Those that are over by a mark are still to be revoked.
    if ((await members.page(run, tag, LATEST, 1)).length > 0) return 'in_use'
    for (const { isInUse } of belongings) if (await isInUse?.(run, tag)) return 'in_use'
    // There is an index on those that have ended, and one on those that have not, since everything ended.
    const some = (condition: RawBuilder<unknown>) =>
      sql`(SELECT id FROM ${sessions} WHERE tag = ${tag} AND ${condition} LIMIT ${SLICE}::integer)`
    const deleted = await run(sql`DELETE FROM ${sessions} WHERE id = ANY (ARRAY(
  ${some(sql`ended_at IS NOT NULL`)} UNION ALL ${some(sql`ended_at IS NULL`)} LIMIT ${SLICE}::integer)) RETURNING id`)
    if (deleted.length === SLICE) return undefined
    // The marks stay for as long as its tokens could live: they name nobody.
    await run(sql`UPDATE ${tables.subjects} SET window_ends_at = 0, window_count = 0 WHERE tag = ${tag}`)
    for (const { erase } of belongings) await erase(run, tag)
    return 'erased'
  }
}

const revocationOf = (session: SessionId): Revocation => ({ kind: 'session', session })

function outcomeOf(
  { revocation }: Begun,
  sessions: readonly SessionId[],
  kept: Session | undefined,
): SubjectEndOutcome {
  return { kind: 'ended', sessions, revocation, ...(kept === undefined ? {} : { kept }) }
}
