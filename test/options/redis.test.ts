import { type RedisStoreOptions, redisStore } from '@sallyport/redis'
import { Cluster, Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { configFault } from '../support/config-fault.ts'
import { expectRefusal, type WrongOption } from '../support/wrong-option.ts'

const url = 'redis://127.0.0.1:6379/0'
const address = `an address such as "${url}"`
const required = `"redis.url" is required: give ${address}, or give "redis.client"`
const client = 'an ioredis client (new Redis(…) or new Cluster(…))'
const group = 'an object with url, client, keyPrefix, commandTimeoutMs, durability, replicas, time'
const prefixed =
  '"redis.client" has a "keyPrefix", which the store does not use: give a client without it, and set "redis.keyPrefix"'
const prefix = '1 to 64 characters of A-Z a-z 0-9 _ . : -'
const timeout = 'a whole number from 50 to 60000'
const replicas = 'a whole number from 1 to 10'
const like = { duplicate: () => {}, defineCommand: () => {} }

// biome-ignore format: one row, one line
const wrong: readonly WrongOption[] = [
  { name: 'missing', options: undefined, option: 'redis', allowed: group },
  { name: 'null', options: null, option: 'redis', allowed: group },
  { name: 'an array', options: [], option: 'redis', allowed: group },
  { name: 'an address', options: url, option: 'redis', allowed: group },
  { name: 'misspelled', options: { uri: url }, option: 'redis.uri', says: 'unknown option "redis.uri" (did you mean "redis.url"?)' },
  { name: 'in other letters', options: { url, keyprefix: 'a' }, option: 'redis.keyprefix', says: 'unknown option "redis.keyprefix" (did you mean "redis.keyPrefix"?)' },
  { name: 'without its unit', options: { url, commandTimeout: 50 }, option: 'redis.commandTimeout', says: 'unknown option "redis.commandTimeout" (did you mean "redis.commandTimeoutMs"?)' },
  { name: 'like no other', options: { url, host: 'localhost' }, option: 'redis.host', says: 'unknown option "redis.host"; there are url, client, keyPrefix, commandTimeoutMs, durability, replicas, time' },

  { name: 'missing', options: {}, option: 'redis.url', says: required },
  { name: 'undefined, as unset variables are', options: { url: undefined }, option: 'redis.url', says: required },
  { name: 'empty', options: { url: '' }, option: 'redis.url', allowed: address },
  { name: 'null', options: { url: null }, option: 'redis.url', allowed: address },
  { name: 'another protocol', options: { url: 'http://127.0.0.1:6379' }, option: 'redis.url', allowed: address },
  { name: 'no host', options: { url: 'redis:///0' }, option: 'redis.url', allowed: address },
  { name: 'a database that is no number', options: { url: 'redis://localhost/main' }, option: 'redis.url', allowed: address },
  { name: 'a query', options: { url: 'redis://localhost/0?family=6' }, option: 'redis.url', allowed: address },
  { name: 'beside a client', options: { url, client: like }, option: 'redis.url', says: 'give either "redis.url" or "redis.client", not both' },

  { name: 'no client', options: { client: {} }, option: 'redis.client', allowed: client },
  { name: 'null', options: { client: null }, option: 'redis.client', allowed: client },
  { name: 'an address', options: { client: url }, option: 'redis.client', allowed: client },
  { name: 'a client of the package redis', options: { client: { duplicate: () => {}, sendCommand: () => {} } }, option: 'redis.client', allowed: client },
  { name: 'the class of one', options: { client: Redis }, option: 'redis.client', allowed: client },

  { name: 'with a prefix for keys', options: { client: new Redis({ keyPrefix: 'app:', lazyConnect: true }) }, option: 'redis.client', says: prefixed },
  { name: 'a Cluster with a prefix for keys', options: { client: new Cluster([url], { keyPrefix: 'app:', lazyConnect: true }) }, option: 'redis.client', says: prefixed },
  { name: 'a Cluster with a prefix for the keys of its nodes', options: { client: new Cluster([url], { redisOptions: { keyPrefix: 'app:' }, lazyConnect: true }) }, option: 'redis.client', says: prefixed },
  { name: 'for replicas', options: { client: new Redis({ sentinels: [{ host: 'localhost' }], name: 'main', role: 'slave', lazyConnect: true }) }, option: 'redis.client', says: '"redis.client" connects to a replica (role "slave"), where nothing can be written: leave "role" out' },

  { name: 'empty', options: { url, keyPrefix: '' }, option: 'redis.keyPrefix', allowed: prefix, given: '""' },
  { name: 'braces, which name hash slots', options: { url, keyPrefix: '{a}' }, option: 'redis.keyPrefix', allowed: prefix, given: '"{a}"' },
  { name: 'too long', options: { url, keyPrefix: 'x'.repeat(65) }, option: 'redis.keyPrefix', allowed: prefix, given: `"${'x'.repeat(64)}"` },
  { name: 'null', options: { url, keyPrefix: null }, option: 'redis.keyPrefix', allowed: prefix, given: 'null' },
  { name: 'a bigint', options: { url, keyPrefix: 5n }, option: 'redis.keyPrefix', allowed: prefix, given: 'a bigint' },

  { name: 'too short', options: { url, commandTimeoutMs: 49 }, option: 'redis.commandTimeoutMs', allowed: timeout, given: '49' },
  { name: 'too long', options: { url, commandTimeoutMs: 60_001 }, option: 'redis.commandTimeoutMs', allowed: timeout, given: '60001' },
  { name: 'a fraction', options: { url, commandTimeoutMs: 99.5 }, option: 'redis.commandTimeoutMs', allowed: timeout, given: '99.5' },
  { name: 'no number', options: { url, commandTimeoutMs: Number.NaN }, option: 'redis.commandTimeoutMs', allowed: timeout, given: 'NaN' },
  { name: 'a string', options: { url, commandTimeoutMs: '1000' }, option: 'redis.commandTimeoutMs', allowed: timeout, given: '"1000"' },

  { name: 'a word of its own', options: { url, durability: 'fsync' }, option: 'redis.durability', allowed: 'one of "acknowledged", "replicated"', given: '"fsync"' },
  { name: 'none', options: { url, durability: 'replicated', replicas: 0 }, option: 'redis.replicas', allowed: replicas, given: '0' },
  { name: 'too many', options: { url, durability: 'replicated', replicas: 11 }, option: 'redis.replicas', allowed: replicas, given: '11' },
  { name: 'not needed', options: { url, replicas: 1 }, option: 'redis.replicas', says: '"redis.replicas" is for the durability "replicated": set "redis.durability" to "replicated", or leave it out' },
  { name: 'wrong, and not needed', options: { url, replicas: 11 }, option: 'redis.replicas', allowed: replicas, given: '11' },

  { name: 'a word of its own', options: { url, time: 'local' }, option: 'redis.time', allowed: 'one of "server", "caller"', given: '"local"' },
]

describe('a wrong option of redisStore is refused by its path:', () => {
  for (const row of wrong)
    test(`${row.option}: ${row.name}`, async () => {
      expectRefusal(await configFault(() => redisStore(row.options as RedisStoreOptions)), row)
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
    'the most replicas': { url, durability: 'replicated', replicas: 10 },
  }
  for (const [name, options] of Object.entries(right))
    test(name, () => {
      expect(redisStore(options)).toMatchObject({ name: 'redis', shared: true })
    })

  const clients: Readonly<Record<string, () => Redis | Cluster>> = {
    'a Redis': () => new Redis({ lazyConnect: true }),
    'a Cluster': () => new Cluster([url], { lazyConnect: true }),
  }
  for (const [name, make] of Object.entries(clients))
    test(`${name}, which is left as it is`, () => {
      const client = make()
      expect(redisStore({ client })).toMatchObject({ name: 'redis', shared: true })
      expect(client.status).toBe('wait')
      client.disconnect()
    })
})
