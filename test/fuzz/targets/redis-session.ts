import { isDeepStrictEqual } from 'node:util'
import { type Grant, sessionIdFrom, tagOf } from '@sallyport/core/store'
import { packNewState, unpackBinding, unpackLine, unpackRotation } from '../../../packages/redis/src/codec.ts'
import { packGrant, unpackGrant } from '../../../packages/redis/src/grant-codec.ts'
import { createRecords } from '../../../packages/redis/src/records.ts'
import { Unreadable } from '../../../packages/redis/src/unreadable.ts'
import { must, tolerating } from '../parts/must.ts'
import type { Target } from '../target.ts'

const SUBJECT = 'alice'
const ID = sessionIdFrom(tagOf(SUBJECT), 'A'.repeat(22))
const grant: Grant = {
  client: 'web',
  scope: 'read write',
  authenticatedAt: 1_700_000_000,
  device: 'd'.repeat(22),
  subject: SUBJECT,
  transport: 'cookie',
}
const binding = { cells: Buffer.alloc(18, 3), version: 120 }

/** Sessions and replies of scripts, as Redis has them. Their state is behind no MAC. */
export const redisSession: Target = {
  name: 'redis-session',
  async open() {
    const records = createRecords([Buffer.alloc(32, 1)], () => {})
    const full: Grant = { ...grant, transport: 'body', lifetimes: { idleMs: 1, absoluteMs: 2 } }
    const states = [
      packNewState(grant, { binding, ip: '192.0.2.1', keyed: false }),
      packNewState(full, { binding, ip: '2001:db8::1', keyed: true }),
    ]
    const reply = Buffer.concat([
      ...[Buffer.from('R'), Buffer.alloc(9), Buffer.of(states[0]?.length ?? 0, 0, SUBJECT.length, 0)],
      ...[states[0] ?? Buffer.alloc(0), Buffer.from(SUBJECT), packGrant(grant)],
    ])
    const packed = packGrant({ ...grant, acr: 'a', amr: ['pwd'], transient: true })
    return {
      seeds: [...states, reply, packed, packGrant({ ...full, elevation: { authenticatedAt: 1, until: 2 } })],
      run(input) {
        const stored = { id: ID, subject: SUBJECT, state: input }
        const sealed = records.seal(stored, packGrant(grant))
        const session = tolerating([Unreadable], () => records.read({ ...stored, grant: sealed }))
        if (session !== undefined) {
          must(
            session.client === grant.client && session.subject === SUBJECT,
            'what is behind the MAC changes',
          )
          unpackBinding(input)
          unpackLine(input)
        }
        must(
          tolerating([Unreadable], () => records.read({ ...stored, grant: input })) === undefined,
          'a forged grant is read',
        )
        // The store takes a reply that can't be read for an outage, by whatever error.
        tolerating([Unreadable, RangeError], () =>
          unpackRotation(input, (subject, state, own) =>
            records.read({ id: ID, subject, state, grant: own }),
          ),
        )
        const read = tolerating([Unreadable, SyntaxError], () => unpackGrant(input))
        if (read !== undefined && isOurs(input))
          must(isDeepStrictEqual(unpackGrant(packGrant(read)), read), 'a grant changes')
      },
    }
  },
}

/** Whether the codec wrote it: it always writes the same for the same. */
function isOurs(input: Buffer): boolean {
  const read = tolerating([Unreadable, SyntaxError], () => unpackGrant(input))
  return read !== undefined && packGrant(read).equals(input)
}
