import { createSallyport as forCore, type SallyportOptions } from '@sallyport/core'
import { createSallyport as forExpress } from '@sallyport/express'
import { createSallyport as forFastify } from '@sallyport/fastify'
import { createSallyport as forKoa } from '@sallyport/koa'
import { redisStore } from '@sallyport/redis'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { type TurnedClock, turnedClock } from '../support/turned-clock.ts'

const secret = 'q3Rk0VYzJm7uXw5bN1sLh9tGd2fCe8oPa4iKx6rTyZE'
const STALE_MS = 2001
const SHARED_MS = 250

let redis: RedisServer
let admin: Redis
let clock: TurnedClock

beforeAll(async () => {
  redis = await startRedis()
  admin = redisClient(redis)
})
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
})
beforeEach(async () => {
  clock = turnedClock()
  await admin.call('ACL', 'SETUSER', 'app', 'reset', 'on', '>pw', '~*', '&*', '+@all')
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** How often a command was carried out. */
async function countOf(command: string): Promise<number> {
  const stats = await admin.info('commandstats')
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
}

const libraries = { core: forCore, express: forExpress, koa: forKoa, fastify: forFastify }

describe.each(Object.entries(libraries))('ready() of %s', (_name, createSallyport) => {
  const onRedis = (more: SallyportOptions = {}) => {
    const store = redisStore({ url: redis.url.replace('//', '//app:pw@') })
    return createSallyport({ secret, store, clock, ...more })
  }

  test('is false while this process knows too little of revocations, though the store answers', async () => {
    const sallyport = await onRedis({ revocation: { maxStalenessSeconds: 2 } })
    expect(await sallyport.ready()).toBe(true)
    await admin.call('ACL', 'SETUSER', 'app', '-hmget')
    clock.turn(STALE_MS)
    expect(await sallyport.ready()).toBe(false)
    await admin.call('ACL', 'SETUSER', 'app', '+hmget')
    clock.turn(SHARED_MS)
    expect(await sallyport.ready()).toBe(true)
    await sallyport.close()
  })

  test('is true in strict mode, where each token is asked about', async () => {
    const sallyport = await onRedis({ revocation: { mode: 'strict' } })
    await admin.call('ACL', 'SETUSER', 'app', '-hmget')
    clock.turn(STALE_MS)
    expect(await sallyport.ready()).toBe(true)
    await sallyport.close()
  })

  test('is true if no staleness is allowed, and the store answers', async () => {
    const sallyport = await onRedis({ revocation: { maxStalenessSeconds: 0 } })
    clock.turn(STALE_MS)
    expect(await sallyport.ready()).toBe(true)
    await sallyport.close()
  })

  test('is false while the store refuses changes', async () => {
    const sallyport = await onRedis()
    await admin.call('ACL', 'SETUSER', 'app', '-@write')
    clock.turn(SHARED_MS)
    expect(await sallyport.ready()).toBe(false)
    await sallyport.close()
  })

  test('costs the store one small write, however often it is called at a time', async () => {
    const sallyport = await onRedis()
    clock.turn(SHARED_MS)
    const before = await countOf('hset')
    const all = await Promise.all(Array.from({ length: 50 }, () => sallyport.ready()))
    expect(new Set(all)).toEqual(new Set([true]))
    expect(await countOf('hset')).toBe(before + 1)
    await sallyport.close()
  })

  test('is true on memory, however long nobody asked', async () => {
    const sallyport = await createSallyport({ secret, clock })
    clock.turn(24 * 3600 * 1000)
    expect(await sallyport.ready()).toBe(true)
    await sallyport.close()
  })
})
