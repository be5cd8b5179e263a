import { randomBytes } from 'node:crypto'
import {
  type ApiKey,
  type ApiKeyStore,
  MAX_API_KEY_MS,
  type Store,
  type StoreContext,
} from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { storeContext } from '../support/store-context.ts'
import { keyOf } from './api-keys.contract.ts'
import { newSubject, ofKind, START, type Subject } from './fixtures.ts'

const UNAVAILABLE = { kind: 'unavailable' }
const FIELD_BYTES = 16

let redis: RedisServer
let admin: Redis
let store: Store
let notices: string[]

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
  notices = []
  store = await openStore()
})
afterEach(() => store.close())

function openStore(more: Partial<StoreContext> = {}): Promise<Store> {
  const notice = (message: string): void => void notices.push(message)
  return redisStore({ url: redis.url, time: 'caller' }).open({ ...storeContext, notice, ...more })
}

function keysIn({ apiKeys }: Store): ApiKeyStore {
  if (apiKeys === undefined) throw new TypeError('the store keeps no API keys')
  return apiKeys
}

async function created(subject: Subject, more: Partial<ApiKey> = {}): Promise<ApiKey> {
  const key = keyOf(subject, more)
  return ofKind(await keysIn(store).create({ tag: subject.tag, key, most: 50, at: START }), 'created').key
}

/** Where the record of a key lies, and the record. */
async function placeOf({ tag }: Subject, { id }: ApiKey) {
  const hash = `sp:{${shardOf(tag)}}:i:${tag}`
  const field = Buffer.from(id.slice(4), 'base64url')
  const record = await admin.hgetBuffer(hash, field)
  if (record === null) throw new TypeError(`no record in ${hash}`)
  return { hash, field, record }
}

function shardOf(tag: string): string {
  return (Buffer.from(tag, 'base64url').readUInt8(0) >> 4).toString(16)
}

test('with any byte changed, a key is unavailable, is told of, and others are read', async () => {
  const subject = newSubject()
  const [changed, other] = [await created(subject), await created(subject)]
  const { hash, field, record } = await placeOf(subject, changed)
  for (let at = 0; at < record.length; at++) {
    const altered = Buffer.from(record)
    altered[at] = (altered[at] ?? 0) ^ 1
    await admin.hset(hash, field, altered)
    expect(await keysIn(store).read(subject.tag, changed.id, START), `byte ${at}`).toEqual(UNAVAILABLE)
    expect(await keysIn(store).read(subject.tag, other.id, START)).toEqual({ kind: 'read', key: other })
  }
  const { keys } = ofKind(await keysIn(store).list(subject.tag, START), 'listed')
  expect(keys.map(({ id }) => id)).toEqual([other.id])
  expect(new Set(notices).size).toBe(notices.length)
  expect(notices.join()).toContain('an API key')
  // It can still be revoked.
  expect(await keysIn(store).revoke(subject.tag, changed.id, START)).toMatchObject({ keys: [changed.id] })
  expect(await keysIn(store).read(subject.tag, changed.id, START)).toEqual({ kind: 'unknown' })
})

test('the record of one key is no record of another, nor of another subject', async () => {
  const [subject, stranger] = [newSubject(), newSubject()]
  const [one, two, foreign] = [await created(subject), await created(subject), await created(stranger)]
  const [from, to, elsewhere] = [
    await placeOf(subject, one),
    await placeOf(subject, two),
    await placeOf(stranger, foreign),
  ]
  await admin.hset(to.hash, to.field, from.record)
  await admin.hset(elsewhere.hash, elsewhere.field, from.record)
  expect(await keysIn(store).read(subject.tag, two.id, START)).toEqual(UNAVAILABLE)
  expect(await keysIn(store).read(stranger.tag, foreign.id, START)).toEqual(UNAVAILABLE)
})

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a byte', Buffer.of(0)],
  ['a word', Buffer.from('damaged')],
  ['zeros', Buffer.alloc(200)],
  ['high bytes', Buffer.alloc(200, 0xff)],
  ['a long text', Buffer.alloc(5000, 'x')],
])('with %s in the place of a record, every step is answered', async (_name, damage) => {
  const subject = newSubject()
  const [damaged, other] = [await created(subject), await created(subject)]
  const { hash, field } = await placeOf(subject, damaged)
  await keysIn(store).touch(subject.tag, other.id, START)
  await admin.hset(hash, field, damage)
  await admin.hset(hash, Buffer.concat([Buffer.from('.'), (await placeOf(subject, other)).field]), damage)
  expect(await keysIn(store).read(subject.tag, damaged.id, START)).toEqual(UNAVAILABLE)
  ofKind(await keysIn(store).touch(subject.tag, damaged.id, START), 'noted')
  const { keys } = ofKind(await keysIn(store).list(subject.tag, START), 'listed')
  expect(keys).toEqual([other])
  await created(subject)
  ofKind(await keysIn(store).revoke(subject.tag, 'all', START), 'revoked')
  expect(await keysIn(store).read(subject.tag, damaged.id, START)).toEqual({ kind: 'unknown' })
})

test('a hash that somebody has filled, or replaced, is unavailable to its subject alone', async () => {
  const [subject, stranger] = [newSubject(), newSubject()]
  const { hash } = await placeOf(subject, await created(subject))
  for (let index = 0; index < 600; index++) await admin.hset(hash, randomBytes(FIELD_BYTES), 'x')
  expect(await keysIn(store).list(subject.tag, START)).toEqual(UNAVAILABLE)
  await admin.del(hash)
  await admin.set(hash, 'x')
  const key = keyOf(subject)
  const creation = { tag: subject.tag, key, most: 5, at: START }
  expect(await keysIn(store).create(creation)).toEqual(UNAVAILABLE)
  expect(await keysIn(store).read(subject.tag, key.id, START)).toEqual(UNAVAILABLE)
  expect(await keysIn(store).revoke(subject.tag, 'all', START)).toEqual(UNAVAILABLE)
  await created(stranger)
})

test('a key in use outlives the secret under which it was made', async () => {
  const subject = newSubject()
  const [used, unused] = [await created(subject), await created(subject)]
  const [first, next] = [storeContext.integrityKeys[0], Buffer.alloc(32, 2)]
  const both = await openStore({ integrityKeys: [next, first] })
  const before = await placeOf(subject, used)
  expect(await keysIn(both).read(subject.tag, used.id, START)).toEqual({ kind: 'read', key: used })
  await vi.waitFor(async () => expect((await placeOf(subject, used)).record).not.toEqual(before.record))
  const later = await openStore({ integrityKeys: [next] })
  expect(await keysIn(later).read(subject.tag, used.id, START)).toEqual({ kind: 'read', key: used })
  expect(await keysIn(later).read(subject.tag, unused.id, START)).toEqual(UNAVAILABLE)
  await Promise.all([both.close(), later.close()])
})

test('everything expires, but the end of everything not before the longest key', async () => {
  const subject = newSubject()
  await created(subject, { expiresAt: START + MAX_API_KEY_MS })
  const used = await created(subject)
  await keysIn(store).touch(subject.tag, used.id, START)
  ofKind(await store.revocations.revokeAll(START), 'revoked')
  const all = await admin.keys('*')
  for (const key of all) expect({ key, expires: (await admin.pttl(key)) > 0 }).toEqual({ key, expires: true })
  const slack = 60_000
  for (const key of all.filter((name) => name.endsWith(':m') || name.includes(':i:')))
    expect(await admin.pttl(key)).toBeGreaterThan(MAX_API_KEY_MS - slack)
})
