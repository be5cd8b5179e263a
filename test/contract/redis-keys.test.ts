import { randomUUID } from 'node:crypto'
import { REVOCATION_RETENTION_MS, type Store } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { storeContext } from '../support/store-context.ts'
import {
  confirmed,
  HOUR,
  LIFETIMES,
  newId,
  newSubject,
  ofKind,
  opened,
  opening,
  rotation,
  SECOND,
  START,
} from './fixtures.ts'
import { answers, castOf, WELL } from './redis-steps.ts'

const context = storeContext

let redis: RedisServer
let admin: Redis
let store: Store
beforeAll(async () => {
  redis = await startRedis()
  admin = redisClient(redis)
})
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
})
beforeEach(async () => {
  await admin.flushall()
  store = await redisStore({ url: redis.url, time: 'caller' }).open(context)
})
afterEach(() => store.close())

const ttlOf = async (part: RegExp): Promise<number> => {
  const keys = (await admin.keys('*')).filter((key) => part.test(key))
  expect(keys).toHaveLength(1)
  return admin.pttl(keys[0] ?? '')
}

/** Documents and their sets, which stay until somebody changes them. */
const STAYS = /:(x$|y:)/

test('after every kind of step, every key that is there expires', async () => {
  const { subject, toRotate } = await castOf(store)
  const at = START + SECOND
  const all = { tag: subject.tag, at, lifetimes: LIFETIMES }
  const limits = { refreshLimit: { count: 1, windowMs: HOUR }, convergedLimit: 1 }
  const lost = { kind: 'subject', tag: newSubject().tag, notBefore: 5 } as const
  const steps: readonly (() => unknown)[] = [
    () =>
      answers(store, {
        subject,
        toRotate,
        toSteal: toRotate,
        toElevate: toRotate,
        toBind: toRotate,
        toEnd: toRotate,
      }),
    () => store.sessions.rotate(rotation({ id: newId(newSubject()) })),
    () => store.sessions.confirm({ id: newId(newSubject()), generation: 1 }),
    () => store.sessions.end({ id: newId(newSubject()), at, evenIfAbsent: true }),
    () => store.sessions.open(opening(subject, { sessionLimit: 2 })),
    () => store.sessions.endSubject({ ...all, except: newId(subject) }),
    () => store.revocations.assert(store.revocations.shardOf(lost), [lost], at),
    async () => {
      const session = await opened(store, opening(newSubject()))
      for (const generation of [1, 1, 1, 2, 2])
        await store.sessions.rotate(rotation(session, { generation, ...limits }))
      await confirmed(store, { id: session.id, generation: 2 })
    },
    async () => {
      const busy = newSubject()
      for (let time = 0; time < 70; time++) await opened(store, opening(busy, { at: START + time * HOUR }))
    },
    () => Promise.all(Array.from({ length: 16 }, (_, shard) => store.revocations.pull(shard, 0))),
    () => store.keys.swap([], 0),
    () => store.keys.swap([{ kid: 'one', sealed: 'one' }], 1),
  ]
  for (const step of steps) {
    await step()
    await store.ping()
    const keys = (await admin.keys('*')).filter((key) => !STAYS.test(key))
    const ttls = await Promise.all(keys.map((key) => admin.pttl(key)))
    expect(keys.filter((_, index) => (ttls[index] ?? 0) <= 0)).toEqual([])
  }
  expect(await admin.keys('*')).not.toEqual([])
})

test('the ring of keys expires, but never with the mark of a compromised key in it', async () => {
  const key = { kid: 'one', sealed: 'one' }
  const mark = { kid: 'two', compromisedAt: START }
  await store.keys.swap([key], 0)
  expect(await ttlOf(/:k$/)).toBeGreaterThan(300 * 24 * HOUR)
  await store.keys.swap([mark, key], 1)
  expect(await ttlOf(/:k$/)).toBe(-1)
  await store.keys.swap([key, mark], 2)
  expect(await ttlOf(/:k$/)).toBe(-1)
})

test('the sessions of one who signs in for years do not pile up', async () => {
  const subject = newSubject()
  for (let hour = 0; hour < 400; hour++) await opened(store, opening(subject, { at: START + hour * HOUR }))
  const [key = ''] = await admin.keys('*:u:*')
  expect(await admin.hlen(key)).toBeLessThan(150)
})

