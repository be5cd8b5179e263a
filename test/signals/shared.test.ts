import { redisStore } from '@sallyport/redis'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { type Managed, READER, SECRET, startManaged } from './managing.ts'
import { type Recorder, startRecorder } from './recorder.ts'
import { CAEP } from './transmitter.ts'

// Two processes of one deployment: they have nothing in common but Redis.

let redis: RedisServer
let mine: Recorder
const open: Managed[] = []
beforeAll(async () => {
  redis = await startRedis()
})
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
  await mine?.close()
  const admin = redisClient(redis)
  await admin.flushall()
  admin.disconnect()
})
afterAll(() => redis.stop())

async function process(secret: string | readonly string[] = SECRET): Promise<Managed> {
  const one = await startManaged({
    secret,
    store: redisStore({ url: redis.url }),
    receiver: { streams: { origins: [mine.url] } },
  })
  open.push(one)
  return one
}

async function processes(): Promise<readonly [Managed, Managed]> {
  mine = await startRecorder()
  return [await process(), await process()]
}

const REVOKED = `${CAEP}session-revoked`
const CHANGED = `${CAEP}credential-change`
const patiently = { timeout: 15_000, interval: 20 }
const pushed = () => ({
  delivery: {
    ...{ method: 'urn:ietf:rfc:8935', endpoint_url: `${mine.url}/events` },
    authorization_header: 'Bearer agreed',
  },
})

async function create(at: Managed): Promise<string> {
  const { status, body } = await at.ask('POST', '/ssf/stream', pushed())
  expect(status).toBe(201)
  return body.stream_id
}

test('what is set up at one is known to the other at once, and its sessions are told', async () => {
  const [a, b] = await processes()
  const id = await create(a)
  expect((await b.ask('GET', `/ssf/stream?stream_id=${id}`)).body).toMatchObject(pushed())
  await b.endOne('alice')
  await vi.waitFor(() => expect(mine.received).toHaveLength(1), patiently)
  expect((await b.ask('POST', '/ssf/status', { stream_id: id, status: 'paused' })).status).toBe(200)
  for (const at of [a, b, a]) await at.endOne('alice')
  await a.ask('POST', '/ssf/status', { stream_id: id, status: 'enabled' })
  await vi.waitFor(() => expect(mine.received).toHaveLength(4), patiently)
  expect((await b.ask('DELETE', `/ssf/stream?stream_id=${id}`)).status).toBe(204)
  expect((await a.ask('GET', '/ssf/stream')).body).toEqual([])
})

test('nothing is sent after the answer that paused it, whoever sends', async () => {
  const [a, b] = await processes()
  const id = await create(a)
  mine.answer(503)
  // Whichever process sends tries again and again.
  await a.endOne('alice')
  await vi.waitFor(() => expect(mine.received.length).toBeGreaterThan(1), patiently)
  for (const at of [a, b]) await at.ask('POST', '/ssf/status', { stream_id: id, status: 'paused' })
  mine.answer(202)
  for (const at of [a, b]) {
    await at.endOne('bob')
    await at.ask('POST', '/ssf/stream', {})
  }
  const sent = mine.received.filter(({ status }) => status === 202)
  // An attempt may have been under way.
  expect(sent.length).toBeLessThanOrEqual(1)
  await b.ask('POST', '/ssf/status', { stream_id: id, status: 'enabled' })
  await vi.waitFor(
    () => expect(mine.received.filter(({ status }) => status === 202).length).toBeGreaterThanOrEqual(3),
    patiently,
  )
})

test('of racing changes none is lost', async () => {
  const [a, b] = await processes()
  const id = await create(a)
  for (let round = 0; round < 10; round++) {
    const events = round % 2 === 0 ? [REVOKED] : [CHANGED]
    const patches = [{ description: `round ${round}` }, { events_requested: events }]
    const set = { stream_id: id, status: round % 2 === 0 ? 'paused' : 'enabled' }
    const answers = await Promise.all([
      ...patches.map((patch, at) => [a, b][at]?.ask('PATCH', '/ssf/stream', { stream_id: id, ...patch })),
      b.ask('POST', '/ssf/status', set),
    ])
    expect(answers.map((answer) => answer?.status)).toEqual([200, 200, 200])
    expect((await a.ask('GET', `/ssf/stream?stream_id=${id}`)).body).toMatchObject({
      ...{ description: `round ${round}`, events_requested: events, ...pushed() },
    })
    expect((await a.ask('GET', `/ssf/status?stream_id=${id}`)).body).toEqual(set)
  }
})

