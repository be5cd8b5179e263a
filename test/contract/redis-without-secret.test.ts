import { createSallyport } from '@sallyport/core'
import { redisStore } from '@sallyport/redis'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'

let redis: RedisServer
let admin: Redis
const notices: string[] = []
beforeAll(async () => {
  redis = await startRedis()
  admin = redisClient(redis)
})
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
})
beforeEach(() => {
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void notices.push(String(warning)))
})
afterEach(() => vi.restoreAllMocks())

const secret = 'q3Rk0VYzJm7uXw5bN1sLh9tGd2fCe8oPa4iKx6rTyZE'
const aboutSecrets = (): readonly string[] =>
  notices.splice(0).filter((notice) => notice.includes('"secret"'))

async function startOnce(given: string | undefined): Promise<void> {
  const sallyport = await createSallyport({ secret: given, store: redisStore({ url: redis.url }) })
  expect(await sallyport.ready()).toBe(true)
  expect(sallyport.keys.list()).toHaveLength(1)
  await sallyport.close()
}

test('each start without a secret says what to do once, and leaves no signing key behind', async () => {
  for (let start = 0; start < 4; start++) {
    await startOnce(undefined)
    expect(aboutSecrets()).toEqual([expect.stringContaining('"secret" is not set')])
  }
  expect(await admin.keys('*:k')).toEqual([])

  await startOnce(secret)
  expect(aboutSecrets()).toEqual([])
  expect(await admin.keys('*:k')).toHaveLength(1)
})
