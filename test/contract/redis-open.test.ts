import { createServer, type Server } from 'node:net'
import { ConfigError, type StoreDriver } from '@sallyport/core'
import type { Store } from '@sallyport/core/store'
import { type RedisStoreOptions, redisStore } from '@sallyport/redis'
import { Cluster, type Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { storeContext } from '../support/store-context.ts'
import { answers, castOf, WELL } from './redis-steps.ts'

const context = storeContext
const OPENED_WITHIN_MS = 2500
const BACK_WITHIN_MS = 5000

const opened: Store[] = []
async function open(driver: StoreDriver): Promise<Store> {
  const store = await driver.open(context)
  opened.push(store)
  return store
}
async function refusalOf(options: RedisStoreOptions): Promise<ConfigError> {
  const refusal = await open(redisStore(options)).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(ConfigError)
  return refusal as ConfigError
}
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
})

describe('what Redis itself refuses is a wrong set-up', () => {
  let redis: RedisServer
  let admin: Redis
  beforeAll(async () => {
    redis = await startRedis()
    admin = redisClient(redis)
  })
  afterAll(async () => {
    admin.disconnect()
    await redis.stop()
  })
  const as = (password: string): RedisStoreOptions => ({
    url: redis.url.replace('redis://', `redis://app:${password}@`),
  })
  const allow = (...rules: readonly string[]) =>
    admin.call('ACL', 'SETUSER', 'app', 'reset', 'on', '>right-password', ...rules)

  test('a wrong password, which is not told', async () => {
    await allow('~*', '&*', '+@all')
    const refusal = await refusalOf(as('wrong-password'))
    expect(refusal.option).toBe('redis')
    expect(refusal.message).toContain('WRONGPASS')
    expect(refusal.message).not.toContain('wrong-password')
    await open(redisStore(as('right-password')))
  })

  test('no password where there must be one', async () => {
    const closed = await startRedis({ args: ['--requirepass', 'secret'] })
    try {
      expect((await refusalOf({ url: closed.url })).message).toContain('NOAUTH')
      const store = await open(redisStore({ url: closed.url.replace('redis://', 'redis://:secret@') }))
      expect(await store.ping()).toBe(true)
    } finally {
      await closed.stop()
    }
  })

  test.each([
    ['no password where there must be one', {}, 'NOAUTH'],
    ['a wrong password, which is not told', { password: 'wrong-password' }, 'WRONGPASS'],
  ])('of a Cluster: %s', async (_what, redisOptions, code) => {
    const closed = await startRedis({ args: ['--cluster-enabled', 'yes', '--requirepass', 'secret'] })
    const client = new Cluster([{ host: '127.0.0.1', port: closed.port }], {
      lazyConnect: true,
      redisOptions,
    })
    try {
      const { message } = await refusalOf({ client })
      expect(message).toContain(code)
      expect(message).not.toContain('wrong-password')
    } finally {
      await closed.stop()
    }
  })

  test('a Cluster client for a server that is none', async () => {
    const client = new Cluster([{ host: '127.0.0.1', port: redis.port }], { lazyConnect: true })
    expect((await refusalOf({ client })).message).toContain('give an ioredis Redis as "redis.client"')
  })

  test.each([
    { rights: 'none', rules: [] },
    { rights: 'only reading', rules: ['~*', '&*', '+@read', '+@connection'] },
    { rights: 'everything but scripts', rules: ['~*', '&*', '+@all', '-@scripting'] },
    { rights: 'everything but ZADD', rules: ['~*', '&*', '+@all', '-zadd'] },
    { rights: 'everything but PEXPIRE', rules: ['~*', '&*', '+@all', '-pexpire'] },
    { rights: 'everything but PERSIST', rules: ['~*', '&*', '+@all', '-persist'] },
    { rights: 'everything, on other keys', rules: ['~other:*', '&*', '+@all'] },
  ])('an account with the rights: $rights', async ({ rules }) => {
    await allow(...rules)
    const { option, message } = await refusalOf(as('right-password'))
    expect(option).toBe('redis')
    expect(message).not.toContain('right-password')
  })

  test('an account with what is needed, on its own keys and channel, and nothing else, is enough', async () => {
    await allow('~sp:*', '&sp:*', '+@all', '-@dangerous', '-@admin')
    const store = await open(redisStore({ ...as('right-password'), time: 'caller' }))
    expect(await answers(store, await castOf(store))).toEqual(WELL)
  })

  test.each([
    ['something that speaks HTTP', 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'],
    ['something that speaks SSH', 'SSH-2.0-OpenSSH_9.2p1\r\n'],
  ])('%s instead of a Redis', async (_what, banner) => {
    const other = await listen(banner)
    try {
      const { message } = await refusalOf({ url: `redis://127.0.0.1:${other.port}/0` })
      expect(message).toContain('a Redis server')
    } finally {
      await other.stop()
    }
  })
})

describe('a Redis that can not serve now is no wrong set-up: opening resolves', () => {
  let redis: RedisServer
  let admin: Redis
  beforeEach(async () => {
    redis = await startRedis()
    admin = redisClient(redis)
  })
  afterEach(async () => {
    admin.disconnect()
    await redis.stop()
  })
  const openInTime = async (): Promise<Store> => {
    const from = performance.now()
    const store = await open(redisStore({ url: redis.url, time: 'caller' }))
    expect(performance.now() - from).toBeLessThan(OPENED_WITHIN_MS)
    expect(await store.keys.swap([{ kid: 'one', sealed: 'one' }], 0)).toEqual({ kind: 'unavailable' })
    return store
  }
  const serves = async (store: Store): Promise<void> => {
    const heard = vi.fn()
    store.revocations.onNews(heard)
    await vi.waitFor(async () => {
      const revoked = await store.revocations.revoke({ kind: 'key', kid: crypto.randomUUID() }, 0)
      expect(revoked).toEqual({ kind: 'revoked' })
      expect(heard).toHaveBeenCalled()
    }, BACK_WITHIN_MS)
    expect(await answers(store, await castOf(store))).toEqual(WELL)
  }

  test('while it is not there, and it serves once it is', async () => {
    await redis.stop()
    const store = await openInTime()
    expect(await store.ping()).toBe(false)
    const again = await startRedis({ port: redis.port })
    try {
      await serves(store)
    } finally {
      await again.stop()
    }
  })

  test('while it hangs', async () => {
    redis.kill('SIGSTOP')
    const store = await openInTime()
    redis.kill('SIGCONT')
    await serves(store)
  })

  test('while it is out of memory', async () => {
    await admin.config('SET', 'maxmemory-policy', 'noeviction')
    await admin.config('SET', 'maxmemory', '1mb')
    const store = await openInTime()
    await admin.config('SET', 'maxmemory', '0')
    await serves(store)
  })

  test('while it is a read-only replica', async () => {
    await admin.replicaof('127.0.0.1', '1')
    const store = await openInTime()
    await admin.replicaof('NO', 'ONE')
    await serves(store)
  })
})

/** A server of another kind: says its piece to whatever it hears. */
async function listen(banner: string): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(banner))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
