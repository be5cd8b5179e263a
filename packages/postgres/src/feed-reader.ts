import { type FeedMark, REVOCATION_RETENTION_MS, type RevocationStore, SHARDS } from '@sallyport/core/store'
import { sql } from 'kysely'
import { decodeEntries, readDigest } from './feed-codec.ts'
import type { PortParts } from './parts.ts'
import { serverNow } from './tables.ts'

/** Most revocations that a pull returns. */
const MAX_PULLED = 500
/** In a feed that began so recently, others may be about to put back what the store lost. */
const SETTLED_AFTER_MS = 2000

interface MarkRow {
  readonly shard: number
  readonly epoch: string
  readonly digest: string
  readonly now: number
}

interface PulledRow extends MarkRow {
  readonly began_at: number
  /** The latest position of the shard, and the last one of the page. */
  readonly position: number
  readonly read_up_to: number | null
  readonly ended_until: number
  readonly is_claimed: boolean
  readonly entries: readonly string[]
  readonly read_digest: string
}

/** Reads the feeds. Each statement sees the marks and the entries as they were at one moment. */
export function createFeedReader(
  parts: PortParts,
  mayHaveOthers: () => Promise<boolean>,
): Pick<RevocationStore, 'marks' | 'pull'> {
  const { database, tables, feeds } = parts

  /** Whether the store knows for certain that nothing will be put back. */
  async function isUnsettled({ is_claimed, now, began_at }: PulledRow): Promise<boolean> {
    if (is_claimed) return true
    const isYoung = Number(now) - Number(began_at) < SETTLED_AFTER_MS
    // If it can't be asked, somebody may be there.
    return isYoung && (await mayHaveOthers().catch(() => true))
  }

  return {
    async marks() {
      const answer = await database.run<MarkRow>(
        'marks',
        sql`SELECT shard, epoch, digest::text AS digest, ${serverNow} AS now FROM ${tables.shards}`,
      )
      if (answer.kind === 'unavailable') return answer
      const rows = new Map(answer.value.map((row) => [row.shard, row]))
      const marks = Array.from({ length: SHARDS }, (_, shard): FeedMark => {
        const row = rows.get(shard)
        return row === undefined
          ? { epoch: '', digest: 0n }
          : { epoch: row.epoch, digest: readDigest(row.digest) }
      })
      const [first] = answer.value
      const at = parts.serverCounts && first !== undefined ? { at: Number(first.now) } : {}
      return { kind: 'marks', marks, ...at }
    },

    async pull(shard, after) {
      const statement = sql<PulledRow>`WITH
mark AS (SELECT * FROM ${tables.shards} WHERE shard = ${shard}),
page AS (
  SELECT r.entry, r.digest, r.position FROM ${tables.revocations} AS r, mark
  WHERE r.shard = ${shard} AND r.position > greatest(${after}::bigint, mark.position - ${REVOCATION_RETENTION_MS}::bigint)
  ORDER BY r.position LIMIT ${MAX_PULLED}::integer),
read AS (
  SELECT coalesce(json_agg(encode(entry, 'base64') ORDER BY position), '[]') AS entries,
    coalesce(bit_xor(digest), 0)::text AS read_digest, max(position) AS read_up_to, count(*) AS count
  FROM page)
SELECT mark.shard, mark.epoch, mark.digest::text AS digest, mark.began_at, mark.position, mark.ended_until,
  CASE WHEN read.count = ${MAX_PULLED}::integer THEN read.read_up_to END AS read_up_to, read.entries, read.read_digest,
  EXISTS (SELECT FROM ${tables.leases} AS l WHERE l.shard = mark.shard AND l.lasts_until > ${serverNow}) AS is_claimed,
  ${serverNow} AS now
FROM mark, read`
      const answer = await database.step('pull', async ({ run, transaction }) => {
        const [found] = await run(statement)
        if (found !== undefined) return found
        // Somebody emptied the tables.
        await transaction(feeds.ensureShards)
        const [made] = await run(statement)
        return made
      })
      if (answer.kind === 'unavailable') return answer
      const { value: row } = answer
      if (row === undefined) return { kind: 'unavailable' }
      const until = Number(row.ended_until)
      const isFirst = after === 0 && until >= 0
      const read = decodeEntries(row.entries)
      const isFed = read.some((one) => one.kind === 'all' && one.until === until)
      return {
        kind: 'pulled',
        mark: { epoch: row.epoch, digest: readDigest(row.digest) },
        position: Number(row.read_up_to ?? row.position),
        more: row.read_up_to !== null,
        unsettled: await isUnsettled(row),
        // The end of everything outlives the feed: sessions that it ended may come back with a backup.
        revocations: isFirst && !isFed ? [{ kind: 'all', until }, ...read] : read,
        digest: readDigest(row.read_digest),
      }
    },
  }
}
