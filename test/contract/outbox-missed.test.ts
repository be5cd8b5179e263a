import { createSallyport, memoryStore, type Sallyport, type SallyportEvent } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import type { Store } from '@sallyport/core/store'
import { postgresStore } from '@sallyport/postgres'
import { redisStore } from '@sallyport/redis'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { startPglite } from '../support/pglite.ts'
import { startRedis } from '../support/redis.ts'
import { storeContext } from '../support/store-context.ts'
import { newSubject } from './fixtures.ts'

const GIVE_UP_MS = 86_400_000
const context = { ...storeContext, outbox: { keptMs: GIVE_UP_MS + 3_600_000 } }
const kinds: ReadonlySet<string> = new Set(['change'])

const redis = await startRedis()
const postgres = await startPglite()
const running = new Set<Sallyport>()
afterEach(async () => {
  for (const one of running) await one.close()
  running.clear()
})
afterAll(async () => {
  await redis.stop()
  await postgres.stop()
})

describe.each<[string, () => Promise<Store>]>([
  ['memory', () => memoryStore().open(context)],
  ['Redis', () => redisStore({ url: redis.url }).open(context)],
  ['PostgreSQL', () => postgresStore(postgres.options).open(context)],
])('in %s', (_name, open) => {
  test('what a receiver never came for is told once, whoever looks and however much it is', async () => {
    const store = await open()
    const { outbox } = store
    if (outbox === undefined) throw new TypeError('the store has no outbox')
    const events: SallyportEvent[] = []
    async function start(): Promise<Sallyport> {
      const stays: Store = { ...store, close: () => Promise.resolve() }
      const driver = { name: 'given', shared: true, open: () => Promise.resolve(stays) }
      const sallyport = await createSallyport({
        ...{ secret: 'abcdefghijklmnopqrstuvwxyz012345', store: driver, outbox: {} },
      })
      running.add(sallyport)
      sallyport.on('event', (event) => void events.push(event))
      return sallyport
    }
    /** It looks at once, since it also has somebody to send to. */
    function receive(sallyport: Sallyport) {
      const gate = gateOf(sallyport)
      const others = new Set(['other'])
      gate.outbox.push({
        name: 'pushed',
        kinds: others,
        deliver: () => Promise.resolve({ kind: 'delivered' }),
      })
      return gate.outbox.poll('absent', kinds)
    }
    for (const name of ['absent', 'pushed']) await outbox.enroll(name)
    const subjects = Array.from({ length: 20 }, newSubject)
    const append = (body: string, at: number) =>
      Promise.all(subjects.map(({ name }) => outbox.append({ kind: 'change', subject: name, body }, at)))
    for (let round = 0; round < 5; round++) await append('old', Date.now() - GIVE_UP_MS - 1000)
    await append('new', Date.now())

    const [poll] = [receive(await start()), receive(await start())]
    await vi.waitFor(
      async () => expect(await poll.read(300)).toMatchObject({ messages: { length: 20 }, more: false }),
      { timeout: 20_000, interval: 100 },
    )
    const failures = () => events.filter(({ event }) => event === 'delivery.failed')
    expect(failures()).toMatchObject([{ reason: 'not_fetched', action: 'change', resource_id: 'absent' }])
    const [event] = failures()
    expect(event).not.toHaveProperty('sub')
    const [sallyport] = running
    const [letter, ...more] = (await sallyport?.outbox.deadLetters()) ?? []
    expect(letter).toMatchObject({ receiver: 'absent', kind: 'change', reason: 'not_fetched' })
    expect(letter).not.toHaveProperty('subject')
    expect(more).toEqual([])

    // Also what it misses afterwards, by a process that knows nothing of it.
    await append('old', Date.now() - GIVE_UP_MS - 1000)
    const late = receive(await start())
    await vi.waitFor(async () => expect(await late.read(300)).toMatchObject({ messages: { length: 20 } }), {
      ...{ timeout: 20_000, interval: 100 },
    })
    expect(failures()).toHaveLength(1)
    await store.close()
  })
})
