import { createServer } from 'node:http'
import { type Alert, memoryStore, type SallyportEvent, type SallyportOptions } from '@sallyport/core'
import { createSallyport as forExpress } from '@sallyport/express'
import { createSallyport as forFastify } from '@sallyport/fastify'
import { createSallyport as forKoa } from '@sallyport/koa'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Listening, listening } from '../support/listening.ts'
import { turnedClock } from '../support/turned-clock.ts'

const open: Listening[] = []
afterEach(async () => {
  for (const app of open.splice(0)) await app.close()
})

const HOME = '192.0.2.1'
const AWAY = '203.0.113.7'
const nobody = (): undefined => undefined

async function onExpress(options: SallyportOptions): Promise<Listening> {
  const sallyport = await forExpress(options)
  const app = express().set('trust proxy', true)
  app.post('/login', (req, res) => sallyport.signIn(req, res, { subject: 'u1' }))
  app.post('/wrong', async (req, res) => {
    await sallyport.guardSignIn(req, res, String(req.headers['x-name']), nobody)
    res.sendStatus(401)
  })
  app.use('/auth', sallyport.router('token'))
  app.get(
    '/pay',
    sallyport.authMiddleware(),
    sallyport.requireRiskBelow(50),
    (_req, res) => void res.json({}),
  )
  return listening(createServer(app), sallyport.close)
}

async function onKoa(options: SallyportOptions): Promise<Listening> {
  const sallyport = await forKoa(options)
  const app = new Koa({ proxy: true })
  app.use(sallyport.router('token', { prefix: '/auth' }))
  app.use(async (ctx, next) => {
    if (ctx.path === '/login') return sallyport.signIn(ctx, { subject: 'u1' })
    if (ctx.path !== '/wrong') return next()
    await sallyport.guardSignIn(ctx, String(ctx.headers['x-name']), nobody)
    ctx.status = 401
  })
  app.use(sallyport.authMiddleware())
  app.use(sallyport.requireRiskBelow(50))
  app.use((ctx) => {
    ctx.body = {}
  })
  return listening(createServer(app.callback()), sallyport.close)
}

async function onFastify(options: SallyportOptions): Promise<Listening> {
  const sallyport = await forFastify(options)
  const app = fastify({ trustProxy: true })
  app.post('/login', async (request, reply) => sallyport.signIn(request, reply, { subject: 'u1' }))
  app.post('/wrong', async (request, reply) => {
    await sallyport.guardSignIn(request, reply, String(request.headers['x-name']), nobody)
    return reply.status(401).send()
  })
  app.register(sallyport.router('token'), { prefix: '/auth' })
  const onRequest = [sallyport.authMiddleware(), sallyport.requireRiskBelow(50)]
  app.get('/pay', { onRequest }, async () => ({}))
  await app.ready()
  return listening(app.server, () => Promise.all([app.close(), sallyport.close()]))
}

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

describe.each([
  ['Express', onExpress],
  ['Koa', onKoa],
  ['Fastify', onFastify],
])('on %s', (_name, start) => {
  async function world(rules: NonNullable<SallyportOptions['anomalies']>['rules'] = {}) {
    const clock = turnedClock()
    const alerts: Alert[] = []
    const onAlert = (alert: Alert): void => void alerts.push(alert)
    const secret = 'a secret of the test, with its 32 bytes'
    const app = await start({ secret, store: memoryStore(), clock, anomalies: { rules, onAlert } })
    open.push(app)
    const send = (path: string, ip: string, init: RequestInit = {}): Promise<Response> =>
      fetch(app.url + path, {
        ...{ method: 'POST', ...init },
        headers: { 'x-forwarded-for': ip, 'user-agent': 'Phone/1.0', ...init.headers },
      })
    const signIn = async (): Promise<Tokens> => {
      const answer = await send('/login', HOME, { headers: { 'x-token-transport': 'body' } })
      return (await answer.json()) as Tokens
    }
    const refresh = (refresh_token: string, ip = HOME): Promise<Response> =>
      send('/auth/token', ip, { body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token }) })
    const refreshed = async ({ refresh_token }: Tokens, ip?: string): Promise<Tokens> => {
      const answer = await refresh(refresh_token, ip)
      expect(answer.status).toBe(200)
      return (await answer.json()) as Tokens
    }
    const pay = ({ access_token }: Tokens, ip = HOME): Promise<Response> =>
      send('/pay', ip, { method: 'GET', headers: { authorization: `Bearer ${access_token}` } })
    /** The one alert that is raised; its event tells what raised it. */
    const alert = async (): Promise<readonly [rule: string, event: SallyportEvent]> => {
      await vi.waitFor(() => expect(alerts).toHaveLength(1))
      return [alerts[0]?.rule ?? '', alerts[0]?.event as SallyportEvent]
    }
    return { send, signIn, refresh, refreshed, pay, clock, alert }
  }

  test('passwords that are sprayed over many accounts are found', async () => {
    const { send, alert } = await world()
    for (let nth = 0; nth < 6; nth++)
      expect((await send('/wrong', AWAY, { headers: { 'x-name': `user${nth}` } })).status).toBe(401)
    expect(await alert()).toMatchObject(['failed_sign_ins', { event: 'login.failed', ip: AWAY }])
  })

  test('a storm of refreshes is found', async () => {
    const { signIn, refreshed, alert } = await world()
    let tokens = await signIn()
    for (let nth = 0; nth < 21; nth++) tokens = await refreshed(tokens)
    expect(await alert()).toMatchObject(['refresh_rate', { event: 'session.refreshed', sub: 'u1' }])
  })

  test('theft is told', async () => {
    const { signIn, refreshed, refresh, alert } = await world()
    const first = await signIn()
    await refreshed(await refreshed(first))
    expect((await refresh(first.refresh_token, AWAY)).status).toBe(400)
    expect(await alert()).toMatchObject(['token_theft', { event: 'refresh.reused', sub: 'u1', ip: AWAY }])
  })

  test('a refresh that is contested by another network is found, and the session may not pay', async () => {
    const { signIn, refreshed, pay, clock, alert } = await world({ contested_refresh: { risk: 60 } })
    const first = await signIn()
    expect((await pay(first)).status).toBe(200)
    await refreshed(first)
    clock.turn(60_000)
    const contested = await refreshed(first, AWAY)
    expect(await alert()).toMatchObject(['contested_refresh', { event: 'refresh.contested', ip: AWAY }])
    await vi.waitFor(async () => {
      const answer = await pay(contested, AWAY)
      expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([
        403,
        'access_denied',
      ])
    })
  })

  test('a rule that revokes ends the session of the one who raised it', async () => {
    const { signIn, refreshed, refresh, pay, alert } = await world({
      refresh_rate: { most: 2, revoke: true },
    })
    let tokens = await signIn()
    for (let nth = 0; nth < 3; nth++) tokens = await refreshed(tokens)
    expect((await alert())[0]).toBe('refresh_rate')
    await vi.waitFor(async () => expect((await pay(tokens)).status).toBe(401))
    expect((await refresh(tokens.refresh_token)).status).toBe(400)
  })
})
