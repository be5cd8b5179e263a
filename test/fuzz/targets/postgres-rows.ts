import { isDeepStrictEqual } from 'node:util'
import { type Grant, sessionIdFrom, tagOf } from '@sallyport/core/store'
import { Unreadable } from '../../../packages/postgres/src/faults.ts'
import { decodeEntries, encodeEntry, readAnnouncement } from '../../../packages/postgres/src/feed-codec.ts'
import { createOutboxRows } from '../../../packages/postgres/src/outbox/rows.ts'
import { createRecords, particularsOf, type SessionRow } from '../../../packages/postgres/src/records.ts'
import { createSeals } from '../../../packages/postgres/src/seals.ts'
import { parsers } from '../../../packages/postgres/src/values.ts'
import { must, tolerating } from '../parts/must.ts'
import type { Target } from '../target.ts'

const SUBJECT = 'alice'
const ID = sessionIdFrom(tagOf(SUBJECT), 'A'.repeat(22))
const BYTEA = 17
const grant: Grant = {
  client: 'web',
  scope: 'read',
  transport: 'cookie',
  device: '',
  authenticatedAt: 1,
  subject: SUBJECT,
}
const particular: Grant = {
  ...grant,
  acr: 'a',
  amr: ['pwd'],
  transient: true,
  elevation: { acr: 'b', authenticatedAt: 1, until: 2 },
  boundTo: { jkt: 'j' },
  boundKey: { jkt: 'j', alg: 'ES256', jwk: { kty: 'EC' }, boundAt: 1 },
}

/** Rows of sessions and of the outbox, and announcements, as PostgreSQL has them. */
export const postgresRows: Target = {
  name: 'postgres-rows',
  words: [
    '"shard"',
    '"epoch"',
    '"digest"',
    '"position"',
    '"told"',
    '"entries"',
    '"boundKey"',
    '"boundTo"',
    '\\x',
  ],
  async open() {
    const seals = createSeals([Buffer.alloc(32, 1)])
    const records = createRecords(seals, () => {})
    const outbox = createOutboxRows(seals)
    const row: SessionRow = {
      ...{ id: ID, subject: SUBJECT, client: 'web', scope: 'read', transport: 'cookie', device: '' },
      ...{
        authenticated_at: 1,
        particulars: {},
        idle_ms: null,
        absolute_ms: null,
        seal: records.seal(ID, grant),
      },
      ...{
        generation: 1,
        base: 0,
        keyed: false,
        confirmed: true,
        converged: 0,
        retry_key: null,
        retry_key_sent: false,
      },
      ...{ cells: Buffer.alloc(0), browser_version: 0, ip: null, created_at: 1, rotated_at: 1, version: 1 },
    }
    const particularRow = {
      ...row,
      particulars: JSON.parse(particularsOf(particular)),
      seal: records.seal(ID, particular),
    }

    /** A column of JSON has whatever somebody has put there. */
    function rowWith(base: SessionRow, text: string): SessionRow | undefined {
      try {
        return { ...base, particulars: JSON.parse(text) }
      } catch {
        return undefined
      }
    }

    const told = { shard: 1, epoch: 'e', digest: '5', position: 1, told: '6' }
    return {
      seeds: [
        particularsOf(particular),
        particularsOf(grant),
        `R${JSON.stringify({ ...told, entries: [encodeEntry({ kind: 'key', kid: 'k' })] })}`,
        encodeEntry({ kind: 'subject', tag: tagOf(SUBJECT), notBefore: 5 }),
        '\\x00ff',
        '\\134\\000a',
      ],
      run(input) {
        const text = input.toString()
        for (const base of [row, particularRow]) {
          const read = rowWith(base, text)
          if (read === undefined) continue
          const found = tolerating([Unreadable], () => records.read(read))
          const genuine = records.read(base)
          must(found === undefined || isDeepStrictEqual(found, genuine), 'what is behind the seal changes')
          must(
            records.readEach([read, base]).length > 0,
            'a session can no longer be read because of another',
          )
        }
        readAnnouncement(text)
        decodeEntries([text])
        parsers.getTypeParser(BYTEA, 'text')(text)
        const message = { position: 1, kind: text, subject: text, session: text, at: 1, body: text }
        for (const seal of [null, input]) outbox.read(1, { ...message, seal })
        outbox.readLetter({ ...message, receiver: text, shard: 1, died_at: 1, reason: text, seal: input })
      },
    }
  },
}
