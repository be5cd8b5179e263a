import {
  type Opening,
  type Revocation,
  type SessionId,
  type SubjectTag,
  sessionsToEnd,
  shardOfTag,
} from '@sallyport/core/store'
import { sql } from 'kysely'
import type { Answered } from './database.ts'
import { createEndings, SLICE } from './endings.ts'
import { type Member, type Members, sorted, walk } from './members.ts'
import type { SessionParts } from './session-parts.ts'

/**
 * Ends the sessions that must go before another one opens, and those that are over, where they are too many for one
 * transaction. Sessions that are refreshed meanwhile stay. Resolves to those that have ended and had not expired.
 */
export function createRoomMaking(parts: SessionParts, members: Members) {
  const { database, tables, feeds, instant } = parts
  const endings = createEndings(tables)

  const readAll = (tag: SubjectTag): Promise<Answered<readonly Member[]>> =>
    walk((after) =>
      database.step('open-survey', async ({ run }) => {
        const page = await members.page(run, tag, after, SLICE)
        return { page, found: page }
      }),
    )

  async function endSome(
    { tag, at: given }: Opening,
    kind: 'expired' | 'limit' | 'subject',
    some: readonly Member[],
  ): Promise<Answered<readonly SessionId[]>> {
    const all: SessionId[] = []
    for (let from = 0; from < some.length; from += SLICE) {
      const slice = some.slice(from, from + SLICE)
      const answer = await database.transaction('make-room', async (run) => {
        const ended = await endings.unlessRefreshed(run, slice, kind, instant(given))
        if (kind === 'expired') return []
        const revocations = ended.map((session): Revocation => ({ kind: 'session', session }))
        await feeds.revokeEach(run, { shard: shardOfTag(tag), revocations, at: given, areEndings: true })
        return ended
      })
      if (answer.kind === 'unavailable') return answer
      all.push(...answer.value)
    }
    return { kind: 'answered', value: all }
  }

  return async (opening: Opening): Promise<Answered<readonly SessionId[]>> => {
    const { id, replaces, tag, lifetimes, sessionLimit } = opening
    const now = await database.run<{ at: number }>('open-survey', sql`SELECT ${instant(opening.at)} AS at`)
    if (now.kind === 'unavailable') return now
    const read = await readAll(tag)
    if (read.kind === 'unavailable') return read
    const { live, expired, over } = sorted(read.value, Number(now.value[0]?.at), lifetimes)
    // Of those refreshed at the same instant, the one that signed in first goes.
    const others = live.filter((one) => one.id !== id && one.id !== replaces).toReversed()
    const ended: SessionId[] = []
    for (const [kind, some] of [
      ['expired', expired],
      ['subject', over],
      ['limit', sessionsToEnd(others, sessionLimit)],
    ] as const) {
      const answer = await endSome(opening, kind, some)
      if (answer.kind === 'unavailable') return answer
      ended.push(...answer.value)
    }
    return { kind: 'answered', value: ended }
  }
}
