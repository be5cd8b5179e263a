import { memoryStore } from '@sallyport/core'
import type { Store } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { startPglite } from '../support/pglite.ts'
import { startRedis } from '../support/redis.ts'
import { storeContext } from '../support/store-context.ts'
import { confirmed, newId, newSubject } from './fixtures.ts'
import { play } from './rotation.player.ts'
import { type Story, story } from './rotation.story.ts'
import { wrongStores } from './wrong-stores.ts'

const context = storeContext
const KINDS = [
  'rotated',
  'converged',
  'contested',
  'reused',
  'mismatched',
  'challenged',
  'wrong_client',
  'unproven',
  'expired',
  'unknown',
] as const
const STORIES = 2500
const SHORT = 5
/** From some stories no shorter one can be had by leaving out a single step. */
const SEARCHES = 5
/** Stories that are played to a Redis at once, each by its own subject. */
const AT_ONCE = 50
/** PostgreSQL carries out what the same rule says, so it takes fewer to see that it does. */
const BATCHES_ON_POSTGRES = 2
const AT_ONCE_ON_POSTGRES = 15

const redis = await startRedis()
const postgres = await startPglite()
const stores: Store[] = []
afterAll(async () => {
  for (const store of stores) await store.close()
  await redis.stop()
  await postgres.stop()
})

describe('any story of tokens, thefts, ends and clocks goes as the model has it', () => {
  test('on the memory store', async () => {
    const store = await memoryStore().open(context)
    const holds = fc.asyncProperty(story, (one) => play(store, one))
    await fc.assert(holds, { numRuns: STORIES })
  })

  test('and the stories meet every outcome often', async () => {
    const met = new Map<string, number>()
    const store = await memoryStore().open(context)
    const counting: Store = {
      ...store,
      sessions: {
        ...store.sessions,
        async rotate(given) {
          const outcome = await store.sessions.rotate(given)
          const ahead = 'rolledBack' in outcome && outcome.rolledBack
          const kind = ahead ? `${outcome.kind} ahead` : outcome.kind
          met.set(kind, (met.get(kind) ?? 0) + 1)
          return outcome
        },
      },
    }
    await fc.assert(
      fc.asyncProperty(story, (one) => play(counting, one)),
      { numRuns: 500 },
    )
    for (const kind of [...KINDS, 'rotated ahead', 'reused ahead'])
      expect(met.get(kind) ?? 0, kind).toBeGreaterThan(10)
  })

  test('on Redis', async () => {
    const store = await redisStore({ url: redis.url, time: 'caller' }).open(context)
    stores.push(store)
    // A confirmation is not waited for: its script must be there before the first that counts.
    await confirmed(store, { id: newId(newSubject()), generation: 1 })
    const batch = fc.array(story, { minLength: AT_ONCE, maxLength: AT_ONCE })
    const holds = fc.asyncProperty(batch, async (some) => {
      await Promise.all(some.map((one) => play(store, one)))
    })
    await fc.assert(holds, { numRuns: STORIES / AT_ONCE })
  })

  test('on PostgreSQL', async () => {
    const { store } = await postgres.place()
    const batch = fc.array(story, { minLength: AT_ONCE_ON_POSTGRES, maxLength: AT_ONCE_ON_POSTGRES })
    const holds = fc.asyncProperty(batch, async (some) => {
      await Promise.all(some.map((one) => play(store, one)))
    })
    await fc.assert(holds, { numRuns: BATCHES_ON_POSTGRES })
  })
})

describe('the model finds a store', () => {
  for (const { fault, around } of wrongStores)
    test(`that ${fault}, by a short story`, async () => {
      const store = around(await memoryStore().open(context))
      const holds = fc.asyncProperty(story, (one) => play(store, one))
      let shortest = Number.POSITIVE_INFINITY
      for (let tried = 0; tried < SEARCHES && shortest > SHORT; tried++) {
        const found = await fc.check(holds, { numRuns: STORIES })
        expect(found.failed).toBe(true)
        const [{ steps }] = found.counterexample as [Story]
        shortest = Math.min(shortest, steps.length)
      }
      expect(shortest).toBeLessThanOrEqual(SHORT)
    })
})
