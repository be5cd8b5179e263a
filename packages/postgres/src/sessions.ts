import {
  isSessionId,
  portSession,
  type Revocation,
  type SessionId,
  type SessionStore,
  shardOf,
  tagOfSession,
  type Unavailable,
} from '@sallyport/core/store'
import { sql } from 'kysely'
import { createChanges } from './changes.ts'
import type { Confirmations } from './confirmations.ts'
import { createCrowd } from './crowd.ts'
import type { Run } from './database.ts'
import { createListing } from './listing.ts'
import { createLookup } from './lookup.ts'
import { createMembers } from './members.ts'
import { createOpening } from './opening.ts'
import type { PortParts } from './parts.ts'
import { createRecords } from './records.ts'
import { createRenewal } from './renewal.ts'
import { createRotation } from './rotation.ts'
import type { SessionParts } from './session-parts.ts'
import { createSubjects } from './subjects.ts'
import { within } from './timeout.ts'

const UNAVAILABLE: Unavailable = { kind: 'unavailable' }

/** Sessions in PostgreSQL: a row each. */
export function createPostgresSessions(given: PortParts, confirmations: Confirmations): SessionStore {
  const parts: SessionParts = { ...given, records: createRecords(given.seals, given.leftOut) }
  const { database, tables, feeds, instant, commandTimeoutMs } = parts
  const subjects = createSubjects(parts)
  const members = createMembers(parts, subjects)
  const lookup = createLookup(parts)
  const rotate = createRotation(parts)

  return {
    open: createOpening(parts, subjects, members),
    async rotate(rotation) {
      // They may wait for others in turn. Where the server hung for so long already, it is not waited for once more.
      const seen = await within(commandTimeoutMs, confirmations.settledOf(rotation.id)).catch(
        () => UNAVAILABLE,
      )
      return seen?.kind === 'unavailable' ? seen : rotate(rotation)
    },
    ...createChanges(parts),
    ...createCrowd(parts, subjects, members),
    renew: createRenewal(parts, subjects, members),
    list: createListing(parts, members),
    confirm: confirmations.add,

    async read(id) {
      const answer = await database.step('read', ({ run }) => lookup(run, id, 0))
      if (answer.kind === 'unavailable') return answer
      if (answer.value === undefined) return { kind: 'unknown' }
      const { record } = answer.value
      return { kind: 'read', session: portSession(record), base: record.base, keyed: record.keyed }
    },

    async end({ id, at, evenIfAbsent }) {
      const revocation: Revocation = { kind: 'session', session: id }
      if (!isSessionId(id) && !evenIfAbsent) return { kind: 'absent' }
      const answer = await database.transaction('end', async (run) => {
        const row = isSessionId(id) ? await endOne(run, id, at) : undefined
        if (row !== undefined || evenIfAbsent)
          await feeds.revokeEach(run, {
            ...{ shard: shardOf(revocation), revocations: [revocation], at, areEndings: true },
          })
        return row?.subject
      })
      if (answer.kind === 'unavailable') return answer
      return answer.value === undefined ? { kind: 'absent' } : { kind: 'ended', subject: answer.value }
    },
  }

  async function endOne(run: Run, id: SessionId, at: number): Promise<{ subject: string } | undefined> {
    const tag = tagOfSession(id)
    const [row] = await run<{ subject: string }>(sql`UPDATE ${tables.sessions} AS s
SET ended_at = ${instant(at)}, end_kind = 'ended', version = version + 1
WHERE s.id = ${id} AND ${subjects.isLeft(tag)} AND NOT ${subjects.isOver(tag)} RETURNING s.subject`)
    return row
  }
}
