import {
  type AllRevocation,
  concernsToken,
  isSessionId,
  notBeforeOf,
  type Revocation,
  type RevocationStore,
  type SessionId,
  SHARDS,
  shardOf,
  shardOfName,
  shardOfTag,
  type TokenIdentity,
} from '@sallyport/core/store'
import { sql } from 'kysely'
import type { Run } from './database.ts'
import { encodeEntry, readAnnouncement } from './feed-codec.ts'
import { createFeedReader } from './feed-reader.ts'
import { endedUntil } from './marks.ts'
import type { PortParts } from './parts.ts'
import { isPrompt } from './promptness.ts'
import { createPutBack } from './put-back.ts'
import { createSubjects } from './subjects.ts'
import { serverNow } from './tables.ts'

/** Most revocations that one transaction asserts. */
const MAX_ASSERTED = 250
/** How long a claim lasts unless it is renewed. */
const CLAIM_MS = 1000
/** How often everything is ended anew, because a commit took long. */
const MAX_ROUNDS = 3
const HOLDER_BYTES = 16
const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard)

interface CheckedRow {
  readonly is_named: boolean
  readonly not_before: number | null
  readonly except_session: string | null
  readonly not_before_all: number | null
  readonly ended_until: number | null
}

/** Revocations in PostgreSQL. */
export function createPostgresRevocations(
  parts: PortParts,
  mayHaveOthers: () => Promise<boolean>,
): RevocationStore {
  const { database, tables, feeds, news, random, instant, serverCounts } = parts
  const holder = Buffer.from(random(HOLDER_BYTES)).toString('base64url')
  const putBack = createPutBack(parts, createSubjects(parts))

  /** The instant is that of a statement of its own: those before it may have waited for others. */
  async function endAll(run: Run, at: number): Promise<{ revocation: AllRevocation; began: number }> {
    await feeds.ensureShards(run)
    await run(sql`SELECT shard FROM ${tables.shards} ORDER BY shard FOR UPDATE`)
    const began = performance.now()
    const [now] = await run<{ at: number }>(sql`SELECT ${instant(at)} AS at`)
    const revocation: AllRevocation = { kind: 'all', until: Number(now?.at) }
    await run(sql`UPDATE ${tables.shards} SET ended_until = greatest(ended_until, ${revocation.until})`)
    for (const shard of ALL_SHARDS) await feeds.revokeEach(run, { shard, revocations: [revocation], at })
    return { revocation, began }
  }

  return {
    ...createFeedReader(parts, mayHaveOthers),
    ...{ shards: SHARDS, shardOf, shardOfSession: shardOfTag, shardOfTag, shardOfName },

    async revoke(revocation, at) {
      const revoking = { shard: shardOf(revocation), revocations: [revocation], at }
      const answer = await database.transaction('revoke', (run) => feeds.revokeEach(run, revoking))
      return answer.kind === 'unavailable' ? answer : { kind: 'revoked' }
    },

    async revokeAll(at) {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const answer = await database.transaction('revoke-all', (run) => endAll(run, at))
        if (answer.kind === 'unavailable') return answer
        const { revocation, began } = answer.value
        // What was issued before the commit is refused up to a mark in time. Otherwise a later mark is needed.
        if (!serverCounts || isPrompt(began)) return { kind: 'revoked', revocation }
      }
      return { kind: 'unavailable' }
    },

    async claim(shard) {
      const answer = await database.run(
        'claim',
        sql`INSERT INTO ${tables.leases} AS l (shard, holder, lasts_until)
VALUES (${shard}, ${holder}, ${serverNow} + ${CLAIM_MS}::bigint)
ON CONFLICT (shard) DO UPDATE SET holder = excluded.holder, lasts_until = excluded.lasts_until
  WHERE l.holder = excluded.holder OR l.lasts_until <= ${serverNow}
RETURNING l.shard`,
      )
      if (answer.kind === 'unavailable') return answer
      return { kind: answer.value.length === 1 ? 'claimed' : 'busy' }
    },

    async assert(shard, lost, at) {
      for (let from = 0; from < lost.length; from += MAX_ASSERTED) {
        const revocations = lost.slice(from, from + MAX_ASSERTED)
        const answer = await database.transaction('assert', async (run) => {
          await putBack(run, shard, revocations, at)
          await feeds.revokeEach(run, { shard, revocations, at, isPutBack: true })
        })
        if (answer.kind === 'unavailable') return answer
      }
      return { kind: 'asserted' }
    },

    async check(token) {
      const named = namesOf(token)
      const answer = await database.run<CheckedRow>(
        'check',
        sql`SELECT u.not_before, u.except_session, u.not_before_all, h.ended_until,
  EXISTS (SELECT FROM unnest(${named.map(shardOf)}::smallint[], ${named.map(encodeEntry)}::text[]) AS named (shard, entry)
    JOIN ${tables.revocations} AS r ON r.shard = named.shard AND r.hash = sha256(decode(named.entry, 'base64'))) AS is_named
FROM (SELECT) AS one
  LEFT JOIN ${tables.subjects} AS u ON u.tag = ${token.tag}
  LEFT JOIN ${tables.shards} AS h ON h.shard = ${shardOfTag(token.tag)}`,
      )
      if (answer.kind === 'unavailable') return answer
      const [row] = answer.value
      return { kind: row !== undefined && isRevoked(row, token) ? 'revoked' : 'live' }
    },

    onNews(listener) {
      news.on((payload) => {
        const announced = readAnnouncement(payload)
        if (announced !== undefined && announced.kind === 'revoked' && announced.shard < SHARDS)
          listener(announced)
      })
      news.onGap(() => listener({ kind: 'gap' }))
    },
  }
}

/** The revocations that would concern a token by its names. */
function namesOf({ session, generation, jti, kid }: TokenIdentity): readonly Revocation[] {
  const named: Revocation[] = []
  if (session !== undefined) named.push({ kind: 'session', session })
  if (session !== undefined && isSessionId(session) && generation !== undefined)
    named.push({ kind: 'generation', session, generation })
  if (jti !== undefined) named.push({ kind: 'token', jti })
  if (kid !== undefined) named.push({ kind: 'key', kid })
  return named
}

function isRevoked(row: CheckedRow, token: TokenIdentity): boolean {
  if (row.is_named) return true
  const until = endedUntil(row)
  if (token.own && until >= 0 && (token.issuedAt ?? 0) <= notBeforeOf({ kind: 'all', until })) return true
  const { not_before, except_session, not_before_all } = row
  const latest = {
    notBefore: Number(not_before ?? 0),
    ...(except_session === null ? {} : { except: except_session as SessionId }),
  }
  // A subject without a mark has refused nothing, not even tokens that do not say when they were issued.
  const marks = [latest, { notBefore: Number(not_before_all ?? 0) }].filter(({ notBefore }) => notBefore > 0)
  return marks.some((mark) => concernsToken(mark, token))
}
