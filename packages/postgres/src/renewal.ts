import {
  type Renewal,
  type RenewOutcome,
  type SessionId,
  type SubjectRevocation,
  shardOfTag,
  TOKENS_AHEAD_SECONDS,
} from '@sallyport/core/store'
import { sql } from 'kysely'
import type { Run } from './database.ts'
import { SLICE } from './endings.ts'
import { issueFrom } from './marks.ts'
import { type Members, sorted, walk } from './members.ts'
import { LOCKED, rowsOf } from './records.ts'
import type { SessionParts } from './session-parts.ts'
import type { Subjects } from './subjects.ts'

/**
 * Revokes the tokens of a subject and keeps its sessions.
 *
 * Another scope is set first, a slice of the sessions in each transaction. What is revoked afterwards includes all tokens that
 * were issued meanwhile with the scope from before.
 */
export function createRenewal(parts: SessionParts, subjects: Subjects, members: Members) {
  const { database, tables, feeds, records, instant } = parts

  /** Refreshes that are under way begin anew. A session that can't be read keeps its scope: no token is issued by it. */
  async function setScope(run: Run, ids: readonly SessionId[], scope: string): Promise<void> {
    const sealed = records.readEach(await rowsOf(tables, run, ids, LOCKED)).map(({ id, ...grant }) => ({
      id,
      seal: records.seal(id, { ...grant, scope }).toString('base64'),
    }))
    await run(sql`UPDATE ${tables.sessions} AS s
SET scope = ${scope}, seal = decode(next.seal, 'base64'), version = s.version + 1
FROM unnest(${sealed.map(({ id }) => id)}::text[], ${sealed.map(({ seal }) => seal)}::text[]) AS next (id, seal)
WHERE s.id = next.id`)
  }

  /** Refreshes that are under way begin anew, since the mark changes. */
  async function revoke(run: Run, { tag, at: given, known }: Renewal): Promise<SubjectRevocation> {
    const shard = shardOfTag(tag)
    const { marks } = await subjects.lock(run, tag, given)
    // Nothing must be waited for between the instant of the mark and the commit.
    await run(sql`SELECT FROM ${tables.shards} WHERE shard = ${shard} FOR UPDATE`)
    const [now] = await run<{ at: number }>(sql`SELECT ${instant(given)} AS at`)
    const at = Number(now?.at)
    // An earlier mark put tokens off until the second after it.
    const notBefore = Math.max(Math.floor(at / 1000) + TOKENS_AHEAD_SECONDS, issueFrom(marks, known))
    const revocation: SubjectRevocation = { kind: 'subject', tag, notBefore }
    await subjects.mark(run, revocation)
    await feeds.revokeEach(run, { shard, revocations: [revocation], at })
    return revocation
  }

  return async (renewal: Renewal): Promise<RenewOutcome> => {
    const { tag, lifetimes, scope } = renewal
    const renewed = await walk((after) =>
      database.transaction('renew-next', async (run) => {
        const [now] = await run<{ at: number }>(sql`SELECT ${instant(renewal.at)} AS at`)
        const page = await members.page(run, tag, after, SLICE)
        const found = sorted(page, Number(now?.at), lifetimes).live.map(({ id }) => id)
        if (scope !== undefined) await setScope(run, found, scope)
        return { page, found }
      }),
    )
    if (renewed.kind === 'unavailable') return renewed
    const revoked = await database.transaction('renew', (run) => revoke(run, renewal))
    if (revoked.kind === 'unavailable') return revoked
    return { kind: 'renewed', sessions: renewed.value, revocation: revoked.value }
  }
}