test('asking about nobody leaves nothing behind', async () => {
  const { tag } = newSubject()
  const id = newId(newSubject())
  await store.sessions.list({ tag, at: START, lifetimes: LIFETIMES })
  await store.sessions.rotate(rotation({ id }))
  await confirmed(store, { id, generation: 1 })
  await store.sessions.end({ id, at: START, evenIfAbsent: false })
  await store.keys.read()
  expect((await admin.keys('*')).filter((key) => !key.includes('probe'))).toEqual([])
})

test("a subject's key lives as long as its longest session", async () => {
  const subject = newSubject()
  const long = { idleMs: 5 * HOUR, absoluteMs: 5 * HOUR }
  await opened(store, opening(subject))
  expect(await ttlOf(/:u:/)).toBeGreaterThan(HOUR - 10 * SECOND)
  expect(await ttlOf(/:u:/)).toBeLessThanOrEqual(HOUR)
  const session = await opened(store, opening(subject, { lifetimes: long }))
  await opened(store, opening(subject))
  expect(await ttlOf(/:u:/)).toBeGreaterThan(5 * HOUR - 10 * SECOND)
  await admin.pexpire((await admin.keys('*:u:*'))[0] ?? '', 1000)
  await store.sessions.rotate(rotation(session, { at: START }))
  expect(await ttlOf(/:u:/)).toBeGreaterThan(HOUR - 10 * SECOND)
})

test('the end of a subject, and what was revoked, are kept as long as tokens live', async () => {
  const { tag } = newSubject()
  await store.sessions.endSubject({ tag, at: START, lifetimes: LIFETIMES })
  for (const part of [/:u:/, /:r$/])
    expect(await ttlOf(part)).toBeGreaterThan(REVOCATION_RETENTION_MS - 10 * SECOND)
  expect(await ttlOf(/:m$/)).toBeGreaterThan(30 * 24 * HOUR)
})

test('all keys begin with the prefix, and two prefixes are two places', async () => {
  const apart = await redisStore({ url: redis.url, keyPrefix: 'apart.v2', time: 'caller' }).open(context)
  expect(await answers(apart, await castOf(apart))).toEqual(WELL)
  expect((await admin.keys('*')).every((key) => key.startsWith('apart.v2:{'))).toBe(true)
  const { toRotate } = await castOf(apart)
  expect(await store.sessions.rotate(rotation(toRotate))).toEqual({ kind: 'unknown' })
  expect(ofKind(await store.keys.read(), 'read').entries).toEqual([])
  await apart.close()
})

test("by default the server's clock counts, whatever a caller believes", async () => {
  const onTheirTime = await redisStore({ url: redis.url }).open(context)
  const before = Date.now()
  const session = await opened(onTheirTime, opening(newSubject(), { at: 5 }))
  expect(session.createdAt).toBeGreaterThanOrEqual(before - 1)
  expect(session.createdAt).toBeLessThanOrEqual(Date.now() + 1)
  const late = rotation(session, { at: before + 100 * HOUR })
  const { rotatedAt } = ofKind(await onTheirTime.sessions.rotate(late), 'rotated').session
  expect(rotatedAt).toBeLessThanOrEqual(Date.now() + 1)
  await onTheirTime.close()
})

test("a client's settings are taken over, on connections of the store's own, and the client is left alone", async () => {
  const client = redisClient(redis)
  await client.config('RESETSTAT')
  const listeners = client.eventNames().map((name) => client.listenerCount(name))
  const own = await redisStore({ client, time: 'caller' }).open(context)
  expect(await answers(own, await castOf(own))).toEqual(WELL)
  expect((await admin.keys('*')).every((key) => key.startsWith('sp:'))).toBe(true)
  expect(client.eventNames().map((name) => client.listenerCount(name))).toEqual(listeners)
  await own.close()
  await client.set('mine', 'still works')
  expect(await admin.get('mine')).toBe('still works')
  client.disconnect()
})

test('two connections are opened, and none is left when it is closed', async () => {
  const connections = async (): Promise<number> =>
    String(await admin.client('LIST')).match(/name=sallyport/g)?.length ?? 0
  await vi.waitFor(async () => expect(await connections()).toBe(2), 2000)
  await store.close()
  await vi.waitFor(async () => expect(await connections()).toBe(0), 2000)
  expect(await store.ping()).toBe(false)
  const revoked = await store.revocations.revoke({ kind: 'token', jti: randomUUID() }, START)
  expect(revoked).toEqual({ kind: 'unavailable' })
})

test('scripts that the server forgot are sent again', async () => {
  await castOf(store)
  await admin.script('FLUSH')
  expect(await answers(store, await castOf(store))).toEqual(WELL)
})
