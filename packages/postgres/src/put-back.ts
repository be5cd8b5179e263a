import {
  earliestBurntFirst,
  type GenerationRevocation,
  isSessionId,
  type Revocation,
  type SessionId,
} from '@sallyport/core/store'
import { sql } from 'kysely'
import type { Run } from './database.ts'
import { createEndings } from './endings.ts'
import type { PortParts } from './parts.ts'
import type { Subjects } from './subjects.ts'

/** Carries out what revocations mean that the store lost: what they ended has come back with the data. */
export function createPutBack(parts: PortParts, subjects: Subjects) {
  const { tables, feeds, instant, belongings } = parts
  const endings = createEndings(tables)

  /** Skips a burnt generation, if the session has not gone on from it. */
  async function burn(run: Run, { session, generation }: GenerationRevocation): Promise<void> {
    // Of an older record, the generation that it has is the best guess at the one that was presented last.
    await run(sql`UPDATE ${tables.sessions} AS s
SET base = CASE WHEN s.generation < ${generation}::bigint THEN s.generation ELSE s.base END,
  generation = ${generation}::bigint + 1, retry_key = NULL, confirmed = false, version = s.version + 1
WHERE s.id = ${session} AND s.ended_at IS NULL AND s.generation <= ${generation}::bigint`)
  }

  return async (run: Run, shard: number, lost: readonly Revocation[], at: number): Promise<void> => {
    for (const revocation of lost) if (revocation.kind === 'subject') await subjects.mark(run, revocation)
    for (const revocation of earliestBurntFirst(lost))
      if (revocation.kind === 'generation') await burn(run, revocation)
    const sessions = lost.flatMap((one): SessionId[] =>
      one.kind === 'session' && isSessionId(one.session) ? [one.session] : [],
    )
    if (sessions.length > 0) {
      await endings.all(run, sessions, 'put_back', instant(at))
      for (const { drop } of belongings) await drop?.(run, sessions)
    }
    const until = lost.flatMap((one) => (one.kind === 'all' ? [one.until] : []))
    if (until.length === 0) return
    await feeds.ensureShards(run)
    // The shard is locked last, as everywhere.
    await run(sql`UPDATE ${tables.shards}
SET ended_until = greatest(ended_until, ${Math.max(...until)}) WHERE shard = ${shard}`)
  }
}
