import { setImmediate as turn } from 'node:timers/promises'
import type { Store } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import { Cluster, type Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { holdUp } from '../support/hold-up.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { storeContext } from '../support/store-context.ts'
import { LIFETIMES, newSubject, ofKind, opening, START } from './fixtures.ts'
import { answers, askings, castOf, WELL } from './redis-steps.ts'

const TIMEOUT_MS = 1000
const LONGER_MS = 1500
const READY_WITHIN_MS = 5000

describe.each([
  { name: 'a single server', args: [] },
  { name: 'a Cluster', args: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'] },
])('a process that is held up for longer than the time-out, on $name,', ({ args }) => {
  let redis: RedisServer
  let admin: Redis
  let store: Store
  const notices: string[] = []

  beforeAll(async () => {
    redis = await startRedis({ args })
    admin = redisClient(redis)
    const isCluster = args.length > 0
    if (isCluster) {
      await admin.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383)
      await vi.waitFor(
        async () => expect(String(await admin.call('CLUSTER', 'INFO'))).toContain('cluster_state:ok'),
        READY_WITHIN_MS,
      )
    }
    const client = new Cluster([{ host: '127.0.0.1', port: redis.port }], { lazyConnect: true })
    const at = isCluster ? { client } : { url: redis.url }
    const notice = (message: string): void => void notices.push(message)
    store = await redisStore({ ...at, time: 'caller', commandTimeoutMs: TIMEOUT_MS }).open({
      ...storeContext,
      notice,
    })
    expect(await answers(store, await castOf(store))).toEqual(WELL)
    // Whoever follows the feeds tells the server until when an answer is waited for.
    for (let shard = 0; shard < store.revocations.shards; shard++)
      ofKind(await store.revocations.pull(shard, 0), 'pulled')
    notices.length = 0
  })
  afterAll(async () => {
    expect(notices).toEqual([])
    await store.close()
    admin.disconnect()
    await redis.stop()
  })

  // All of them are asked before the same hold-up, each of subjects of its own: it has a time-out of its own, too.
  describe.each([
    { when: 'sent before', isSent: true },
    { when: 'not sent yet', isSent: false },
  ])('gets its answer, $when:', ({ isSent }) => {
    let settled: readonly PromiseSettledResult<{ readonly kind: string }>[]
    beforeAll(async () => {
      const casts: Awaited<ReturnType<typeof castOf>>[] = []
      for (const _ of askings) casts.push(await castOf(store))
      const asked = askings.map(({ run }, index) => run(store, casts[index] as (typeof casts)[number]))
      if (isSent) await turn()
      holdUp(LONGER_MS)
      settled = await Promise.allSettled(asked)
    })

    for (const [index, { name }] of askings.entries())
      test(name, () => {
        expect(settled[index]).toMatchObject({ status: 'fulfilled', value: { kind: WELL[name] } })
      })
  })

  test('gets its answer from a server that does not know the script yet', async () => {
    await admin.script('FLUSH')
    const answer = store.sessions.open(opening(newSubject()))
    holdUp(LONGER_MS)
    expect((await answer).kind).toBe('opened')
  })

  test('finds that the store answers', async () => {
    const answer = store.ping()
    holdUp(LONGER_MS)
    expect(await answer).toBe(true)
  })

  test('still gives up on a server that hangs, and what it gave up does not happen', async () => {
    const subject = newSubject()
    redis.kill('SIGSTOP')
    const answer = store.sessions.open(opening(subject))
    await turn()
    holdUp(LONGER_MS)
    expect((await answer).kind).toBe('unavailable')
    redis.kill('SIGCONT')
    await expect.poll(() => store.ping()).toBe(true)
    const listed = await store.sessions.list({ tag: subject.tag, at: START, lifetimes: LIFETIMES })
    expect(ofKind(listed, 'listed').sessions).toEqual([])
    notices.length = 0
  })
})

test('a process that is held up while it connects finds that the server is there', async () => {
  const redis = await startRedis()
  const notices: string[] = []
  const driver = redisStore({ url: redis.url, commandTimeoutMs: TIMEOUT_MS })
  const opening = driver.open({ ...storeContext, notice: (message) => void notices.push(message) })
  holdUp(LONGER_MS)
  const store = await opening
  expect(notices.filter((notice) => notice.includes('away'))).toEqual([])
  expect(await store.ping()).toBe(true)
  await store.close()
  await redis.stop()
})
