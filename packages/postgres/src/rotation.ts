import {
  endOf,
  judgeRotation,
  nextRecord,
  portSession,
  type Rotation,
  type RotationOutcome,
  type RotationVerdict,
  type Session,
  shardOfTag,
  tagOfSession,
} from '@sallyport/core/store'
import { type RawBuilder, sql } from 'kysely'
import type { Run, Step } from './database.ts'
import type { EndKind } from './endings.ts'
import { createLookup, type Found, hasMarks, unchanged } from './lookup.ts'
import { issueFrom } from './marks.ts'
import { createMayIssue } from './promptness.ts'
import type { SessionParts } from './session-parts.ts'

type GoingOn = Extract<RotationVerdict, { kind: 'rotate' | 'contest' }>

/** How often a verdict is made anew, because others changed what it was made of. */
const MAX_ROUNDS = 20

/**
 * Rotates refresh tokens. The session is read, the rule judges it here, and one statement carries out the verdict, if the
 * session is still the one that was read. If not, all of it begins anew. So no lock is ever held while this process thinks.
 */
export function createRotation(parts: SessionParts) {
  const { database, tables, feeds, records } = parts
  const lookup = createLookup(parts)
  const mayIssue = createMayIssue(parts)

  return async (rotation: Rotation): Promise<RotationOutcome> => {
    const answer = await database.step('rotate', async (step) => {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const found = await lookup(step.run, rotation.id, rotation.at, rotation.known)
        if (found === undefined) return UNKNOWN
        const outcome = await carryOut(step, found, { ...rotation, at: found.at })
        if (outcome === undefined) continue
        const issues = 'issueFrom' in outcome
        return !issues || (await mayIssue(step.run, rotation, outcome.issueFrom, found.began))
          ? outcome
          : UNAVAILABLE
      }
      return UNAVAILABLE
    })
    return answer.kind === 'unavailable' ? answer : answer.value
  }

  /** Resolves to `undefined` if the session is not the one that was found any more. */
  async function carryOut(
    { run, transaction }: Step,
    found: Found,
    rotation: Rotation,
  ): Promise<RotationOutcome | undefined> {
    const { record } = found
    const verdict = judgeRotation(record, found.window, rotation)
    const from = issueFrom(found.marks, rotation.known)
    switch (verdict.kind) {
      case 'expired':
        return (await end(run, found, 'expired')) ? EXPIRED : undefined
      case 'wrong_client':
      case 'unproven':
      case 'limited':
        return verdict
      case 'challenge':
        return { kind: 'challenged', session: portSession(record), drift: verdict.drift }
      case 'mismatch': {
        const { drift } = verdict
        return (await transaction((tx) => endAndRevoke(tx, found, 'mismatched')))
          ? { kind: 'mismatched', session: portSession(record), drift }
          : undefined
      }
      case 'reuse': {
        const { rolledBack } = verdict
        return (await transaction((tx) => endAndRevoke(tx, found, 'reused')))
          ? { kind: 'reused', session: portSession(record), rolledBack }
          : undefined
      }
      case 'converge': {
        const { drift } = verdict
        return (await converge(run, found, rotation))
          ? { kind: 'converged', session: portSession(record), drift, issueFrom: from }
          : undefined
      }
      case 'rotate': {
        const { drift, rolledBack } = verdict
        const session = await goOn(run, found, rotation, verdict)
        return session && { kind: 'rotated', session, rolledBack, drift, issueFrom: from }
      }
      case 'contest': {
        const { drift } = verdict
        const { ip: previousIp } = record
        const session = await transaction(async (tx) => {
          const next = await goOn(tx, found, rotation, verdict)
          if (next !== undefined) await revoke(tx, found, 'generation')
          return next
        })
        const previous = previousIp === undefined ? {} : { previousIp }
        return session && { kind: 'contested', session, drift, issueFrom: from, ...previous }
      }
    }
  }

  async function end(run: Run, found: Found, kind: EndKind): Promise<boolean> {
    const ended = await run(sql`UPDATE ${tables.sessions} AS s
SET ended_at = ${found.at}::bigint, end_kind = ${kind}, version = version + 1
WHERE ${unchanged(tables, found)} RETURNING s.id`)
    return ended.length === 1
  }

  async function endAndRevoke(run: Run, found: Found, kind: EndKind): Promise<boolean> {
    const isEnded = await end(run, found, kind)
    if (isEnded) await revoke(run, found, 'session')
    return isEnded
  }

  function revoke(run: Run, { record, at }: Found, kind: 'session' | 'generation'): Promise<void> {
    const { id: session, generation } = record
    const revocation = kind === 'session' ? { kind, session } : { kind, session, generation }
    return feeds.revokeEach(run, {
      ...{ shard: shardOfTag(session), revocations: [revocation], at, areEndings: kind === 'session' },
    })
  }

  /** Other answers that converge change nothing that the verdict was made of but their number. */
  async function converge(run: Run, found: Found, { convergedLimit }: Rotation): Promise<boolean> {
    const most = convergedLimit === 0 ? Number.MAX_SAFE_INTEGER : convergedLimit
    const counted = await run(sql`UPDATE ${tables.sessions} AS s SET converged = converged + 1
WHERE ${unchanged(tables, found)} AND converged < ${most}::bigint RETURNING s.id`)
    return counted.length === 1
  }

  async function goOn(
    run: Run,
    found: Found,
    rotation: Rotation,
    verdict: GoingOn,
  ): Promise<Session | undefined> {
    const { generation, base, keyed, binding } = verdict
    const next = nextRecord(found.record, rotation, verdict)
    const seal = found.isCurrent ? null : records.seal(next.id, next)
    const written = sql`generation = ${generation}, base = ${base}, keyed = ${keyed}, confirmed = false, converged = 0,
  retry_key = ${rotation.key?.bytes ?? null}, retry_key_sent = ${rotation.key?.sent ?? false},
  cells = ${binding.cells}, browser_version = ${binding.version}, ip = ${rotation.ip ?? null},
  rotated_at = ${rotation.at}, expires_at = ${endOf(next, rotation.lifetimes)},
  seal = coalesce(${seal}, s.seal), version = s.version + 1`
    const rows = await run(
      rotation.refreshLimit.count === 0
        ? sql`UPDATE ${tables.sessions} AS s SET ${written} WHERE ${unchanged(tables, found)} RETURNING s.id`
        : await counting(run, found, rotation, verdict, written),
    )
    return rows.length === 1 ? portSession(next) : undefined
  }

  /** Goes on, and counts the refresh of the subject, if others have not reached the limit meanwhile. */
  async function counting(
    run: Run,
    found: Found,
    { id, refreshLimit }: Rotation,
    { window }: GoingOn,
    written: RawBuilder<unknown>,
  ): Promise<RawBuilder<unknown>> {
    const tag = tagOfSession(id)
    if (!found.hasSubject)
      await run(
        sql`INSERT INTO ${tables.subjects} (tag, shard) VALUES (${tag}, ${shardOfTag(tag)}) ON CONFLICT DO NOTHING`,
      )
    const isSame = window.endsAt === found.window.endsAt && window.count > 1
    const most = isSame ? refreshLimit.count : Number.MAX_SAFE_INTEGER
    return sql`WITH
subject AS MATERIALIZED (
  SELECT u.window_ends_at, u.window_count, ${hasMarks(found)} AS has_marks FROM ${tables.subjects} AS u
  WHERE u.tag = ${tag} FOR UPDATE),
next AS (
  UPDATE ${tables.sessions} AS s SET ${written} FROM subject
  WHERE ${unchanged(tables, found)} AND subject.has_marks AND subject.window_ends_at = ${found.window.endsAt}::bigint
    AND subject.window_count < ${most}::bigint
  RETURNING s.id),
counted AS (
  UPDATE ${tables.subjects} AS u
  SET window_ends_at = ${window.endsAt}::bigint,
    window_count = CASE WHEN ${isSame}::boolean THEN u.window_count + 1 ELSE 1 END
  FROM next WHERE u.tag = ${tag})
SELECT id FROM next`
  }
}

const UNAVAILABLE = { kind: 'unavailable' } as const
const UNKNOWN = { kind: 'unknown' } as const
const EXPIRED = { kind: 'expired' } as const
