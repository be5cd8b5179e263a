import type { Revocation } from '@sallyport/core'
import { tagOf } from '@sallyport/core/store'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createReplica, type Replica } from '../../packages/core/src/revocation/replica.ts'
import { encodeMember, readAnnouncement } from '../../packages/redis/src/feed-codec.ts'
import { turnedClock } from '../support/turned-clock.ts'
import { type ScriptedRevocations, scriptedRevocations } from './scripted-revocations.ts'

const HEARTBEAT_MS = 800
const MINUTE = 60_000
const clock = turnedClock()
let store: ScriptedRevocations
let replica: Replica

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  store = scriptedRevocations()
  replica = createReplica(
    store,
    { mode: 'replicated', maxStalenessMs: 10_000, heartbeatMs: HEARTBEAT_MS },
    clock,
    {
      onRevoked: () => {},
      onForgotten: () => {},
      onTime: () => {},
      onAnnounced: () => {},
      storeTime: () => clock.now(),
      putBackOthers: async () => true,
    },
  )
  await replica.start()
})
afterEach(() => {
  replica.close()
  vi.useRealTimers()
})

const tag = tagOf('alice')
const token = (issuedAt: number) => ({
  ...{ own: true, session: 'one', generation: 1, tag, jti: '0a', kid: 'key' },
  issuedAt,
})

const far: readonly Revocation[] = [
  { kind: 'all', until: clock.now() + 2 * MINUTE },
  { kind: 'subject', tag, notBefore: (clock.now() + 2 * MINUTE) / 1000 },
]
test.each(far)('whoever can publish cannot revoke what is yet to come: $kind', (revocation) => {
  store.forge(0, revocation)
  expect(replica.judge(token(Math.floor(clock.now() / 1000)))).toBe('live')
})

test('what the store itself has is taken as it is', async () => {
  const [everything] = far
  if (everything !== undefined) store.feed(everything)
  store.announce(0)
  await vi.advanceTimersByTimeAsync(0)
  expect(replica.judge(token(Math.floor(clock.now() / 1000)))).toBe('revoked')
})

const HEAD = Buffer.concat([
  Buffer.from('R'),
  Buffer.of(3, 1),
  Buffer.from(`e${'0'.repeat(16)}`),
  Buffer.of(0, 0, 0, 0, 0, 9),
])
function announcement(...members: readonly Buffer[]): Buffer {
  const parts = members.map((member) =>
    Buffer.concat([Buffer.of(member.length >> 8, member.length & 255), member]),
  )
  return Buffer.concat([HEAD, ...parts])
}
const member = encodeMember({ kind: 'token', jti: 'one' })

test('an announcement is read, with as many revocations as a script announces', () => {
  expect(readAnnouncement(announcement(...Array.from({ length: 64 }, () => member)))).toMatchObject({
    shard: 3,
    mark: { epoch: 'e', digest: 0n, position: 9 },
    revocations: { length: 64 },
  })
})

test.each([
  { what: 'more', message: announcement(...Array.from({ length: 65 }, () => member)) },
  { what: 'one that is longer than any', message: announcement(Buffer.alloc(65_535), Buffer.alloc(65_535)) },
  { what: 'one that was cut', message: announcement(member).subarray(0, -1) },
  { what: 'a head that was cut', message: HEAD.subarray(0, 5) },
  { what: 'nothing', message: Buffer.alloc(0) },
])('$what is no announcement', ({ message }) => {
  expect(readAnnouncement(message)).toBeUndefined()
})
