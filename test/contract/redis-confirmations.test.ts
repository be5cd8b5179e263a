import type { Store } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { storeContext } from '../support/store-context.ts'
import { GRACE, newId, newSubject, ofKind, opened, opening, rotation, START } from './fixtures.ts'

const MANY = 2000

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
  store = await redisStore({ url: redis.url, time: 'caller', commandTimeoutMs: 10_000 }).open(storeContext)
})
afterEach(() => store.close())

async function scriptsRun(): Promise<number> {
  const stats = await admin.info('commandstats')
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0)
}

test('many uses at once are told in few steps, each of them', async () => {
  const sessions = await Promise.all(Array.from({ length: MANY }, () => opened(store, opening(newSubject()))))
  const before = await scriptsRun()
  const outcomes = await Promise.all(
    sessions.map(({ id, generation }) => store.sessions.confirm({ id, generation })),
  )
  expect(outcomes).toEqual(outcomes.map(() => ({ kind: 'noted' })))
  expect((await scriptsRun()) - before).toBeLessThan(MANY / 100)

  const late = { at: START + GRACE + 1 }
  for (const session of [sessions[0], sessions[1], sessions[777], sessions.at(-1)]) {
    if (session === undefined) throw new Error('there are many')
    const first = await store.sessions.rotate(rotation(session, late))
    const { session: next } = ofKind(first, 'rotated')
    await store.sessions.confirm(next)
    const later = { at: late.at + GRACE + 1 }
    expect((await store.sessions.rotate(rotation(session, later))).kind).toBe('reused')
  }
})

test('a use that waits to be told is told before a rotation that comes behind it', async () => {
  const late = { at: START + GRACE + 1 }
  for (let times = 0; times < 50; times++) {
    const session = await opened(store, opening(newSubject()))
    const { session: next } = ofKind(await store.sessions.rotate(rotation(session, late)), 'rotated')
    const told = [
      store.sessions.confirm({ id: newId(newSubject()), generation: 1 }),
      store.sessions.confirm(next),
    ]
    const later = { at: late.at + GRACE + 1 }
    expect((await store.sessions.rotate(rotation(session, later))).kind).toBe('reused')
    expect(await Promise.all(told)).toEqual([{ kind: 'noted' }, { kind: 'noted' }])
  }
})

test('what could not be told is said, to all whom it concerns', async () => {
  const confirmations = Array.from({ length: 5 }, () => ({ id: newId(newSubject()), generation: 1 }))
  store.close()
  const outcomes = await Promise.all(confirmations.map(store.sessions.confirm))
  expect(outcomes).toEqual(outcomes.map(() => ({ kind: 'unavailable' })))
})
