import type { SessionId } from '@sallyport/core/store'
import { type RawBuilder, sql } from 'kysely'
import type { Run } from './database.ts'
import type { Tables } from './tables.ts'

/** Why a session is over, as its row says it. */
export type EndKind =
  | 'ended'
  | 'subject'
  | 'replaced'
  | 'limit'
  | 'reused'
  | 'mismatched'
  | 'everything'
  | 'expired'
  | 'put_back'

/** How many sessions one transaction goes through, so that none holds a lock for long. */
export const SLICE = 200

/** A session as it was read. */
export interface Seen {
  readonly id: SessionId
  readonly rotatedAt: number
}

/** Marks sessions as ended. Those that have ended stay as they are. Each resolves to the sessions that it has ended. */
export interface Endings {
  all(
    run: Run,
    ids: readonly SessionId[],
    kind: EndKind,
    at: RawBuilder<number>,
  ): Promise<readonly SessionId[]>
  /** Leaves out those that were refreshed since they were seen. */
  unlessRefreshed(
    run: Run,
    seen: readonly Seen[],
    kind: EndKind,
    at: RawBuilder<number>,
  ): Promise<readonly SessionId[]>
}

export function createEndings(tables: Pick<Tables, 'sessions'>): Endings {
  /** Whatever locks several sessions does so in the order of their ids, so no two wait for each other. */
  async function end(
    run: Run,
    which: RawBuilder<unknown>,
    kind: EndKind,
    at: RawBuilder<number>,
  ): Promise<readonly SessionId[]> {
    const ended = await run<{ id: SessionId }>(sql`UPDATE ${tables.sessions} AS s
SET ended_at = ${at}, end_kind = ${kind}, version = s.version + 1
FROM (${which} AND s.ended_at IS NULL ORDER BY s.id FOR UPDATE OF s) AS those
WHERE s.id = those.id RETURNING s.id`)
    return ended.map(({ id }) => id)
  }

  return {
    async all(run, ids, kind, at) {
      if (ids.length === 0) return []
      const those = sql`SELECT s.id FROM ${tables.sessions} AS s WHERE s.id = ANY (${ids}::text[])`
      return end(run, those, kind, at)
    },
    async unlessRefreshed(run, seen, kind, at) {
      if (seen.length === 0) return []
      const [ids, rotatedAt] = [seen.map((one) => one.id), seen.map((one) => one.rotatedAt)]
      const those = sql`SELECT s.id FROM ${tables.sessions} AS s
  JOIN unnest(${ids}::text[], ${rotatedAt}::bigint[]) AS seen (id, rotated_at) USING (id, rotated_at) WHERE true`
      return end(run, those, kind, at)
    },
  }
}
