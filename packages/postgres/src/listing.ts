import {
  type ListOutcome,
  type ListQuery,
  MOST_LISTED,
  portSession,
  sessionsToList,
} from '@sallyport/core/store'
import { sql } from 'kysely'
import type { Run } from './database.ts'
import { createEndings, SLICE } from './endings.ts'
import { LATEST, type Member, type Members, type Place, sorted } from './members.ts'
import { rowsOf } from './records.ts'
import type { SessionParts } from './session-parts.ts'

/** The latest, one that is asked for, and one by which it is known that there are more. */
const MOST_NEEDED = MOST_LISTED + 2

/** Lists the latest sessions of a subject. No more are read than it takes, and those among them that have expired end. */
export function createListing(parts: SessionParts, members: Members) {
  const { database, tables, records, instant } = parts
  const endings = createEndings(tables)

  /** The latest that live, in their order, and the one that is asked for. */
  async function latest(
    run: Run,
    { tag, lifetimes, include }: ListQuery,
    at: number,
  ): Promise<readonly Member[]> {
    const found: Member[] = []
    let after: Place | undefined = LATEST
    while (after !== undefined && found.length < MOST_NEEDED) {
      const page = await members.page(run, tag, after, SLICE)
      const { live, expired } = sorted(page, at, lifetimes)
      await endings.unlessRefreshed(run, expired, 'expired', sql`${at}::bigint`)
      found.push(...live)
      after = page.length < SLICE ? undefined : page.at(-1)
    }
    if (include === undefined || after === undefined || found.some(({ id }) => id === include)) return found
    const asked = await members.one(run, tag, include)
    return asked === undefined ? found : [...found, ...sorted([asked], at, lifetimes).live]
  }

  return async (query: ListQuery): Promise<ListOutcome> => {
    const answer = await database.step('list', async ({ run }) => {
      const [now] = await run<{ at: number }>(sql`SELECT ${instant(query.at)} AS at`)
      const live = await latest(run, query, Number(now?.at))
      const { sessions: chosen, more } = sessionsToList(live, query.include)
      const ids = chosen.map(({ id }) => id)
      const rows = await rowsOf(tables, run, ids)
      const readable = new Map(records.readEach(rows).map((record) => [record.id, portSession(record)]))
      const found = ids.map((id) => readable.get(id)).filter((one) => one !== undefined)
      return { kind: 'listed', sessions: found, more } as const
    })
    return answer.kind === 'unavailable' ? answer : answer.value
  }
}
