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
    /** A column of JSON has whatever somebody has put there. */
    function rowWith(text: string): SessionRow | undefined {
      try {
        return { ...row, particulars: JSON.parse(text) }
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
        const read = rowWith(text)
        if (read !== undefined) {
          tolerating([Unreadable], () => records.read(read))
          const others = records.readEach([read, row])
          must(
            others.some(({ id }) => id === ID),
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
