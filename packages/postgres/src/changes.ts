import {
  adopt,
  type BindingKey,
  type BindKeyOutcome,
  type ElevateOutcome,
  type Elevating,
  portSession,
  type SessionRecord,
  type Unavailable,
} from '@sallyport/core/store'
import { sql } from 'kysely'
import type { Run } from './database.ts'
import { createLookup, type Found, isLive, unchanged } from './lookup.ts'
import { issueFrom } from './marks.ts'
import { createMayIssue } from './promptness.ts'
import { particularsOf } from './records.ts'
import type { SessionParts } from './session-parts.ts'

/** How often a change is tried, if others change the session at the same time. */
const MAX_ROUNDS = 10
const UNAVAILABLE: Unavailable = { kind: 'unavailable' }
const UNKNOWN = { kind: 'unknown' } as const
const TAKEN = { kind: 'taken' } as const

type Change = Pick<BindingKey, 'id' | 'at' | 'lifetimes' | 'known'>
type Over = typeof UNKNOWN | Unavailable

/** Changes the grant of a session that lives. */
export function createChanges(parts: SessionParts) {
  const { database, tables, records } = parts
  const lookup = createLookup(parts)
  const mayIssue = createMayIssue(parts)

  /** Writes the grant and the binding of a session, if it is still the one that was found. */
  async function write(run: Run, found: Found, next: SessionRecord): Promise<boolean> {
    const rows = await run(sql`UPDATE ${tables.sessions} AS s
SET particulars = ${particularsOf(next)}::text::jsonb, seal = ${records.seal(next.id, next)},
  cells = ${next.binding.cells}, browser_version = ${next.binding.version}, version = s.version + 1
WHERE ${unchanged(tables, found)}
RETURNING s.id`)
    return rows.length === 1
  }

  async function change<Outcome>(
    name: string,
    { id, at, lifetimes, known }: Change,
    make: (run: Run, found: Found) => Promise<Outcome | undefined>,
  ): Promise<Outcome | Over> {
    const answer = await database.step<Outcome | Over>(name, async ({ run }) => {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const found = await lookup(run, id, at, known)
        if (found === undefined || !isLive(found, lifetimes)) return UNKNOWN
        const outcome = await make(run, found)
        if (outcome !== undefined) return outcome
      }
      return UNAVAILABLE
    })
    return answer.kind === 'unavailable' ? answer : answer.value
  }

  return {
    elevate: (elevating: Elevating): Promise<ElevateOutcome> =>
      change<ElevateOutcome>('elevate', elevating, async (run, found) => {
        const { elevation, bindings, known } = elevating
        const { record, marks } = found
        const next = { ...record, elevation, binding: adopt(record.binding, bindings) }
        if (!(await write(run, found, next))) return undefined
        const from = issueFrom(marks, known)
        return (await mayIssue(run, elevating, from, found.began))
          ? { kind: 'elevated', session: portSession(next), issueFrom: from }
          : UNAVAILABLE
      }),
    bindKey: (binding: BindingKey): Promise<BindKeyOutcome> =>
      change<BindKeyOutcome>('bind-key', binding, async (run, found) => {
        if (found.record.boundKey !== undefined) return TAKEN
        const next = { ...found.record, boundKey: binding.key }
        return (await write(run, found, next)) ? { kind: 'bound', session: portSession(next) } : undefined
      }),
  }
}
