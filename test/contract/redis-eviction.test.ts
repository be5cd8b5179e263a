import { ConfigError, createSallyport } from '@sallyport/core'
import type { Store } from '@sallyport/core/store'
import { type RedisStoreOptions, redisStore } from '@sallyport/redis'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { configFault } from '../support/config-fault.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { storeContext } from '../support/store-context.ts'

const BACK_WITHIN_MS = 5000
const policies = ['allkeys-lru', 'allkeys-random', 'volatile-lru', 'volatile-lfu', 'volatile-ttl']

let redis: RedisServer
let admin: Redis
const opened: Store[] = []
const notices: string[] = []

async function open(options: RedisStoreOptions, production = true): Promise<Store> {
  const notice = (message: string): void => void notices.push(message)
  const store = await redisStore(options).open({ ...storeContext, notice, production })
  opened.push(store)
  return store
}
const evicts = (policy: string) => expect.stringContaining(`maxmemory-policy ${policy}`)
const aboutEviction = () => notices.filter((notice) => notice.includes('maxmemory-policy'))

beforeAll(async () => {
  redis = await startRedis()
  admin = redisClient(redis)
})
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
})
beforeEach(() => {
  notices.length = 0
})
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
})

describe.each(policies)('a server that may evict keys by %s', (policy) => {
  beforeAll(() => admin.config('SET', 'maxmemory-policy', policy))

  test('is refused in production', async () => {
    const { option, message } = await configFault(() => open({ url: redis.url }))
    expect(option).toBe('redis')
    expect(message).toEqual(evicts(policy))
    expect(message).toContain('set maxmemory-policy to noeviction')
  })

  test('is told of otherwise', async () => {
    await open({ url: redis.url }, false)
    expect(aboutEviction()).toEqual([evicts(policy)])
  })
})

describe('a server that may evict keys', () => {
  beforeAll(() => admin.config('SET', 'maxmemory-policy', 'volatile-lru'))

  test('is refused by an application in production, and leaves no connection open', async () => {
    const production = {
      production: true,
      issuer: 'https://auth.example.com',
      audience: 'https://api.example.com',
      secret: 'q3Rk0VYzJm7uXw5bN1sLh9tGd2fCe8oPa4iKx6rTyZE',
      store: redisStore({ url: redis.url }),
    }
    await expect(createSallyport(production)).rejects.toThrow(ConfigError)
    await vi.waitFor(async () => {
      expect(String(await admin.client('LIST'))).not.toContain('name=sallyport')
    }, BACK_WITHIN_MS)
  })

  test.each(['+info', '+config|get'])('is refused if the user may see it by %s alone', async (right) => {
    await admin.call('ACL', 'SETUSER', 'app', 'reset', 'on', '>pw', '~*', '&*', '+@all', '-@dangerous', right)
    const { message } = await configFault(() => open({ url: redis.url.replace('//', '//app:pw@') }))
    expect(message).toEqual(evicts('volatile-lru'))
  })

  test('is asked for if the user may not see it', async () => {
    await admin.call('ACL', 'SETUSER', 'app', 'reset', 'on', '>pw', '~*', '&*', '+@all', '-@dangerous')
    await open({ url: redis.url.replace('//', '//app:pw@') })
    expect(aboutEviction()).toEqual([expect.stringContaining('make sure that it is noeviction')])
  })

  test('is told of once it is there, if it was away at start', async () => {
    const late = await startRedis()
    await late.stop()
    await open({ url: late.url })
    expect(aboutEviction()).toEqual([])
    const back = await startRedis({ port: late.port, args: ['--maxmemory-policy', 'allkeys-lru'] })
    await vi.waitFor(() => expect(aboutEviction()).toEqual([evicts('allkeys-lru')]), BACK_WITHIN_MS)
    await back.stop()
  })
})

test('a server that evicts nothing is accepted without a word of it', async () => {
  await admin.config('SET', 'maxmemory-policy', 'noeviction')
  await open({ url: redis.url })
  expect(aboutEviction()).toEqual([])
})
