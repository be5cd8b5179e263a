import type { Store } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { storeContext } from '../support/store-context.ts'
import { type RedisCluster, startCluster } from '../support/topologies.ts'
import { newSubject, ofKind, START, tokenOf } from './fixtures.ts'
import { answers, castOf, WELL } from './redis-steps.ts'

/** More than one pull returns, so that the reply says that there is more. */
const MANY = 2001

/** A client learns of replicas only once the node that it asks has heard of them. */
const GOSSIP_MS = 10_000
async function expectReplicasKnownTo(node: RedisServer): Promise<void> {
  const client = redisClient(node)
  const ranges = (await client.call('CLUSTER', 'SLOTS')) as readonly (readonly unknown[])[]
  client.disconnect()
  for (const [, , ...holders] of ranges) expect(holders).toHaveLength(2)
}

describe('what a given client is set to for commands of its own does not change the answers of the store:', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  const settings = [
    { stringNumbers: true },
    { readOnly: true },
    { monitor: true },
    { enableAutoPipelining: true },
    { enableOfflineQueue: false },
    { commandTimeout: 1 },
    { maxRetriesPerRequest: null },
    { replyMapping: 'resp3' },
    { protocol: 2 },
    { db: 3 },
  ] as const
  test.each(settings)('%o', async (options) => {
    const client = new Redis(redis.url, { ...options, lazyConnect: true })
    const keyPrefix = `given-${Object.keys(options)}`
    const store = await redisStore({ client, keyPrefix, time: 'caller' }).open(storeContext)
    expect(await answers(store, await castOf(store))).toEqual(WELL)
    expect(client.status).toBe('wait')
    await store.close()
  })

  test('a reply that says that there is more is understood', async () => {
    const client = new Redis(redis.url, { stringNumbers: true, lazyConnect: true })
    const store = await redisStore({ client, keyPrefix: 'more', time: 'caller' }).open(storeContext)
    const lost = Array.from({ length: MANY }, (_, index) => ({ kind: 'token', jti: `${index}` }) as const)
    const shard = store.revocations.shardOf({ kind: 'token', jti: '0' })
    ofKind(await store.revocations.assert(shard, lost, START), 'asserted')
    expect(ofKind(await store.revocations.pull(shard, 0), 'pulled').more).toBe(true)
    await store.close()
  })
})

describe('a Cluster client that reads from replicas', () => {
  let cluster: RedisCluster
  let store: Store
  beforeAll(async () => {
    cluster = await startCluster()
    for (const node of cluster.nodes) await vi.waitFor(() => expectReplicasKnownTo(node), GOSSIP_MS)
    const nodes = cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }))
    const client = new Cluster(nodes, { scaleReads: 'slave', lazyConnect: true })
    store = await redisStore({ client, time: 'caller' }).open(storeContext)
  })
  afterAll(async () => {
    await store.close()
    await cluster.stop()
  })

  test('gives the store answers of the primary, which knows each revocation', async () => {
    const masters = (await cluster.masters()).map(({ server }) => server)
    const replicas = cluster.nodes.filter((node) => !masters.includes(node))
    for (const replica of replicas) replica.kill('SIGSTOP')
    const { tag } = newSubject()
    expect(await store.revocations.check(tokenOf(tag))).toEqual({ kind: 'live' })
    ofKind(
      await store.sessions.endSubject({ tag, at: START, lifetimes: { idleMs: 1, absoluteMs: 1 } }),
      'ended',
    )
    expect(await store.revocations.check(tokenOf(tag))).toEqual({ kind: 'revoked' })
    for (const replica of replicas) replica.kill('SIGCONT')
  })
})