test('of many that create one at once, one does', async () => {
  const [a, b] = await processes()
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? a : b).ask('POST', '/ssf/stream', pushed())),
  )
  const statuses = answers.map(({ status }) => status).sort()
  expect(statuses).toEqual([201, ...Array.from({ length: 11 }, () => 409)])
  expect((await a.ask('GET', '/ssf/stream')).body).toHaveLength(1)
  await b.endOne('alice')
  await vi.waitFor(() => expect(mine.received).toHaveLength(1), patiently)
})

test('it outlives all processes, with what happened meanwhile, and nothing of it is in clear', async () => {
  const [a, b] = await processes()
  const id = await create(a)
  await a.ask('POST', '/ssf/status', { stream_id: id, status: 'paused' })
  await b.endOne('alice')
  for (const one of open.splice(0)) await one.close()
  const admin = redisClient(redis)
  const documents = await admin.hgetall('sp:{0}:x')
  admin.disconnect()
  expect(Object.values(documents).join()).toMatch(/^\d+ eyJ/)
  expect(Object.values(documents).join()).not.toContain('agreed')

  const later = await process()
  await later.ask('POST', '/ssf/status', { stream_id: id, status: 'enabled' })
  await vi.waitFor(() => expect(mine.received).toHaveLength(1), patiently)
  expect(mine.received[0]?.authorization).toBe('Bearer agreed')
})

test('it outlives the secret under which it was set up', async () => {
  const next = 'uV5bN1sLh9tGd2fCe8oPa4iKx6rTyZEq3Rk0VYzJm7uX'
  const [a] = await processes()
  const id = await create(a)
  const admin = redisClient(redis)
  const versionOf = async (): Promise<string | undefined> =>
    Object.values(await admin.hgetall('sp:{0}:x'))[0]?.split(' ')[0]
  const before = Number(await versionOf())
  for (const one of open.splice(0)) await one.close()
  const between = await process([next, SECRET])
  expect((await between.ask('GET', `/ssf/stream?stream_id=${id}`)).body).toMatchObject(pushed())
  await vi.waitFor(async () => expect(Number(await versionOf())).toBe(before + 1), patiently)
  for (const one of open.splice(0)) await one.close()
  const later = await process(next)
  expect((await later.ask('GET', `/ssf/stream?stream_id=${id}`)).body).toMatchObject(pushed())
  admin.disconnect()
})

test('what somebody else wrote into Redis sends nothing anywhere', async () => {
  const [a] = await processes()
  const id = await create(a)
  const admin = redisClient(redis)
  const [[name, document] = expect.fail()] = Object.entries(await admin.hgetall('sp:{0}:x'))
  const [version, sealed] = document.split(' ')
  for (const forged of [`${version} [{"id":"${id}"}]`, `${Number(version) + 1} ${sealed}`, 'nonsense', '']) {
    await admin.hset('sp:{0}:x', name, forged)
    expect([forged, (await a.ask('GET', `/ssf/stream?stream_id=${id}`)).status]).toEqual([forged, 503])
    expect([forged, (await a.ask('POST', '/ssf/stream', pushed())).status]).toEqual([forged, 503])
  }
  await admin.hset('sp:{0}:x', name, document)
  admin.disconnect()
  expect((await a.ask('GET', `/ssf/stream?stream_id=${id}`)).status).toBe(200)
})

test('while Redis is away everything is answered 503, and then as before', async () => {
  const [a] = await processes()
  const id = await create(a)
  // It is verified without Redis.
  const token = await a.tokenOf(READER, 'ssf.manage')
  const ask = async ([method, path, body]: readonly [string, string, object?]) =>
    (await a.ask(method, path, body, token)).status
  expect(await ask(['GET', '/ssf/stream'])).toBe(200)
  const asked = [
    ['GET', '/ssf/stream'],
    ['POST', '/ssf/stream', pushed()],
    ['PATCH', '/ssf/stream', { stream_id: id }],
    ['DELETE', `/ssf/stream?stream_id=${id}`],
    ['GET', `/ssf/status?stream_id=${id}`],
    ['POST', '/ssf/status', { stream_id: id, status: 'paused' }],
    ['POST', '/ssf/verify', { stream_id: id }],
  ] as const
  redis.kill('SIGSTOP')
  const statuses = await Promise.all(asked.map(ask))
  redis.kill('SIGCONT')
  expect(new Set(statuses)).toEqual(new Set([503]))
  await vi.waitFor(
    async () =>
      expect((await a.ask('GET', `/ssf/status?stream_id=${id}`)).body).toEqual({
        stream_id: id,
        status: 'enabled',
      }),
    patiently,
  )
})
