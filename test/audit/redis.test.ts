import { writeFile } from 'node:fs/promises'
import { type AuditRedis, type TrailHead, toRedisStream, verifyTrail } from '@sallyport/audit'
import type { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, expectTypeOf, test } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { DAY, eventAt, eventsAt, key, start, trailPath } from './trail.ts'

const STREAM = 'sallyport:audit'
const HEADS = '{sallyport:audit}:heads'

let server: RedisServer
let client: Redis
beforeAll(async () => {
  server = await startRedis()
  client = redisClient(server)
})
afterAll(async () => {
  client.disconnect()
  await server.stop()
})
beforeEach(() => client.flushall())

async function linesIn(): Promise<string[]> {
  const entries = await client.xrange(STREAM, '-', '+')
  return entries.map(([, fields]) => fields[1] ?? '')
}

async function headsIn(): Promise<TrailHead[]> {
  return (await client.hvals(HEADS)).map((head) => JSON.parse(head))
}

/** What the stream has, saved to a file as the guide says. */
async function verifySaved() {
  const path = await trailPath()
  await writeFile(path, (await linesIn()).map((line) => `${line}\n`).join(''))
  return verifyTrail({ path, key, stream: true, heads: await headsIn() })
}

describe('a Redis stream', () => {
  test('takes the clients of ioredis', () => {
    expectTypeOf<Redis>().toExtend<AuditRedis>()
    expectTypeOf<Cluster>().toExtend<AuditRedis>()
  })

  test('has the lines of several processes, and their heads', async () => {
    const sinks = [toRedisStream(client, { key }), toRedisStream(client, { key })]
    for (const ms of [0, 1, 2]) for (const sink of sinks) await sink.write(eventsAt(ms, ms))
    await sinks[0]?.close?.()
    expect((await headsIn()).map(({ number, sealed }) => [number, sealed]).sort()).toEqual([
      [6, false],
      [6, true],
    ])
    expect(await verifySaved()).toMatchObject({ kind: 'whole', records: 12 })
  })

  test('has a batch once that was given twice', async () => {
    let isLost = true
    const sink = toRedisStream(
      {
        async eval(script, keys, ...args) {
          const reply = await client.eval(script, keys, ...args)
          if (isLost) throw new Error('the answer was lost')
          return reply
        },
      },
      { key },
    )
    const events = eventsAt(0, 1)
    for (let attempt = 0; attempt < 2; attempt++)
      await expect(sink.write(events)).rejects.toMatchObject({
        message: `the audit stream ${STREAM} can't be written: the answer was lost`,
      })
    isLost = false
    await sink.write([...events, eventAt(2)])
    expect((await linesIn()).map((line) => JSON.parse(line).time)).toEqual(
      [...events, eventAt(2)].map(({ time }) => time),
    )
    expect(await verifySaved()).toMatchObject({ kind: 'whole', records: 3 })
  })

  test('takes a batch of any size', async () => {
    const sink = toRedisStream(client, { key })
    await sink.write(Array.from({ length: 1234 }, () => eventAt(0)))
    expect(await client.xlen(STREAM)).toBe(1234)
    expect(await verifySaved()).toMatchObject({ kind: 'whole', records: 1234 })
  })

  test('drops what is too old, and the heads of processes of which nothing is left', async () => {
    const gone = toRedisStream(client, { key, retentionDays: 30 })
    await gone.write(eventsAt(0))
    const events = Array.from({ length: 1000 }, () => eventAt(0))
    const living = toRedisStream(client, { key, retentionDays: 30 })
    await living.write(events)
    // Redis gives entries the time at which they come, which is not that of these events.
    const newer = toRedisStream(client, { key, retentionDays: 30 })
    await newer.write([eventAt(Date.now() - start + 31 * DAY)])
    expect(await client.xlen(STREAM)).toBeLessThan(200)
    expect(await headsIn()).toHaveLength(1)
    expect(await verifySaved()).toMatchObject({ kind: 'whole' })
  })

  test('drops the oldest entries if there are too many', async () => {
    const sink = toRedisStream(client, { key, maxEvents: 1000 })
    for (let batch = 0; batch < 5; batch++) await sink.write(Array.from({ length: 500 }, () => eventAt(0)))
    expect(await client.xlen(STREAM)).toBeLessThan(1200)
    expect(await verifySaved()).toMatchObject({ kind: 'whole' })
  })

  test('has a head for the only line that is left of a process', async () => {
    const sink = toRedisStream(client, { key })
    await sink.write(eventsAt(0, 1))
    const [first] = await client.xrange(STREAM, '-', '+')
    await client.xdel(STREAM, first?.[0] ?? '')
    expect(await verifySaved()).toMatchObject({ kind: 'whole', records: 0, unverified: 1 })
    await client.del(HEADS)
    expect(await verifySaved()).toMatchObject({ kind: 'broken' })
  })

  test('lets nobody delete, edit or cut a line', async () => {
    const sink = toRedisStream(client, { key, format: 'cef' })
    await sink.write(eventsAt(0, 1, 2, 3))
    const [, second] = await client.xrange(STREAM, '-', '+')
    await client.xdel(STREAM, second?.[0] ?? '')
    expect(await verifySaved()).toMatchObject({ kind: 'broken', fault: { kind: 'missing', number: 2 } })
    await client.del(STREAM)
    const other = toRedisStream(client, { key })
    await other.write(eventsAt(0, 1, 2))
    const [last] = await client.xrevrange(STREAM, '+', '-')
    await client.xdel(STREAM, last?.[0] ?? '')
    expect(await verifySaved()).toMatchObject({ kind: 'broken', fault: { kind: 'cut', number: 3 } })
  })

  test('does without a head if there was no event', async () => {
    const sink = toRedisStream(client, { key })
    await sink.write([])
    await sink.close?.()
    expect(await client.exists(STREAM, HEADS)).toBe(0)
  })
})
