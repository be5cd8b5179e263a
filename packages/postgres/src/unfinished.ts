import { type Revocation, shardOfTag } from '@sallyport/core/store'
import { sql } from 'kysely'
import { createEndings, SLICE } from './endings.ts'
import { createMembers, LATEST } from './members.ts'
import type { PortParts } from './parts.ts'
import { createSubjects } from './subjects.ts'

/** Resolves to whether there may be more to finish. */
export type FinishEnding = () => Promise<boolean>

/**
 * Finishes endings that broke off, because a process was killed or the server was away: the rows of sessions that are over
 * by a mark end, and other services are told, though nobody may ever ask for these sessions again. Each call goes through a
 * slice of one subject. Processes that do so at once take different subjects.
 */
export function createFinishEnding(parts: PortParts): FinishEnding {
  const { database, tables, feeds } = parts
  const subjects = createSubjects(parts)
  const members = createMembers(parts, subjects)
  const endings = createEndings(tables)

  return async () => {
    const answer = await database.transaction('finish-ending', async (run) => {
      const unfinished = await subjects.lockUnfinished(run)
      if (unfinished === undefined) return false
      const { tag, until, kept } = unfinished
      // Those that have ended are not on the next page any more.
      const page = await members.page(run, tag, { ...LATEST, createdAt: until + 1 }, SLICE)
      const others = page.filter(({ id }) => id !== kept)
      const expired = others.filter(({ expiresAt }) => expiresAt <= until)
      const at = sql<number>`${until}::bigint`
      await endings.unlessRefreshed(run, expired, 'expired', at)
      const ids = others.map(({ id }) => id)
      const ended = await endings.all(run, ids, 'subject', at)
      if (page.length < SLICE) await subjects.finish(run, tag)
      const revocations = ended.map((session): Revocation => ({ kind: 'session', session }))
      await feeds.revokeEach(run, { shard: shardOfTag(tag), revocations, at: until, areEndings: true })
      return true
    })
    return answer.kind === 'answered' && answer.value
  }
}
