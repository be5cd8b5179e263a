import type { SessionId, Store } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { storeContext } from '../support/store-context.ts'
import { ended, spawnTied } from '../support/tied.ts'
import { newSubject, ofKind, opened, opening, type Subject } from './fixtures.ts'

const MANY = 2000
const AT_ONCE = 250
const WAIT = { timeout: 20_000, interval: 20 }
/** Of what is noted of an ending, the time from which on it counts as broken off. */
const BROKEN_OFF = { at: 12, bytes: 6 }

let redis: RedisServer
let admin: Redis
/** Two processes, as far as the server can tell. */
let stores: readonly [Store, Store]
let subject: Subject
let ids: SessionId[]

beforeAll(async () => {
  redis = await startRedis()
  admin = redisClient(redis)
})
beforeEach(async () => {
  await admin.flushall()
  const driver = redisStore({ url: redis.url, commandTimeoutMs: 20_000 })
  const both = [await driver.open(storeContext), await driver.open(storeContext)] as const
  stores = both
  onTestFinished(async () => {
    for (const store of both) await store.close()
  })
  subject = newSubject()
  ids = []
  while (ids.length < MANY) {
    const some = Array.from({ length: AT_ONCE }, () => opened(both[0], opening(subject)))
    ids.push(...(await Promise.all(some)).map(({ id }) => id))
  }
})
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
})

async function keyOf(pattern: string): Promise<string> {
  const [key] = await admin.keys(pattern)
  return key ?? ''
}

/** The fields of the sessions of which the outbox has told. */
async function told(): Promise<readonly string[]> {
  const entries = await admin.xrangeBuffer(await keyOf('*:q'), '-', '+')
  return entries.map(([, fields]) => fields[1]?.subarray(12).toString('base64url') ?? '')
}

async function sessionsLeft(): Promise<number> {
  const fields = await admin.hkeysBuffer(await keyOf(`*:u:${subject.tag}`))
  return fields.filter(({ length }) => length === 16).length
}

const notes = async () => admin.hgetBuffer(await keyOf('*:m'), 'y')
const beat = () => Promise.all(stores.map(async (one) => ofKind(await one.revocations.marks(), 'marks')))

test('of many sessions whose ending was killed on the way, a heartbeat ends the rest, and all is told once', async () => {
  const key = await keyOf(`*:u:${subject.tag}`)
  const node = spawnTied(process.execPath, ['test/contract/ending-node.mjs', redis.url, subject.tag], {
    stdio: 'inherit',
  })
  await vi.waitUntil(() => admin.hexists(key, 'x'), { timeout: 20_000, interval: 0 })
  node.kill('SIGKILL')
  await ended(node)
  const left = await sessionsLeft()
  expect(left).toBeGreaterThan(0)

  // It is left to whoever began it for half a minute.
  await beat()
  expect(await sessionsLeft()).toBe(left)
  const noted = await notes()
  if (noted === null) throw new Error('it is noted')
  noted.fill(0, BROKEN_OFF.at, BROKEN_OFF.at + BROKEN_OFF.bytes)
  await admin.hset(await keyOf('*:m'), 'y', noted)
  await beat()
  await vi.waitFor(async () => expect(await notes()).toBeNull(), WAIT)
  expect(await sessionsLeft()).toBe(0)
  const fields = ids.map((id) => id.slice(subject.tag.length))
  expect([...(await told())].sort()).toEqual(fields.sort())
})

test('of an ending that went through nothing is left, and a damaged note holds nothing up', async () => {
  const lifetimes = { idleMs: 3_600_000, absoluteMs: 36_000_000 }
  ofKind(await stores[0].sessions.endSubject({ tag: subject.tag, at: Date.now(), lifetimes }), 'ended')
  expect(await notes()).toBeNull()
  await admin.hset(await keyOf('*:m'), 'y', 'damaged')
  await beat()
  expect(await notes()).toBeNull()
})
