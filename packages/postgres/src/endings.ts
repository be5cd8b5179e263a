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
