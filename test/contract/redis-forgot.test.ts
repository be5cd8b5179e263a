import { randomUUID } from 'node:crypto'
import type { Store, TokenIdentity } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { createReplica, type Replica } from '../../packages/core/src/revocation/replica.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { storeContext } from '../support/store-context.ts'
import {
  LIFETIMES,
  newSubject,
  ofKind,
  opened,
  opening,
  rotation,
  SECOND,
  START,
  tokenOf,
} from './fixtures.ts'

const context = storeContext
const HEALED_WITHIN_MS = 2000

let redis: RedisServer
let admin: Redis
const nodes: { readonly store: Store; readonly replica: Replica }[] = []

beforeAll(async () => {
  redis = await startRedis()
  admin = redisClient(redis)
})
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
})
beforeEach(() => admin.flushall())
afterEach(async () => {
  for (const { store, replica } of nodes.splice(0)) {
    replica.close()
    await store.close()
  }
})

/** A process that follows the store. */
async function node(putBackOthers: (shard: number) => Promise<boolean> = async () => true) {
  const store = await redisStore({ url: redis.url, time: 'caller' }).open(context)
  const clock = { now: () => START, monotonic: () => performance.now() }
  const settings = { mode: 'replicated', maxStalenessMs: 10_000, heartbeatMs: 50 } as const
  const replica = createReplica(store.revocations, settings, clock, {
    onRevoked: () => {},
    onForgotten: () => {},
    onTime: () => {},
    onAnnounced: () => {},
    storeTime: () => Number.MAX_SAFE_INTEGER,
    putBackOthers,
  })
  await replica.start()
  nodes.push({ store, replica })
  return { store, replica }
}

const verdictOf = async ({ store }: { readonly store: Store }, token: TokenIdentity): Promise<string> =>
  (await store.revocations.check(token)).kind

test('whatever a process knows to be revoked is revoked again in a Redis that forgot', async () => {
  const forgotten = vi.fn(async () => true)
  const { store, replica } = await node(forgotten)
  const subject = newSubject()
  const session = await opened(store, opening(subject))
  const [jti, kid, sid] = [randomUUID(), randomUUID(), randomUUID()]
  await store.revocations.revoke({ kind: 'token', jti }, START)
  await store.revocations.revoke({ kind: 'key', kid }, START)
  await store.sessions.end({ id: sid, at: START, evenIfAbsent: true })
  const gone = newSubject()
  await store.sessions.endSubject({ tag: gone.tag, at: START, lifetimes: LIFETIMES })
  await store.sessions.end({ id: session.id, at: START, evenIfAbsent: false })
  const revoked: readonly TokenIdentity[] = [
    tokenOf(subject.tag, { session: session.id }),
    tokenOf(subject.tag, { jti }),
    tokenOf(subject.tag, { kid }),
    tokenOf(subject.tag, { session: sid }),
    tokenOf(gone.tag, { issuedAt: START / SECOND }),
  ]
  await vi.waitFor(() => {
    for (const token of revoked) expect(replica.judge(token)).toBe('revoked')
  }, HEALED_WITHIN_MS)

  await admin.flushall()
  const late = await redisStore({ url: redis.url, time: 'caller' }).open(context)
  await vi.waitFor(async () => {
    for (const token of revoked) expect(await verdictOf({ store: late }, token)).toBe('revoked')
  }, HEALED_WITHIN_MS)
  const { issueFrom } = ofKind(await late.sessions.open(opening(gone)), 'opened')
  expect(issueFrom).toBe(START / SECOND + 1)
  await late.close()
  expect(forgotten.mock.calls.length).toBeGreaterThan(0)
})

test('a session that comes back from the dead, as from an older copy, is ended again', async () => {
  const { store, replica } = await node()
  const subject = newSubject()
  const [dead, alive] = [await opened(store, opening(subject)), await opened(store, opening(subject))]
  const [key = ''] = await admin.keys('*:u:*')
  const copy = await admin.dumpBuffer(key)
  await store.sessions.end({ id: dead.id, at: START, evenIfAbsent: false })
  await vi.waitFor(() => {
    expect(replica.judge(tokenOf(subject.tag, { session: dead.id }))).toBe('revoked')
  }, HEALED_WITHIN_MS)
  // At once, as a server starts from its copy: nothing can be put back in between.
  await admin.multi().flushall().restore(key, 1_000_000, copy).exec()
  await vi.waitFor(async () => {
    expect(await store.sessions.rotate(rotation(dead, { generation: 5 }))).toEqual({ kind: 'unknown' })
  }, HEALED_WITHIN_MS)
  expect(await store.sessions.rotate(rotation(alive))).toMatchObject({ kind: 'rotated' })
})

test('a process puts back the ends of a subject so that the latest counts, however long it knew them', async () => {
  const MINUTE = 60 * SECOND
  const subject = newSubject()
  const store = await redisStore({ url: redis.url, time: 'caller' }).open(context)
  let now = START
  const clock = { now: () => now, monotonic: () => performance.now() }
  const settings = { mode: 'replicated', maxStalenessMs: 10_000, heartbeatMs: 50 } as const
  const replica = createReplica(store.revocations, settings, clock, {
    onRevoked: () => {},
    onForgotten: () => {},
    onTime: () => {},
    onAnnounced: () => {},
    storeTime: () => Number.MAX_SAFE_INTEGER,
    putBackOthers: async () => true,
  })
  await replica.start()
  nodes.push({ store, replica })
  for (; now <= START + 24 * MINUTE; now += 8 * MINUTE) {
    const outcome = await store.sessions.endSubject({ tag: subject.tag, at: now, lifetimes: LIFETIMES })
    replica.add(ofKind(outcome, 'ended').revocation)
  }
  const token = tokenOf(subject.tag, { issuedAt: (START + 24 * MINUTE) / SECOND })
  await admin.flushall()
  await vi.waitFor(async () => {
    expect((await admin.keys('*:u:*')).length).toBe(1)
  }, HEALED_WITHIN_MS)
  expect(await verdictOf({ store }, token)).toBe('revoked')
})
