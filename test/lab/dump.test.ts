import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createScene } from '../../lab/src/play/scene.ts'
import { startGuarded } from '../../lab/src/servers/guarded.ts'
import { redisStore } from '../../packages/redis/src/index.ts'
import { testClock } from '../../packages/testing/src/index.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'

let folder: string
let redis: RedisServer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-dump-'))
  redis = await startRedis({ args: ['--dir', folder, '--rdbcompression', 'no', '--dbfilename', 'dump.rdb'] })
})
afterAll(async () => {
  await redis?.stop()
  await rm(folder, { recursive: true })
})

test('a dump of Redis has no token, and nothing in it opens a session or the API', async () => {
  const clock = testClock()
  const server = await startGuarded(clock, redisStore({ url: redis.url }))
  const { send } = createScene(server, clock)
  try {
    const body = { username: 'alice', password: 'sunshine7' }
    const first = await send('signs in', { method: 'POST', path: '/auth/login', body })
    const next = await send('refreshes', { method: 'POST', path: '/auth/refresh', cookie: first.cookie })
    const [name = '', token = ''] = next.cookie.split('=')
    const me = { path: '/api/me' }
    expect((await send('is known', { ...me, bearer: next.accessToken })).text).toBe('{"sub":"alice"}')

    const client = redisClient(redis)
    await client.save()
    await client.quit()
    const dump = await readFile(join(folder, 'dump.rdb'), 'latin1')
    expect(dump).toContain('alice')
    for (const secret of [token, first.cookie.split('=')[1] ?? '', next.accessToken, body.password])
      expect(dump).not.toContain(secret)
    const found = [...new Set(dump.match(/[\w-]{16,}/g))]
    expect(found).not.toEqual([])
    for (const value of found) {
      const cookie = `${name}=${value}`
      const refreshed = await send('tries', { method: 'POST', path: '/auth/refresh', cookie })
      const asked = await send('tries', { ...me, bearer: value })
      expect({ value, statuses: [refreshed.status, asked.status] }).toEqual({ value, statuses: [401, 401] })
    }
    expect((await send('is still known', { ...me, bearer: next.accessToken })).status).toBe(200)
  } finally {
    await server.close()
  }
})
