import { randomBytes } from 'node:crypto'
import { createSallyport, type SallyportEvent } from '@sallyport/core'
import { gateOf, type OutboxMessage } from '@sallyport/core/adapter'
import type { OutboxStore } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { storeContext } from '../support/store-context.ts'
import { HOUR, LIFETIMES, newId, newSubject, ofKind, opened, opening, SECOND, START } from './fixtures.ts'

let redis: RedisServer
let admin: Redis
beforeAll(async () => {
  redis = await startRedis()
  admin = redisClient(redis)
})
beforeEach(() => admin.flushall())
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
})

const secret = 'q3Rk0VYzJm7uXw5bN1sLh9tGd2fCe8oPa4iKx6rTyZE'
const kinds: ReadonlySet<string> = new Set(['change', 'session-ended'])
const open = async (keptMs: number | undefined) => {
  const outbox = keptMs === undefined ? undefined : { keptMs }
  const store = await redisStore({ url: redis.url, time: 'caller' }).open({ ...storeContext, outbox })
  return store
}
const streams = (): Promise<string[]> => admin.keys('sp:{*}:q')

async function readAll(outbox: OutboxStore, receiver: string) {
  const all: OutboxMessage[] = []
  const damaged: string[] = []
  for (const lane of ofKind(await outbox.heads(), 'heads').heads.keys()) {
    const reading = ofKind(await outbox.read({ receiver, lane, most: 1000, at: START }), 'read')
    all.push(...reading.messages)
    damaged.push(...reading.damaged)
  }
  return { all, damaged }
}

test('without an outbox, no step writes to it', async () => {
  const store = await open(undefined)
  const session = await opened(store, opening(newSubject()))
  await store.sessions.end({ id: session.id, at: START, evenIfAbsent: true })
  expect(store.outbox).toBeUndefined()
  expect(await streams()).toEqual([])
  await store.close()
})

test('what somebody else wrote there is dead, told once, and holds up nothing', async () => {
  const sallyport = await createSallyport({ secret, store: redisStore({ url: redis.url }), outbox: {} })
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => void events.push(event))
  const got: OutboxMessage[] = []
  const { outbox } = gateOf(sallyport)
  const subject = newSubject()
  const [own, foreign] = [newId(subject), Buffer.from(newId(newSubject()), 'base64url')]
  await outbox.append({ kind: 'change', subject: subject.name, body: '{"n":1}' })
  const [stream = ''] = await streams()
  const [[, fields] = ['', []]] = await admin.xrangeBuffer(stream, '-', '+')
  const sealed = fields[1] as Buffer
  const changed = Buffer.from(sealed.toString('latin1').replace('"n', '"m'), 'latin1')
  await admin.xadd(stream, '*', 'p', changed)
  await admin.xadd(stream, '*', 'p', 'short')
  await admin.xadd(stream, '*', 'anything', randomBytes(20))
  // Of another subject than the session, too short, and without a time.
  await admin.xadd(stream, '*', 's', foreign, 'u', subject.name, 't', `${START}`)
  await admin.xadd(stream, '*', 's', 'x', 'u', subject.name, 't', `${START}`)
  await admin.xadd(stream, '*', 's', Buffer.from(own, 'base64url'), 'u', subject.name, 't', 'now')
  await outbox.append({ kind: 'change', subject: subject.name, body: '{"n":2}' })
  outbox.push({
    ...{ name: 'a', kinds },
    deliver(message) {
      got.push(message)
      return Promise.resolve({ kind: 'delivered' })
    },
  })
  await vi.waitFor(async () => expect(await admin.xlen(stream)).toBe(0), { timeout: 10_000 })
  expect(got.map(({ body }) => body)).toEqual(['{"n":1}', '{"n":2}'])
  const failed = events.filter(({ event }) => event === 'delivery.failed')
  expect(failed.map(({ reason }) => reason)).toEqual(Array.from({ length: 6 }, () => 'damaged'))
  expect(await sallyport.outbox.deadLetters()).toHaveLength(6)
  await admin.lpush(stream.replace(':q', ':d'), 'not a letter')
  expect(await sallyport.outbox.deadLetters()).toHaveLength(6)
  await sallyport.close()
})

test('a stream of another type counts as unavailable, and the other shards are served', async () => {
  const store = await open(HOUR)
  const outbox = store.outbox as OutboxStore
  const subject = newSubject()
  const session = await opened(store, opening(subject))
  await outbox.append({ kind: 'change', subject: subject.name, body: '' }, START)
  const [stream = ''] = await streams()
  await admin.del(stream)
  await admin.set(stream, 'x')
  // What cannot be told has not happened.
  expect(await store.sessions.end({ id: session.id, at: START, evenIfAbsent: true })).toEqual({
    kind: 'unavailable',
  })
  expect(ofKind(await outbox.heads(), 'heads').heads.size).toBe(0)
  await admin.del(stream)
  expect(await store.sessions.end({ id: session.id, at: START, evenIfAbsent: true })).toMatchObject({
    kind: 'ended',
  })
  expect((await readAll(outbox, 'a')).all).toHaveLength(1)
  await store.close()
})

