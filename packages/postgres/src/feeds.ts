import {
  isSessionId,
  type Random,
  REVOCATION_RETENTION_MS,
  type Revocation,
  SHARDS,
} from '@sallyport/core/store'
import { type RawBuilder, sql } from 'kysely'
import type { Run } from './database.ts'
import { encodeEntry } from './feed-codec.ts'
import { MAX_NEWS_BYTES, type News } from './news.ts'
import { appendEnded } from './outbox/ended.ts'
import { serverNow, type Tables } from './tables.ts'

/** Puts revocations on the feeds, within the transaction of a step. */
export interface Feeds {
  /**
   * Every ending passes here: puts revocations of one shard on its feed, in their order, except those that are there
   * already, and announces them. Of the sessions among them that end by this, it tells the outbox.
   *
   * It locks the shard until the transaction is over, so positions become visible in their order: nobody gets a later one
   * before this one is committed. So it comes last in a transaction.
   */
  revokeEach(run: Run, revoking: Revoking): Promise<void>
  /** Makes the marks of the shards that have none. */
  ensureShards(run: Run): Promise<void>
}

export interface Revoking {
  readonly shard: number
  readonly revocations: readonly Revocation[]
  readonly at: number
  /** What is put back is not announced, since most processes know it. */
  readonly isPutBack?: boolean
  /** The sessions among them end in this step, which the outbox is told. */
  readonly areEndings?: boolean
}

const EPOCH_BYTES = 16
/** How many are told at once. The rest is pulled, since the digest does not fit then. */
const MAX_ANNOUNCED = 64
/** How many are added by one statement. */
const SLICE = 200

export interface FeedParts {
  readonly tables: Pick<Tables, 'shards' | 'revocations' | 'sessions' | 'outbox'>
  readonly news: Pick<News, 'announcing'>
  readonly random: Random
  readonly instant: (at: number) => RawBuilder<number>
  /** Whether the outbox is told of sessions that end. */
  readonly tellsEnds: boolean
}

export function createFeeds({ tables, news, random, instant, tellsEnds }: FeedParts): Feeds {
  const { shards, revocations } = tables

  async function ensureShards(run: Run): Promise<void> {
    const epoch = Buffer.from(random(EPOCH_BYTES)).toString('base64url')
    await run(sql`INSERT INTO ${shards} (shard, epoch, began_at)
      SELECT shard, ${epoch}, ${serverNow} FROM generate_series(0, ${SHARDS - 1}::integer) AS shard
      ON CONFLICT DO NOTHING`)
  }

  function revoke(run: Run, { revocations: given, shard, at, isPutBack, areEndings }: Revoking) {
    const told = isPutBack === true ? 0 : MAX_ANNOUNCED
    const tells = tellsEnds && areEndings === true
    const [ended, outboxMoved] = tells
      ? [
          sql`ended AS (${appendEnded(tables, shard)}),`,
          sql`, outbox_position = greatest(moved.outbox_position, (SELECT max(position) FROM ended))`,
        ]
      : [sql``, sql``]
    return run<{ known: number }>(sql`WITH
mark AS MATERIALIZED (
  SELECT position, outbox_position, ${instant(at)} AS at FROM ${shards} WHERE shard = ${shard} FOR UPDATE),
given AS (
  SELECT entry, sha256(entry) AS hash, min(place) AS place, min(session) AS session
  FROM unnest(${given.map(encodeEntry)}::text[], ${given.map(sessionOf)}::text[])
    WITH ORDINALITY AS given (encoded, session, place), decode(encoded, 'base64') AS entry
  GROUP BY entry),
added AS (
  INSERT INTO ${revocations} AS known (shard, hash, entry, digest, position)
  SELECT ${shard}::smallint, hash, entry, ('x' || encode(substr(hash, 1, 8), 'hex'))::bit(64)::bigint,
    greatest(mark.at, mark.position + 1) + row_number() OVER (ORDER BY place) - 1
  FROM given, mark
  ON CONFLICT (shard, hash) DO UPDATE SET position = excluded.position
    WHERE known.position <= (SELECT at FROM mark) - ${REVOCATION_RETENTION_MS}::bigint
  RETURNING entry, digest, position),
${ended}
told AS (SELECT * FROM added ORDER BY position LIMIT ${told}::integer),
moved AS (
  UPDATE ${shards} AS moved SET position = sum.position, digest = moved.digest # sum.digest${outboxMoved}
  FROM (SELECT max(position) AS position, bit_xor(digest) AS digest FROM added) AS sum
  WHERE moved.shard = ${shard} AND sum.position IS NOT NULL
  RETURNING moved.epoch, moved.digest, moved.position),
news AS (
  SELECT json_build_object('shard', ${shard}::integer, 'epoch', epoch, 'digest', digest::text, 'position', position) AS head,
    (SELECT json_build_object('told', coalesce(bit_xor(digest), 0)::text,
      'entries', coalesce(json_agg(encode(entry, 'base64') ORDER BY position), '[]')) FROM told) AS tail
  FROM moved),
sized AS (
  SELECT 'R' || (head::jsonb || CASE WHEN octet_length(tail::text) < ${MAX_NEWS_BYTES - 300}::integer THEN tail::jsonb
    ELSE '{"told":"0","entries":[]}' END)::text AS payload
  FROM news)
SELECT count(*) AS known, (SELECT ${news.announcing(sql`payload`)}::text FROM sized) AS announced FROM mark`)
  }

  return {
    ensureShards,
    async revokeEach(run, revoking) {
      const all = revoking.revocations
      for (let from = 0; from < all.length; from += SLICE) {
        const slice = { ...revoking, revocations: all.slice(from, from + SLICE) }
        const [first] = await revoke(run, slice)
        if (first?.known !== 0) continue
        // Somebody emptied the tables.
        await ensureShards(run)
        await revoke(run, slice)
      }
    },
  }
}

/** The session that a revocation ends, if it is one of this deployment. */
function sessionOf(revocation: Revocation): string | null {
  return revocation.kind === 'session' && isSessionId(revocation.session) ? revocation.session : null
}
