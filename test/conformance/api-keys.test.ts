import { createServer, type Server } from 'node:http'
import type { Sallyport, SallyportOptions } from '@sallyport/core'
import { getAuth as callerOnExpress, createSallyport as forExpress } from '@sallyport/express'
import { getAuth as callerOnFastify, createSallyport as forFastify } from '@sallyport/fastify'
import { getAuth as callerOnKoa, createSallyport as forKoa } from '@sallyport/koa'
import { redisStore } from '@sallyport/redis'
import express from 'express'
import * as fc from 'fast-check'
import fastify from 'fastify'
import type { Redis } from 'ioredis'
import Koa from 'koa'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { readAll, readingsOf } from '../faults/redis-content.ts'
import { type Listening, listening } from '../support/listening.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { settle } from '../support/settle.ts'

/** One process: `/program` takes API keys with the scope `read`, and `/person` takes access tokens. */
interface Site extends Listening {
  readonly sallyport: Sallyport
}

const KEYS = { apiKeys: 'accept' } as const

async function onExpress(options: SallyportOptions): Promise<Site> {
  const sallyport = await forExpress(options)
  const { authMiddleware, requireScope, logoutRouter } = sallyport
  const app = express()
  app.get(
    '/program',
    authMiddleware(KEYS),
    requireScope('read'),
    (req, res) => void res.json(callerOnExpress(req)),
  )
  app.get('/person', authMiddleware(), (req, res) => void res.json(callerOnExpress(req)))
  app.use('/auth', logoutRouter())
  return opened(createServer(app), sallyport)
}

async function onKoa(options: SallyportOptions): Promise<Site> {
  const sallyport = await forKoa(options)
  const app = new Koa()
  const [program, person] = [sallyport.authMiddleware(KEYS), sallyport.authMiddleware()]
  const guard = sallyport.requireScope('read')
  app.use(sallyport.logoutRouter({ prefix: '/auth' }))
  app.use((ctx, next) => (ctx.path === '/program' ? program(ctx, () => guard(ctx, next)) : person(ctx, next)))
  app.use((ctx) => {
    ctx.body = callerOnKoa(ctx)
  })
  return opened(createServer(app.callback()), sallyport)
}

async function onFastify(options: SallyportOptions): Promise<Site> {
  const sallyport = await forFastify(options)
  const { authMiddleware, requireScope, logoutRouter } = sallyport
  const app = fastify()
  const program = { onRequest: [authMiddleware(KEYS), requireScope('read')] }
  app.get('/program', program, async (request) => callerOnFastify(request))
  app.get('/person', { onRequest: authMiddleware() }, async (request) => callerOnFastify(request))
  app.register(logoutRouter(), { prefix: '/auth' })
  await app.ready()
  return opened(app.server, sallyport)
}

let redis: RedisServer
let admin: Redis
const open: Site[] = []
async function opened(server: Server, sallyport: Sallyport): Promise<Site> {
  const site = { ...(await listening(server, sallyport.close)), sallyport }
  open.push(site)
  return site
}

beforeAll(async () => {
  redis = await startRedis()
  admin = redisClient(redis)
})
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
})
beforeEach(async () => {
  await admin.flushall()
  await settle(redis)
})
afterEach(async () => {
  for (const site of open.splice(0)) await site.close()
})

const asked = (site: Site, path: string, headers: Record<string, string>): Promise<Response> =>
  fetch(`${site.url}${path}`, { headers })
const withKey = (site: Site, key: string, path = '/program'): Promise<Response> =>
  asked(site, path, { authorization: `Bearer ${key}` })

async function made(site: Site, name = 'build', scope = ['read']): Promise<{ key: string; id: string }> {
  const outcome = await site.sallyport.apiKeys.create('usr_1', { name, scope })
  if (outcome.kind === 'full') throw new Error('the user has too many keys')
  return outcome
}

