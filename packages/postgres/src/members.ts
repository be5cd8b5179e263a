import { hasExpired, type Lifetimes, type SessionId, type SubjectTag } from '@sallyport/core/store'
import { sql } from 'kysely'
import type { Answered, Run } from './database.ts'
import { SLICE } from './endings.ts'
import type { PortParts } from './parts.ts'
import type { Subjects } from './subjects.ts'

/** A session of a subject, with what says whether it lives. */
export interface Member {
  readonly id: SessionId
  readonly createdAt: number
  readonly rotatedAt: number
  readonly lifetimes?: Lifetimes
  /** When it ends unless it is refreshed, by the lifetimes that counted at its last refresh. */
  readonly expiresAt: number
  /** All sessions of the subject were ended, and its row has not heard of it yet. */
  readonly isOver: boolean
}

interface MemberRow {
  readonly id: string
  readonly created_at: number
  readonly rotated_at: number
  readonly expires_at: number
  readonly idle_ms: number | null
  readonly absolute_ms: number | null
  readonly is_over: boolean
}

/** Where to read on: after this session. */
export type Place = Pick<Member, 'id' | 'createdAt'>

/** Before the first session. */
export const LATEST: Place = { createdAt: Number.MAX_SAFE_INTEGER, id: '' as SessionId }

/** Reads the sessions of a subject, the latest sign-in first. Nobody knows how many there are, so it is done in pages. */
export interface Members {
  /** The next sessions that have not ended, expired or not. */
  page(run: Run, tag: SubjectTag, after: Place, most: number): Promise<readonly Member[]>
  /** One of them. */
  one(run: Run, tag: SubjectTag, id: SessionId): Promise<Member | undefined>
}

export function createMembers({ tables }: Pick<PortParts, 'tables'>, subjects: Subjects): Members {
  const rowsOf = (
    tag: SubjectTag,
  ) => sql`SELECT s.id, s.created_at, s.rotated_at, s.expires_at, s.idle_ms, s.absolute_ms,
  ${subjects.isOver(tag)} AS is_over
FROM ${tables.sessions} AS s WHERE s.tag = ${tag} AND ${subjects.isLeft(tag)}`
  return {
    async page(run, tag, { createdAt, id }, most) {
      const rows =
        await run<MemberRow>(sql`${rowsOf(tag)} AND (s.created_at, s.id) < (${createdAt}::bigint, ${id}::text)
ORDER BY s.created_at DESC, s.id DESC LIMIT ${most}::integer`)
      return rows.map(memberOf)
    },
    async one(run, tag, id) {
      const [row] = await run<MemberRow>(sql`${rowsOf(tag)} AND s.id = ${id}`)
      return row && memberOf(row)
    },
  }
}

export interface Sorted {
  readonly live: readonly Member[]
  readonly expired: readonly Member[]
  readonly over: readonly Member[]
}

/** Tells those that live from those that have expired, and those that are over. */
export function sorted(members: readonly Member[], at: number, lifetimes: Lifetimes): Sorted {
  const left = members.filter(({ isOver }) => !isOver)
  return {
    live: left.filter((one) => !hasExpired(one, at, lifetimes)),
    expired: left.filter((one) => hasExpired(one, at, lifetimes)),
    over: members.filter(({ isOver }) => isOver),
  }
}

/** A page, and what came of it. */
export interface Visited<T> {
  readonly page: readonly Place[]
  readonly found: readonly T[]
}

/**
 * Goes through pages of at most {@link SLICE} sessions, each by a step of its own, so that no step takes long. Sessions that
 * are made meanwhile are not seen.
 */
export async function walk<T>(
  step: (after: Place) => Promise<Answered<Visited<T>>>,
  from: Place = LATEST,
): Promise<Answered<readonly T[]>> {
  const all: T[] = []
  let after = from
  for (;;) {
    const answer = await step(after)
    if (answer.kind === 'unavailable') return answer
    const { page, found } = answer.value
    all.push(...found)
    const last = page.at(-1)
    if (last === undefined || page.length < SLICE) return { kind: 'answered', value: all }
    after = last
  }
}

function memberOf({ idle_ms, absolute_ms, ...row }: MemberRow): Member {
  return {
    id: row.id as SessionId,
    createdAt: Number(row.created_at),
    rotatedAt: Number(row.rotated_at),
    expiresAt: Number(row.expires_at),
    isOver: row.is_over,
    ...(idle_ms === null || absolute_ms === null
      ? {}
      : { lifetimes: { idleMs: Number(idle_ms), absoluteMs: Number(absolute_ms) } }),
  }
}
