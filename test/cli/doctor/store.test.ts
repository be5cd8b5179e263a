import { join } from 'node:path'
import { createSallyport } from '@sallyport/core'
import { redisStore } from '@sallyport/redis'
import { exportJWK, generateKeyPair } from 'jose'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { startRedis } from '../../support/redis.ts'
import { redisClient } from '../../support/redis-client.ts'
import { turnedClock } from '../../support/turned-clock.ts'
import { command } from '../commands.ts'
import { type Clinic, ISSUER, openClinic, SECRET } from './clinic.ts'

let clinic: Clinic
afterEach(async () => {
  vi.restoreAllMocks()
  await clinic.close()
})

test.each([
  { id: 'redis-evicts', args: ['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru'] },
  { id: 'redis-not-persistent', args: ['--appendonly', 'no'] },
  { id: 'redis-rights', args: ['--requirepass', 'hunter2'] },
])('$id', async ({ id, args }) => {
  clinic = await openClinic([...args])
  expect(await clinic.ids()).toEqual([id])
})

describe('a Redis that is not what the options say', () => {
  test('store-refused: a database that it does not have', async () => {
    clinic = await openClinic()
    const { href } = new URL('/42', clinic.redisUrl)
    expect(await clinic.ids(`store: redisStore({ url: '${href}' })`)).toEqual(['store-refused'])
  })

  test('redis-replicas: a replica where two are asked for', async () => {
    clinic = await openClinic(['--repl-diskless-sync-delay', '0'])
    const port = new URL(clinic.redisUrl).port
    const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', port] })
    const client = redisClient(replica)
    const isLinked = async (): Promise<void> =>
      expect(await client.info('replication')).toContain('master_link_status:up')
    await vi.waitFor(isLinked, { timeout: 30_000 })
    client.disconnect()
    try {
      const asking = (replicas: number): string =>
        `store: redisStore({ url: '${clinic.redisUrl}', durability: 'replicated', replicas: ${replicas} })`
      expect(await clinic.ids(asking(1))).toEqual([])
      expect(await clinic.ids(asking(2))).toEqual(['redis-replicas'])
    } finally {
      await replica.stop()
    }
  })

  test('redis-hidden: a user who may do all but look at settings', async () => {
    clinic = await openClinic()
    const admin = redisClient(clinic.redis)
    await admin.call(
      'ACL',
      'SETUSER',
      'app',
      'on',
      '>a-long-password',
      '~*',
      '&*',
      '+@all',
      '-info',
      '-config',
    )
    admin.disconnect()
    const url = clinic.redisUrl.replace('//', '//app:a-long-password@')
    expect(await clinic.ids(`store: redisStore({ url: '${url}' })`)).toEqual(['redis-hidden'])
  })
})

describe('store-clock: the clock of this machine is turned', () => {
  test.each([
    ['a little', 20_000],
    ['so far that nothing is signed', 120_000],
  ])('%s', async (_, ahead) => {
    clinic = await openClinic()
    expect(await clinic.ids()).toEqual([])
    const { now } = Date
    vi.spyOn(Date, 'now').mockImplementation(() => now() + ahead)
    expect(await clinic.ids()).toEqual(['store-clock'])
  })
})

describe('the keys', () => {
  test('key-old: it has signed for longer than it should', async () => {
    clinic = await openClinic()
    const longAgo = turnedClock(Date.now() - 120 * 86_400_000)
    const once = await createSallyport({
      ...{ issuer: ISSUER, audience: 'https://api.example.com', secret: SECRET, clock: longAgo },
      store: redisStore({ url: clinic.redisUrl, time: 'caller' }),
    })
    await once.close()
    expect(await clinic.ids()).toEqual(['key-old'])
  })

  test('key-short: 2048 bits of RSA', async () => {
    clinic = await openClinic()
    const key = await privateKey('RS256')
    expect(await clinic.ids(`access: { keys: [${key.json}] }`)).toEqual(['key-short'])
  })

  test('keys-none: the only one in the options was compromised', async () => {
    clinic = await openClinic()
    const { json, kid } = await privateKey('ES256')
    const options = `access: { keys: [${json}] }`
    expect(await clinic.ids(options)).toEqual([])
    const once = await createSallyport({
      ...{ issuer: ISSUER, audience: 'https://api.example.com', secret: SECRET },
      access: { keys: [JSON.parse(json)] },
      store: redisStore({ url: clinic.redisUrl }),
    })
    await once.keys.compromise(kid)
    await once.close()
    expect(await clinic.ids(options)).toEqual(['keys-none'])
  })
})

async function privateKey(alg: 'RS256' | 'ES256'): Promise<{ readonly json: string; readonly kid: string }> {
  const { privateKey: key } = await generateKeyPair(alg, { extractable: true, modulusLength: 2048 })
  return { json: JSON.stringify({ ...(await exportJWK(key)), alg, use: 'sig', kid: 'a-key' }), kid: 'a-key' }
}

test('the address of the environment: no TLS, no password', async () => {
  clinic = await openClinic()
  const env = {
    ...{ ISSUER, AUDIENCE: 'https://api.example.com', SALLYPORT_SECRET: SECRET },
    REDIS_URL: 'redis://redis.invalid:6379',
  }
  const root = join(import.meta.dirname, '../../..')
  const { stdout } = await command(['doctor', '--json'], { env, cwd: root })
  const found = JSON.parse(stdout).findings.map(({ id }: { readonly id: string }) => id)
  expect(found).toEqual(['store-not-ready', 'redis-plaintext', 'redis-open', 'audit-missing'])
})