test('a Redis that restarted empty knows the receivers again, and gets what ends from then on', async () => {
  const store = await open(HOUR)
  const outbox = store.outbox as OutboxStore
  await outbox.enroll('a')
  await admin.flushall()
  const session = await opened(store, opening(newSubject()))
  await store.sessions.end({ id: session.id, at: START + SECOND, evenIfAbsent: true })
  expect((await readAll(outbox, 'a')).all).toMatchObject([{ session: session.id }])
  await store.close()
})

test('ten thousand sessions of one user end in slices, and each is told once', async () => {
  const store = await open(HOUR)
  const outbox = store.outbox as OutboxStore
  await outbox.enroll('a')
  const subject = newSubject()
  for (let slice = 0; slice < 100; slice++) {
    const openings = Array.from({ length: 100 }, () => store.sessions.open(opening(subject)))
    for (const outcome of await Promise.all(openings)) ofKind(outcome, 'opened')
  }
  await store.sessions.endSubject({ tag: subject.tag, at: START + SECOND, lifetimes: LIFETIMES })
  const [stream = ''] = (
    await Promise.all((await streams()).map(async (key) => ((await admin.xlen(key)) > 0 ? [key] : [])))
  ).flat()
  expect(await admin.xlen(stream)).toBe(10_000)
  const names = (await admin.xrangeBuffer(stream, '-', '+')).map(([, fields]) => fields[1]?.toString('hex'))
  expect(new Set(names).size).toBe(10_000)
  await store.close()
}, 60_000)

test('messages that are older than they are kept are dropped', async () => {
  const store = await open(1)
  const outbox = store.outbox as OutboxStore
  await outbox.append({ kind: 'change', subject: newSubject().name, body: '' }, START)
  await vi.waitFor(async () => expect(await readAll(outbox, 'a')).toEqual({ all: [], damaged: [] }), 5000)
  expect(ofKind(await outbox.heads(), 'heads').heads.size).toBe(0)
  await store.close()
})

test('messages that were read before they were dropped are gone, and not damaged, and hide no later ones', async () => {
  const [store, brief] = [await open(HOUR), await open(1)]
  const [outbox, later] = [store.outbox as OutboxStore, brief.outbox as OutboxStore]
  const subject = newSubject()
  const append = (body: string) => outbox.append({ kind: 'change', subject: subject.name, body }, START)
  for (const body of ['1', '2']) await append(body)
  expect((await readAll(outbox, 'a')).all).toHaveLength(2)
  const [lane = 0] = ofKind(await outbox.heads(), 'heads').heads.keys()
  const read = async (from: OutboxStore, receiver: string, most: number) =>
    ofKind(await from.read({ receiver, lane, most, at: START }), 'read')
  await vi.waitFor(async () => expect(await read(later, 'b', 1)).toMatchObject({ messages: [] }))
  await append('3')
  for (const more of [true, true, false]) {
    const reading = await read(outbox, 'a', 1)
    expect([reading.messages.map(({ body }) => body), reading.damaged]).toEqual([more ? [] : ['3'], []])
    if (more) expect(reading.more).toBe(true)
  }
  await Promise.all([store.close(), brief.close()])
})

test('a receiver that is none any longer is forgotten after as long as messages are kept', async () => {
  const [store, brief] = [await open(HOUR), await open(1)]
  const [outbox, later] = [store.outbox as OutboxStore, brief.outbox as OutboxStore]
  await Promise.all(['old', 'new'].map((name) => outbox.enroll(name)))
  await outbox.append({ kind: 'change', subject: newSubject().name, body: '' }, START)
  const settled = (await readAll(outbox, 'new')).all.map(({ id }) => id)
  const settlement = { receiver: 'new', settled, dead: [], receivers: ['new'] }
  ofKind(await outbox.settle(settlement), 'settled')
  expect((await readAll(outbox, 'old')).all).toHaveLength(1)
  ofKind(await later.settle({ ...settlement, receivers: ['new', 'old'] }), 'settled')
  expect(ofKind(await outbox.heads(), 'heads').heads.size).toBe(1)
  await vi.waitFor(async () => {
    ofKind(await later.settle(settlement), 'settled')
    expect(ofKind(await outbox.heads(), 'heads').heads.size).toBe(0)
  })
  await Promise.all([store.close(), brief.close()])
})
