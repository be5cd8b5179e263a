import { randomBytes } from 'node:crypto'
import { redisStore } from '@sallyport/redis'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import {
  anomaliesWorld,
  CHROME,
  failed,
  refreshed,
  started,
  times,
  type World,
} from '../unit/anomalies-world.ts'

let redis: RedisServer
let admin: Redis
let worlds: readonly [World, World]

beforeAll(async () => {
  redis = await startRedis()
  admin = redisClient(redis)
  const secret = randomBytes(32)
  const start = () => anomaliesWorld({}, { secret, store: redisStore({ url: redis.url }) })
  worlds = await Promise.all([start(), start()])
})
afterAll(async () => {
  await Promise.all(worlds.map(({ sallyport }) => sallyport.close()))
  admin.disconnect()
  await redis.stop()
})

/** The reasons of what either process has raised since this was asked last. */
async function raisedByBoth(): Promise<readonly string[]> {
  await Promise.all(worlds.map(({ judged }) => judged()))
  return worlds.flatMap(({ raised }) => raised.splice(0).map(({ reason = '' }) => reason))
}

test('of two processes that find the same, one raises it, fifty times', async () => {
  for (let round = 0; round < 50; round++) {
    const ip = `198.51.100.${round}`
    // Neither process sees more than five of them.
    for (const { emit } of worlds) emit(...times(5, () => failed(ip)))
    expect(await raisedByBoth()).toEqual(['failed_sign_ins'])
  }
})

test('however many are found at once', async () => {
  for (let round = 0; round < 10; round++) {
    const ip = `203.0.113.${round}`
    await Promise.all(
      times(20, async (nth) => {
        await new Promise((resolve) => setImmediate(resolve))
        worlds[nth % 2 === 0 ? 0 : 1].emit(...times(10, () => failed(ip)))
      }),
    )
    expect(await raisedByBoth()).toEqual(['failed_sign_ins'])
  }
})

test('what one process has seen of a user and a session, the other knows', async () => {
  const [one, other] = worlds
  expect(await one.raisedBy(started('user'))).toEqual([])
  expect(await other.raisedBy(started('user', { user_agent: CHROME }))).toEqual(['new_device'])
  expect(
    await one.raisedBy(refreshed('s', { ip: '192.0.2.1' }), refreshed('s', { ip: '192.0.2.2' })),
  ).toEqual([])
  expect(await other.raisedBy(refreshed('s', { ip: '192.0.2.3' }))).toEqual(['token_networks'])
  await raisedByBoth()
})

test('nothing in Redis names anybody, and all of it expires', async () => {
  const [one] = worlds
  const where = { ip: '203.0.113.77', user_agent: 'canary-agent' }
  await one.raisedBy(
    started('canary-user', where),
    refreshed('canary-session', where, 'converged', 'canary-user'),
    failed('203.0.113.77', { sub: 'canary-user' }),
  )
  const keys = await admin.keys('*:[st]:*')
  expect(keys.length).toBeGreaterThan(5)
  for (const key of keys) {
    expect(await admin.pttl(key)).toBeGreaterThan(0)
    const value = key.includes(':t:') ? JSON.stringify(await admin.hgetall(key)) : await admin.get(key)
    expect(`${key} ${value}`).not.toMatch(/canary|203\.0/)
  }
})

test('a user who is forgotten leaves nothing', async () => {
  const [one, other] = worlds
  await one.raisedBy(started('leaving'))
  const before = await admin.keys('*:t:*')
  await other.sallyport.forgetUser('leaving')
  expect(await admin.keys('*:t:*')).toHaveLength(before.length - 1)
})
