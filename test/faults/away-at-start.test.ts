import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Framework, type ServerProcess, startServer } from '../support/processes.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { RECOVERED_WITHIN_MS, until } from './system.ts'

const SECRET = randomBytes(32).toString('base64url')
const frameworks: readonly Framework[] = ['express', 'koa', 'fastify']

/** What a server told the operator about Redis. */
const toldBy = ({ errors }: ServerProcess): readonly string[] =>
  errors
    .filter((line) => /SallyportNotice: Redis (?!keeps)/.test(line))
    .map((line) => line.slice(line.indexOf('Redis')))

const untilTold = (server: ServerProcess, count: number): Promise<readonly string[]> =>
  until(
    async () => toldBy(server),
    (told) => told.length >= count,
    RECOVERED_WITHIN_MS,
  )

describe.each(frameworks)('a server on %s that cannot reach its Redis', (framework) => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  test('says so once with address and cause, and once that it is back', async () => {
    const gone = await startRedis()
    await gone.stop()
    const url = `redis://user:hidden@127.0.0.1:${gone.port}/0`
    const server = await startServer(framework, { SECRET, REDIS_URL: url })
    const address = `Redis at redis://127.0.0.1:${gone.port} is away (ECONNREFUSED; `
    expect(await untilTold(server, 1)).toEqual([expect.stringContaining(address)])
    for (let time = 0; time < 3; time++) expect((await fetch(`${server.url}/readyz`)).status).toBe(503)
    expect(toldBy(server)).toHaveLength(1)

    const config = `user user on >hidden ~* &* +@all`
    const back = await startRedis({ port: gone.port, config })
    expect(await untilTold(server, 2)).toEqual([expect.anything(), 'Redis serves again'])
    await server.stop()
    await back.stop()
    expect(server.errors.join()).not.toContain('hidden')
  })

  test('since it asks for TLS and the server has none', async () => {
    const server = await startServer(framework, { SECRET, REDIS_URL: `rediss://127.0.0.1:${redis.port}/0` })
    const told = await untilTold(server, 1)
    expect(told).toEqual([expect.stringContaining(`Redis at rediss://127.0.0.1:${redis.port} is away (`)])
    expect(told[0]).toContain('with or without TLS')
    await server.stop()
  })
})
