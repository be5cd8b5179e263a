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

/** How many rows one statement changes. */
export const SLICE = 200

/** Marks sessions as ended. Those that have ended stay as they are. */
export function createEndings(tables: Pick<Tables, 'sessions'>) {
  return async (
    run: Run,
    ids: readonly SessionId[],
    kind: EndKind,
    at: RawBuilder<number>,
  ): Promise<void> => {
    for (let from = 0; from < ids.length; from += SLICE)
      await run(sql`UPDATE ${tables.sessions}
SET ended_at = ${at}, end_kind = ${kind}, version = version + 1
WHERE id = ANY (${ids.slice(from, from + SLICE)}::text[]) AND ended_at IS NULL`)
  }
}

/** A session whose time is over, as it was read. */
export interface Expired {
  readonly id: SessionId
  readonly rotatedAt: number
}

/** Marks sessions as expired, unless they were refreshed since they were read. */
export function createExpiring(tables: Pick<Tables, 'sessions'>) {
  return async (run: Run, expired: readonly Expired[], at: RawBuilder<number>): Promise<void> => {
    for (let from = 0; from < expired.length; from += SLICE) {
      const some = expired.slice(from, from + SLICE)
      await run(sql`UPDATE ${tables.sessions} AS s
SET ended_at = ${at}, end_kind = 'expired', version = version + 1
FROM unnest(${some.map(({ id }) => id)}::text[], ${some.map(({ rotatedAt }) => rotatedAt)}::bigint[]) AS past (id, rotated_at)
WHERE s.id = past.id AND s.rotated_at = past.rotated_at AND s.ended_at IS NULL`)
    }
  }
}
