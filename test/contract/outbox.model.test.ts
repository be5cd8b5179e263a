import { memoryStore } from '@sallyport/core'
import type { OutboxStore, Store } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { startPglite } from '../support/pglite.ts'
import { startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { storeContext } from '../support/store-context.ts'
import { play, type Stage } from './outbox.player.ts'
import { story } from './outbox.story.ts'
import { withOutbox, wrongOutboxes } from './outbox.wrong-stores.ts'

const STORIES = 400
const STORIES_UNTIL_FOUND = 3000
const STORIES_ON_REDIS = 120
const STORIES_ON_POSTGRES = 12
const keptMs = storeContext.outbox?.keptMs ?? 0
const nothing = (): Promise<void> => Promise.resolve()

const redis = await startRedis()
const admin = redisClient(redis)
const postgres = await startPglite()
const stores: Store[] = []
afterAll(async () => {
  for (const store of stores) await store.close()
  admin.disconnect()
  await redis.stop()
  await postgres.stop()
})

async function inMemory(wrap: (store: Store) => Store = (store) => store): Promise<Stage> {
  const store = wrap(await memoryStore().open(storeContext))
  return { stores: [store], keptMs, lapse: nothing, age: nothing }
}

/** Two stores on one Redis, whose clock nobody can turn. */
async function onRedis(): Promise<() => Promise<Stage>> {
  async function open(context: typeof storeContext): Promise<Store> {
    const store = await redisStore({ url: redis.url, time: 'caller' }).open(context)
    stores.push(store)
    return store
  }
  const both = [await open(storeContext), await open(storeContext)] as const
  const brief = (await open({ ...storeContext, outbox: { keptMs: 1 } })).outbox as OutboxStore
  return async () => {
    await admin.flushall()
    return {
      ...{ stores: both, keptMs },
      async lapse() {
        await admin.del('sp:{0}:v')
      },
      async age() {
        // By a store that keeps messages for a millisecond, all are older than that very soon.
        for (let isLeft = true; isLeft; ) {
          const heads = await brief.heads()
          isLeft = heads.kind === 'heads' && heads.heads.size > 0
          for (const lane of heads.kind === 'heads' ? heads.heads.keys() : [])
            await brief.read({ receiver: 'first', lane, most: 1, at: 0 })
        }
      },
    }
  }
}

describe('any story of senders, crashes, receivers and clocks goes as the model has it', () => {
  test('on the memory store', async () => {
    await fc.assert(
      fc.asyncProperty(story, async (steps) => play(await inMemory(), steps)),
      { numRuns: STORIES },
    )
  })

  test('on Redis, by two stores', async () => {
    const stage = await onRedis()
    await fc.assert(
      fc.asyncProperty(story, async (steps) => play(await stage(), steps)),
      { numRuns: STORIES_ON_REDIS },
    )
  })

  test('on PostgreSQL, by two stores', async () => {
    const property = fc.asyncProperty(story, async (steps) => {
      const { store, other } = await postgres.place()
      await play({ stores: [store, other], keptMs, lapse: nothing, age: nothing }, steps)
    })
    await fc.assert(property, { numRuns: STORIES_ON_POSTGRES })
  })
})

describe('the model finds an outbox', () => {
  test.each(wrongOutboxes)('that $fault', async (wrong) => {
    const found = await fc.check(
      fc.asyncProperty(story, async (steps) =>
        play(await inMemory((store) => withOutbox(store, wrong)), steps),
      ),
      { numRuns: STORIES_UNTIL_FOUND },
    )
    expect(found.failed).toBe(true)
    expect(found.counterexample?.[0].length).toBeLessThanOrEqual(6)
  })
})
