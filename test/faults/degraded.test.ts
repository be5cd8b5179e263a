import type { AddressInfo, Server } from 'node:net'
import * as onExpress from '@sallyport/express'
import * as onFastify from '@sallyport/fastify'
import * as onKoa from '@sallyport/koa'
import { redisStore } from '@sallyport/redis'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { storeContext } from '../support/store-context.ts'

type Sallyport = onExpress.Sallyport
type Choice = 'refuse' | 'allow'

/** A server with one route that refuses and one that allows while the store is away; and a token for it. */
interface Site {
  readonly sallyport: Sallyport
  readonly url: string
  readonly token: string
  close(): Promise<void>
}

const choices: readonly Choice[] = ['refuse', 'allow']
let redis: RedisServer

beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

const options = (): onExpress.SallyportOptions => ({
  secret: 'a secret of the test, with its 32 bytes',
  store: redisStore({ url: redis.url }),
  revocation: { maxStalenessSeconds: 0 },
})

const sites: Readonly<Record<string, () => Promise<Site>>> = {
  async express() {
    const sallyport = await onExpress.createSallyport(options())
    const app = express()
    app.post('/login', (req, res) => sallyport.signIn(req, res, { subject: 'somebody' }))
    for (const whenUnavailable of choices)
      app.get(`/${whenUnavailable}`, sallyport.authMiddleware({ whenUnavailable }), (_req, res) => {
        res.end('reached')
      })
    return opened(sallyport, app.listen(0, '127.0.0.1'))
  },
  async koa() {
    const sallyport = await onKoa.createSallyport(options())
    const app = new Koa()
    app.use((ctx, next) => (ctx.path === '/login' ? sallyport.signIn(ctx, { subject: 'somebody' }) : next()))
    for (const whenUnavailable of choices) {
      const guard = sallyport.authMiddleware({ whenUnavailable })
      app.use((ctx, next) => (ctx.path === `/${whenUnavailable}` ? guard(ctx, next) : next()))
    }
    app.use((ctx) => {
      ctx.body = 'reached'
    })
    return opened(sallyport, app.listen(0, '127.0.0.1'))
  },
  async fastify() {
    const sallyport = await onFastify.createSallyport(options())
    const app = fastify()
    app.post('/login', (request, reply) => sallyport.signIn(request, reply, { subject: 'somebody' }))
    for (const whenUnavailable of choices)
      app.register(async (scope) => {
        await scope.register(sallyport.authMiddleware({ whenUnavailable }))
        scope.get(`/${whenUnavailable}`, async () => 'reached')
      })
    await app.listen({ port: 0, host: '127.0.0.1' })
    return opened(sallyport, app.server)
  },
}

async function opened(sallyport: Sallyport, server: Server): Promise<Site> {
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const login = (await (await fetch(`${url}/login`, { method: 'POST' })).json()) as { access_token: string }
  return {
    sallyport,
    url,
    token: login.access_token,
    async close() {
      await new Promise((resolve) => server.close(resolve))
      await sallyport.close()
    },
  }
}

describe.each(Object.keys(sites))('on %s, while the store is away and the copy is too old', (framework) => {
  test('each route does what it declared, and tells of it; revoked tokens are refused all the same', async () => {
    await redis.restartEmpty()
    const site = await sites[framework]?.()
    if (site === undefined) throw new Error('there is such a site')
    const told: string[] = []
    site.sallyport.on('event', ({ event, outcome }) => {
      if (event === 'decision.degraded') told.push(outcome)
    })
    const get = (path: string): Promise<Response> =>
      fetch(`${site.url}${path}`, { headers: { authorization: `Bearer ${site.token}`, connection: 'close' } })
    expect([(await get('/refuse')).status, (await get('/allow')).status]).toEqual([200, 200])

    redis.kill()
    await expect.poll(() => site.sallyport.ready(), { timeout: 5000 }).toBe(false)
    const refused = await get('/refuse')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await (await get('/allow')).text()).toBe('reached')
    expect(told).toEqual(['failure', 'success'])

    await redis.restartEmpty()
    await expect.poll(() => site.sallyport.ready(), { timeout: 5000 }).toBe(true)
    await site.sallyport.sessions.revokeAll('somebody')
    redis.kill()
    expect((await get('/allow')).status).toBe(401)
    await site.close()
  })
})

test('a wrong choice is refused where the middleware is made', async () => {
  const sallyport = await onExpress.createSallyport()
  const wrong = { whenUnavailable: 'maybe' } as unknown as onExpress.VerifyOptions
  expect(() => sallyport.authMiddleware(wrong)).toThrow('authMiddleware.whenUnavailable')
  expect(() => sallyport.authMiddleware({ when: 1 } as unknown as onExpress.VerifyOptions)).toThrow(
    'authMiddleware.when',
  )
  await sallyport.close()
})

test('what weakens the promise is said at start, in one line each', async () => {
  const weak = await startRedis({ args: ['--maxmemory-policy', 'allkeys-lru'] })
  const said: string[] = []
  const store = await redisStore({ url: weak.url, durability: 'replicated' }).open({
    ...storeContext,
    notice: (message) => said.push(message),
  })
  expect(said).toEqual([
    expect.stringContaining('maxmemory-policy allkeys-lru'),
    expect.stringContaining('append-only'),
    expect.stringContaining('asks for 1 replicas, but Redis has 0'),
  ])
  await store.close()
  await weak.stop()
})
