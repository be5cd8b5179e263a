import { createSallyport, memoryStore, type Sallyport, type SallyportEvent } from '@sallyport/core'
import { type Delivery, gateOf } from '@sallyport/core/adapter'
import type { OutboxStore, Store } from '@sallyport/core/store'
import { postgresStore } from '@sallyport/postgres'
import { redisStore } from '@sallyport/redis'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { readAll, readingsOf } from '../faults/redis-content.ts'
import { startPglite } from '../support/pglite.ts'
import { startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { storeContext } from '../support/store-context.ts'
import { viewOf } from '../unit/view.ts'
import { ofKind } from './fixtures.ts'

const NAME = 'alice.liddell@example.test'
const patiently = { timeout: 20_000, interval: 50 }

const redis = await startRedis()
const admin = redisClient(redis)
const postgres = await startPglite()
let sallyport: Sallyport
afterEach(() => sallyport.close())
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
  await postgres.stop()
})

/** Everything in the outbox of a store that cannot be dumped. */
async function shownBy(outbox: OutboxStore): Promise<string> {
  const { heads } = ofKind(await outbox.heads(), 'heads')
  const readings = [...heads.keys()].map((lane) =>
    outbox.read({ receiver: 'nobody', lane, most: 1000, at: Date.now() }),
  )
  return JSON.stringify([await outbox.deadLetters(), await Promise.all(readings)])
}

async function dumpOfRedis(): Promise<string> {
  const entries = await readAll(admin)
  return entries
    .flatMap(({ key, parts }) => [key, ...parts.flatMap(readingsOf).map((bytes) => bytes.toString('latin1'))])
    .join('\n')
}

async function dumpOfPostgres(): Promise<string> {
  const { database } = postgres
  const { rows: tables } = await database.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'sallyport'`,
  )
  const dumps = tables.map(({ name }) => database.query(`SELECT t::text FROM ${name} AS t`))
  return JSON.stringify((await Promise.all(dumps)).map(({ rows }) => rows))
}

const outboxOf = ({ outbox }: Store): OutboxStore => outbox as OutboxStore

describe.each<[string, () => Promise<Store>, (store: Store) => Promise<string>]>([
  ['memory', () => memoryStore().open(storeContext), (store) => shownBy(outboxOf(store))],
  ['Redis', () => redisStore({ url: redis.url }).open(storeContext), dumpOfRedis],
  ['PostgreSQL', () => postgresStore(postgres.options).open(storeContext), dumpOfPostgres],
])('in %s', (_name, open, dump) => {
  test('nothing is left of a user who was forgotten, once the services have been told or given up', async () => {
    const store = await open()
    const events: SallyportEvent[] = []
    sallyport = await createSallyport({
      ...{ secret: 'abcdefghijklmnopqrstuvwxyz012345', activity: {}, outbox: {} },
      store: { name: 'given', shared: true, open: () => Promise.resolve(store) },
    })
    sallyport.on('event', (event) => void events.push(event))
    const gate = gateOf(sallyport)
    const told: string[] = []
    let behaves: Delivery = { kind: 'refused', reason: 'http_400' }
    gate.outbox.push({
      ...{ name: 'shop', kinds: new Set(['session-ended', 'change']) },
      deliver({ subject = '' }) {
        if (behaves.kind !== 'retry') told.push(subject)
        return Promise.resolve(behaves)
      },
    })
    const signIn = () => gate.signIn(viewOf({}), { subject: NAME })
    const change = { kind: 'change', subject: NAME, body: JSON.stringify({ of: NAME }) }
    await gate.outbox.append(change)
    await vi.waitFor(async () => expect(await sallyport.outbox.deadLetters()).toHaveLength(1), patiently)
    expect(await dump(store)).toContain(NAME)

    behaves = { kind: 'retry', reason: 'http_503' }
    await signIn()
    await gate.outbox.append(change)
    events.length = 0
    const { ended } = await sallyport.forgetUser(NAME)
    expect(ended).toHaveLength(1)
    expect(await sallyport.outbox.deadLetters()).toEqual([])
    // They must still learn that the session has ended.
    expect(await dump(store)).toContain(NAME)

    behaves = { kind: 'refused', reason: 'http_410' }
    await vi.waitFor(async () => {
      const heads = ofKind(await outboxOf(store).heads(), 'heads')
      expect(heads.heads.size).toBe(0)
    }, patiently)
    expect(told).toEqual([NAME, NAME, NAME])
    expect(await sallyport.outbox.deadLetters()).toEqual([])
    const failures = events.filter(({ event }) => event === 'delivery.failed')
    expect(failures).toHaveLength(2)
    for (const failure of failures) expect(JSON.stringify(failure)).not.toContain(NAME)
    expect(await dump(store)).not.toContain(NAME)
  })
})