describe.each([
  ['Express', onExpress],
  ['Koa', onKoa],
  ['Fastify', onFastify],
] as const)('API keys on %s', (_name, start) => {
  const options = (): SallyportOptions => ({
    secret: 'q3Rk0VYzJm7uXw5bN1sLh9tGd2fCe8oPa4iKx6rTyZE',
    store: redisStore({ url: redis.url }),
    apiKeys: {},
  })

  test('are taken where a route says so, and refused with a challenge elsewhere', async () => {
    const site = await start(options())
    const { key, id } = await made(site)
    const accepted = await withKey(site, key)
    expect(accepted.status).toBe(200)
    expect(await accepted.json()).toMatchObject({
      credential: 'api_key',
      subject: 'usr_1',
      claims: { jti: id },
    })
    const narrow = await withKey(site, (await made(site, 'narrow', ['other'])).key)
    expect([narrow.status, narrow.headers.get('www-authenticate')]).toEqual([
      403,
      expect.stringContaining('insufficient_scope'),
    ])
    const refused = await withKey(site, key, '/person')
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('invalid_token'),
    ])
    const ending = { method: 'POST', headers: { authorization: `Bearer ${key}` } }
    expect((await fetch(`${site.url}/auth/logout-all`, ending)).status).toBe(401)
    expect((await withKey(site, key)).status).toBe(200)
  })

  test('are read in one place only', async () => {
    const site = await start(options())
    const { key } = await made(site)
    for (const headers of [
      {},
      { 'x-api-key': key },
      { cookie: `key=${key}` },
      { authorization: `Basic ${btoa(`${key}:`)}` },
      { authorization: key },
    ]) {
      const reply = await asked(site, `/program?access_token=${key}&api_key=${key}`, headers)
      expect([reply.status, ((await reply.json()) as { error: string }).error]).toEqual([401, 'unauthorized'])
    }
  })

  test('are refused by another process at once when they are revoked', async () => {
    const [here, there] = [await start(options()), await start(options())]
    const [gone, stays] = [await made(here), await made(here)]
    for (const { key } of [gone, stays]) expect((await withKey(there, key)).status).toBe(200)
    await here.sallyport.apiKeys.revoke('usr_1', gone.id)
    expect((await withKey(here, gone.key)).status).toBe(401)
    await vi.waitFor(async () => expect((await withKey(there, gone.key)).status).toBe(401), {
      timeout: 1000,
      interval: 10,
    })
    expect((await withKey(there, stays.key)).status).toBe(200)
    const late = await start(options())
    expect((await withKey(late, gone.key)).status).toBe(401)
    expect((await withKey(late, stays.key)).status).toBe(200)
    await there.sallyport.revokeAll()
    await vi.waitFor(async () => expect((await withKey(here, stays.key)).status).toBe(401), {
      timeout: 1000,
      interval: 10,
    })
  })

  test('answer 503 if a record is damaged, for that key alone', async () => {
    const site = await start(options())
    const [damaged, other] = [await made(site), await made(site)]
    const [hash = ''] = await admin.keys('*:i:*')
    await admin.hset(hash, Buffer.from(damaged.id.slice(4), 'base64url'), 'damaged')
    const replies = [await withKey(site, damaged.key), await withKey(site, other.key)]
    expect(replies.map(({ status }) => status)).toEqual([503, 200])
    expect(replies[0]?.headers.get('retry-after')).toBe('1')
    await site.sallyport.apiKeys.revoke('usr_1', damaged.id)
    expect((await withKey(site, damaged.key)).status).toBe(401)
  })

  test('that nobody made are refused, however they are spelled', async () => {
    const site = await start(options())
    const { key } = await made(site)
    const mutated = fc
      .record({ at: fc.integer({ min: 4, max: 88 }), put: fc.stringMatching(/^[!-~]{1,3}$/) })
      .map(({ at, put }) => key.slice(0, at) + put + key.slice(at + put.length))
    const any = fc.oneof(mutated, fc.stringMatching(/^spk_[!-~]{1,100}$/))
    await fc.assert(
      fc.asyncProperty(any, async (text) => {
        fc.pre(text !== key)
        expect((await withKey(site, text)).status).toBe(401)
      }),
      { numRuns: 300 },
    )
    expect((await withKey(site, key)).status).toBe(200)
  })
})

test('a dump of Redis gives no API key', async () => {
  const site = await onKoa({
    secret: 'q3Rk0VYzJm7uXw5bN1sLh9tGd2fCe8oPa4iKx6rTyZE',
    store: redisStore({ url: redis.url }),
    apiKeys: {},
    activity: {},
  })
  const keys = await Promise.all(Array.from({ length: 20 }, (_, index) => made(site, `name ${index}`)))
  for (const { key } of keys) await withKey(site, key)
  for (const { id } of keys.slice(10)) await site.sallyport.apiKeys.revoke('usr_1', id)
  await vi.waitFor(async () =>
    expect((await site.sallyport.apiKeys.list('usr_1'))[0]?.lastUsedAt).toBeDefined(),
  )
  const entries = await readAll(admin)
  expect(entries.every(({ ttlMs }) => ttlMs > 0)).toBe(true)
  const readings = entries.flatMap(({ parts }) => parts.flatMap(readingsOf))
  // That what does lie there is found proves that the search works.
  for (const known of ['usr_1', 'name 3']) expect(readings.some((one) => one.includes(known))).toBe(true)
  for (const { key } of keys) {
    const secret = Buffer.from(key.slice(4), 'base64url').subarray(28, 60)
    for (const part of [key, key.slice(4), secret, secret.subarray(0, 8), secret.subarray(-8)])
      expect(readings.some((one) => one.includes(part))).toBe(false)
  }
})
