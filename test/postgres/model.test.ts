import type { Store } from '@sallyport/core/store'
import { postgresStore } from '@sallyport/postgres'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { confirmed, newId, newSubject } from '../contract/fixtures.ts'
import { play } from '../contract/rotation.player.ts'
import { story } from '../contract/rotation.story.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { storeContext } from '../support/store-context.ts'

const BATCHES = 5
/** Stories that are played at once, each by its own subject. */
const AT_ONCE = 20

let postgres: PostgresServer
let store: Store
beforeAll(async () => {
  postgres = await startPostgres()
  const options = { url: await postgres.createDatabase(), time: 'caller', commandTimeoutMs: 10_000 } as const
  store = await postgresStore(options).open(storeContext)
})
afterAll(async () => {
  await store.close()
  await postgres.stop()
})

test('any story of tokens, thefts, ends and clocks goes as the model has it', async () => {
  await confirmed(store, { id: newId(newSubject()), generation: 1 })
  const batch = fc.array(story, { minLength: AT_ONCE, maxLength: AT_ONCE })
  const holds = fc.asyncProperty(batch, async (some) => {
    await Promise.all(some.map((one) => play(store, one)))
  })
  await fc.assert(holds, { numRuns: BATCHES, endOnFailure: true })
  expect(await store.ping()).toBe(true)
})
