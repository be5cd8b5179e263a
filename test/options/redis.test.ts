import { type RedisStoreOptions, redisStore } from '@sallyport/redis'
import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { configFault } from '../support/config-fault.ts'
import type { WrongOption } from '../support/wrong-option.ts'

const url = 'redis://127.0.0.1:6379/0'
const address = `an address as "${url}"`
const prefix = '1 to 64 characters of A-Z a-z 0-9 _ . : -'
const timeout = 'a whole number from 50 to 60000'

// biome-ignore format: one row, one line
const wrong: readonly WrongOption[] = [
  { name: 'null', options: null, option: 'redis', allowed: 'an object' },
  { name: 'an address', options: url, option: 'redis', allowed: 'an object' },
  { name: 'misspelled', options: { uri: url }, option: 'redis.uri', allowed: 'left out, since there is no such option' },

  { name: 'missing', options: {}, option: 'redis.url', allowed: address, given: 'missing' },
  { name: 'undefined, as unset variables are', options: { url: undefined }, option: 'redis.url', allowed: address, given: 'missing' },
  { name: 'empty', options: { url: '' }, option: 'redis.url', allowed: address },
  { name: 'null', options: { url: null }, option: 'redis.url', allowed: address },
  { name: 'another protocol', options: { url: 'http://127.0.0.1:6379' }, option: 'redis.url', allowed: address },
  { name: 'no host', options: { url: 'redis:///0' }, option: 'redis.url', allowed: address },
  { name: 'a database that is no number', options: { url: 'redis://localhost/main' }, option: 'redis.url', allowed: address },
  { name: 'a query', options: { url: 'redis://localhost/0?family=6' }, option: 'redis.url', allowed: address },
  { name: 'beside a client', options: { url, client: { duplicate: () => {} } }, option: 'redis.url', allowed: 'left out where a client is given' },

  { name: 'no client', options: { client: {} }, option: 'redis.client', allowed: 'an ioredis client' },
  { name: 'null', options: { client: null }, option: 'redis.client', allowed: 'an ioredis client' },

  { name: 'empty', options: { url, keyPrefix: '' }, option: 'redis.keyPrefix', allowed: prefix, given: '""' },
  { name: 'braces, which name hash slots', options: { url, keyPrefix: '{a}' }, option: 'redis.keyPrefix', allowed: prefix, given: '"{a}"' },
  { name: 'too long', options: { url, keyPrefix: 'x'.repeat(65) }, option: 'redis.keyPrefix', allowed: prefix },
  { name: 'null', options: { url, keyPrefix: null }, option: 'redis.keyPrefix', allowed: prefix, given: 'null' },
  { name: 'a bigint', options: { url, keyPrefix: 5n }, option: 'redis.keyPrefix', allowed: prefix },

  { name: 'too short', options: { url, commandTimeoutMs: 49 }, option: 'redis.commandTimeoutMs', allowed: timeout, given: '49' },
  { name: 'too long', options: { url, commandTimeoutMs: 60_001 }, option: 'redis.commandTimeoutMs', allowed: timeout, given: '60001' },
  { name: 'a fraction', options: { url, commandTimeoutMs: 99.5 }, option: 'redis.commandTimeoutMs', allowed: timeout, given: '99.5' },
  { name: 'no number', options: { url, commandTimeoutMs: Number.NaN }, option: 'redis.commandTimeoutMs', allowed: timeout, given: 'NaN' },
  { name: 'a text', options: { url, commandTimeoutMs: '1000' }, option: 'redis.commandTimeoutMs', allowed: timeout, given: '"1000"' },

  { name: 'a word of its own', options: { url, time: 'local' }, option: 'redis.time', allowed: 'one of "server", "caller"', given: '"local"' },
]

describe('a wrong option of redisStore is refused by its path:', () => {
  for (const { name, options, option, allowed, given } of wrong)
    test(`${option}: ${name}`, async () => {
      const fault = await configFault(() => redisStore(options as RedisStoreOptions))
      expect(fault).toMatchObject({ name: 'ConfigError', code: 'ERR_CONFIG', option })
      expect(fault.message).toContain(`option "${option}" must be `)
      expect(fault.message).toContain(allowed)
      if (given !== undefined) expect(fault.message.split(', but is ')[1]).toBe(given)
    })
})

describe('right options of redisStore are accepted:', () => {
  const right: Readonly<Record<string, RedisStoreOptions>> = {
    'an address alone': { url },
    'an address with user, password and database': { url: 'redis://user:p%40ss@[::1]:6380/15' },
    TLS: { url: 'rediss://redis.example' },
    'undefined everywhere': {
      url,
      client: undefined,
      keyPrefix: undefined,
      commandTimeoutMs: undefined,
      time: undefined,
    },
    'the shortest time-out': { url, commandTimeoutMs: 50 },
    'the longest time-out': { url, commandTimeoutMs: 60_000 },
    'the shortest prefix': { url, keyPrefix: 'a' },
    'the longest prefix': { url, keyPrefix: 'aZ9_.:-'.padEnd(64, 'x') },
    'the clock of the caller': { url, time: 'caller' },
  }
  for (const [name, options] of Object.entries(right))
    test(name, () => {
      expect(redisStore(options)).toMatchObject({ name: 'redis', shared: true })
    })

  test('a client, which is left as it is', () => {
    const client = new Redis({ lazyConnect: true })
    expect(redisStore({ client })).toMatchObject({ name: 'redis', shared: true })
    expect(client.status).toBe('wait')
    client.disconnect()
  })
})
