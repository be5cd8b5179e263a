import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ServerProcess, startServer } from '../support/processes.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { settle } from '../support/settle.ts'
import { accessOf, type Client, createClient } from './client.ts'
import { REFUSED_WITHIN_MS, upTo } from './system.ts'

const STREAMS = 5
/** It has no way to end but a signal. */
const ENDED_BY_SIGTERM = 143

let redis: RedisServer
let servers: readonly ServerProcess[]
let clients: readonly [Client, Client]

beforeAll(async () => {
  redis = await startRedis()
  await settle(redis)
  const env = { REDIS_URL: redis.url, SECRET: randomBytes(32).toString('base64url') }
  const [one, two] = await Promise.all([startServer('live', env), startServer('live', env)])
  servers = [one, two]
  clients = [createClient(one.url), createClient(two.url)]
})

afterAll(async () => {
  const exitCodes = await Promise.all(servers.map((server) => server.stop()))
  await redis.stop()
  expect(exitCodes).toEqual([ENDED_BY_SIGTERM, ENDED_BY_SIGTERM])
  const errors = servers.flatMap((server) => server.errors)
  expect(errors.filter((line) => !/SallyportNotice|--trace-warnings/.test(line))).toEqual([])
})

/** An open event stream: what came of it so far, and when it ended. */
interface Stream {
  readonly text: () => string
  readonly endedAt: Promise<number>
}

function open(url: string, access: string): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL('/events', url),
      { headers: { Authorization: `Bearer ${access}` } },
      (response) => {
        if (response.statusCode !== 200) return reject(new Error(`no stream but ${response.statusCode}`))
        let text = ''
        const endedAt = new Promise<number>((end) => response.once('end', () => end(performance.now())))
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString()
          resolve({ text: () => text, endedAt })
        })
      },
    )
    sent.once('error', reject)
    sent.end()
  })
}

test('an open stream ends when its session is revoked on another process, and no other stream does', async () => {
  const [here, there] = clients
  const took: number[] = []
  for (const way of upTo(STREAMS)) {
    const login = await here.call('POST', '/login')
    const other = await here.call('POST', '/login')
    const stream = await open(here.url, accessOf(login))
    const untouched = await open(here.url, accessOf(other))
    expect(stream.text()).toContain('hello')

    const path = way === STREAMS - 1 ? '/auth/logout-all' : '/auth/logout'
    const logout = await there.call('POST', path, { access: accessOf(login) })
    expect(logout.status).toBe(204)
    const endedAt = await stream.endedAt
    took.push(endedAt - logout.answeredAt)
    expect(stream.text()).toContain('event: revoked')
    if (path === '/auth/logout') {
      expect(untouched.text()).not.toContain('event: revoked')
      expect((await there.call('POST', path, { access: accessOf(other) })).status).toBe(204)
    }
    await untouched.endedAt
  }
  const longest = Math.max(...took)
  console.log(`an open stream ends ${longest.toFixed(0)} ms after the log-out elsewhere, at most`)
  expect(longest).toBeLessThan(REFUSED_WITHIN_MS)
})
