import { type KnownMarks, type SessionId, shardOfTag, tagOfSession } from '@sallyport/core/store'
import { sql } from 'kysely'
import type { Run } from './database.ts'
import { issueFrom, type Marks } from './marks.ts'
import type { PortParts } from './parts.ts'

/**
 * How long a step may take before it must look again. A mark refuses tokens up to two seconds after it
 * (`TOKENS_AHEAD_SECONDS`). So it covers those of steps that began before its commit, if neither takes longer than this.
 */
const PROMPT_MS = 500

/** @param began as `performance.now()` told it */
export function isPrompt(began: number): boolean {
  return performance.now() - began < PROMPT_MS
}

/**
 * Tells whether a step that read the marks some time ago may still let a token be issued. After a long time, it may only if no
 * mark was made since. A session that has ended by itself needs none: its name refuses the token.
 */
export function createMayIssue({ tables }: Pick<PortParts, 'tables'>) {
  return async (run: Run, { id, known }: Issuing, from: number, began: number): Promise<boolean> => {
    if (isPrompt(began)) return true
    const tag = tagOfSession(id)
    const [marks] = await run<
      Pick<Marks, 'not_before' | 'ended_until'>
    >(sql`SELECT u.not_before, h.ended_until FROM (SELECT) AS one
  LEFT JOIN ${tables.subjects} AS u ON u.tag = ${tag}
  LEFT JOIN ${tables.shards} AS h ON h.shard = ${shardOfTag(tag)}`)
    return marks !== undefined && issueFrom(marks, known) === from
  }
}

interface Issuing {
  readonly id: SessionId
  readonly known: KnownMarks
}
