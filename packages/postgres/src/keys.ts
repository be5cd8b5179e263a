import type { KeyRecord, KeyStore, RingEntry } from '@sallyport/core/store'
import { sql } from 'kysely'
import { Unreadable } from './faults.ts'
import type { PortParts } from './parts.ts'

interface RingRow {
  readonly version: number
  readonly entries: unknown
}

/** What is announced when the ring of keys changes. */
const RING_NEWS = 'ring'

/** The ring of signing keys in one row. */
export function createPostgresKeys({ database, tables, news }: PortParts): KeyStore {
  const current = sql<RingRow>`SELECT version, entries FROM ${tables.keyRing}`

  return {
    async read() {
      const answer = await database.step('read-keys', async ({ run }) => recordOf(await run(current)))
      return answer.kind === 'unavailable' ? answer : { kind: 'read', ...answer.value }
    },
    async swap(entries, ifVersion) {
      const answer = await database.step('swap-keys', async ({ run }) => {
        // A ring that is not there has version 0, and there can't be two.
        const swapped = await run(
          sql<RingRow>`WITH swapped AS (
              INSERT INTO ${tables.keyRing} AS known (id, version, entries)
              SELECT 1, ${ifVersion}::bigint + 1, ${JSON.stringify(entries)}::jsonb
              WHERE ${ifVersion}::bigint = 0 OR EXISTS (SELECT FROM ${tables.keyRing})
              ON CONFLICT (id) DO UPDATE SET version = excluded.version, entries = excluded.entries
              WHERE known.version = ${ifVersion}::bigint
              RETURNING version, entries
            )
            SELECT version, entries, ${news.announcing(sql`${RING_NEWS}::text`)}::text AS announced FROM swapped`,
        )
        const isSwapped = swapped.length > 0
        // What another process swapped in meanwhile is seen by a statement that begins after it.
        const ring = recordOf(isSwapped ? swapped : await run(current))
        return { kind: isSwapped ? 'swapped' : 'changed', ring } as const
      })
      return answer.kind === 'unavailable' ? answer : answer.value
    },
    onChange(listener) {
      news.on((message) => {
        if (message === RING_NEWS) listener()
      })
      news.onGap(listener)
    },
  }
}

function recordOf([row]: readonly RingRow[]): KeyRecord {
  if (row === undefined) return { version: 0, entries: [] }
  const { version, entries } = row
  if (!Number.isSafeInteger(version) || !Array.isArray(entries)) throw new Unreadable('the signing keys')
  return { version, entries: entries.map(entryOf) }
}

function entryOf(given: unknown): RingEntry {
  const { kid, sealed, compromisedAt } = Object(given)
  if (typeof kid !== 'string') throw new Unreadable('a signing key')
  if (typeof sealed === 'string') return { kid, sealed }
  // It stays out of use, even if nobody can read any more since when.
  return { kid, compromisedAt: Number(compromisedAt) || 0 }
}
