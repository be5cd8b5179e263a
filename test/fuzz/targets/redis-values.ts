import { isDeepStrictEqual } from 'node:util'
import { apiKeyIdFrom, type DeadLetter, sessionIdFrom, tagOf } from '@sallyport/core/store'
import { packEntry, unpackEntry } from '../../../packages/redis/src/activity-codec.ts'
import { createApiKeyRecords } from '../../../packages/redis/src/api-key-records.ts'
import {
  decodeMember,
  digestOfMembers,
  encodeMember,
  readAnnouncement,
  readDigest,
  readMark,
} from '../../../packages/redis/src/feed-codec.ts'
import { everythingUntil, isOver } from '../../../packages/redis/src/fields.ts'
import { packIp, unpackIp } from '../../../packages/redis/src/ip.ts'
import { createOutboxCodec } from '../../../packages/redis/src/outbox-codec.ts'
import { Unreadable } from '../../../packages/redis/src/unreadable.ts'
import { must, tolerating } from '../parts/must.ts'
import type { Target } from '../target.ts'

const TAG = tagOf('alice')
const SESSION = sessionIdFrom(TAG, 'A'.repeat(22))
const API_KEY = apiKeyIdFrom('A'.repeat(22))
const letter: DeadLetter = {
  ...{ receiver: 'r', id: '1-1', kind: 'signal', at: 1 },
  diedAt: 2,
  reason: 'refused',
}
const KEYS = [Buffer.alloc(32, 1)] as const

/** Members of feeds, announcements, entries of the activity, messages of the outbox and marks, as Redis has them. */
export const redisValues: Target = {
  name: 'redis-values',
  words: ['s:', 'j:', 'k:', 'u:', 'a:', 'R', 'S', 'G', ':', 'session.started'],
  async open() {
    const outbox = createOutboxCodec(KEYS)
    const apiKeys = createApiKeyRecords(KEYS)
    const member = encodeMember({ kind: 'subject', tag: TAG, notBefore: 1_700_000_000 })
    const announcement = Buffer.concat([
      ...[Buffer.from('R\x05\x02ab0123456789abcdef'), Buffer.alloc(6), Buffer.of(0, member.length), member],
    ])
    const entry = {
      tag: TAG,
      at: 1_700_000_000_000,
      event: 'session.started',
      outcome: 'success',
      kind: 'sign_in',
    } as const
    return {
      seeds: [
        ...[member, announcement, packEntry({ ...entry, ip: '192.0.2.1', device: 'Firefox' })],
        ...[encodeMember({ kind: 'session', session: SESSION }), encodeMember({ kind: 'token', jti: 'one' })],
        ...['1700000000:abc', '1700000000', 'a:5', '0123456789abcdef', Buffer.alloc(16), Buffer.alloc(28, 9)],
        ...[outbox.seal({ kind: 'signal', body: '{}', subject: 'alice' }, 1), outbox.sealLetter(letter)],
      ],
      run(input) {
        const text = input.toString('latin1')
        const revocation = decodeMember(input)
        if (revocation !== undefined) {
          const again = decodeMember(encodeMember(revocation))
          must(isDeepStrictEqual(again, revocation), 'a revocation changes')
        }
        digestOfMembers([input])
        readAnnouncement(input)
        const known = unpackEntry(TAG, input)
        if (known !== undefined) packEntry(known)
        outbox.readLetter(input)
        outbox.read('1-1', [Buffer.from('p'), input])
        outbox.read('1-1', [Buffer.from('s'), input, Buffer.from('u'), input, Buffer.from('t'), input])
        tolerating([Unreadable], () => readMark(text))
        tolerating([Unreadable], () => readDigest(text))
        tolerating([Unreadable], () => everythingUntil(input))
        tolerating([Unreadable], () => isOver(input, Buffer.alloc(16), input))
        tolerating([Unreadable], () => apiKeys.read(TAG, API_KEY, input))
        const ip = tolerating([Unreadable], () => unpackIp(input))
        if (ip) must(packIp(ip).equals(input), 'an address changes')
      },
    }
  },
}
