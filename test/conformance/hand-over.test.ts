import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { HandedOver, SallyportEvent, SallyportOptions } from '@sallyport/core'
import { createSallyport as forExpress } from '@sallyport/express'
import { createSallyport as forFastify } from '@sallyport/fastify'
import { createSallyport as forKoa } from '@sallyport/koa'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import supertest from 'supertest'
import { afterEach, describe, expect, test } from 'vitest'
import { type Listening, listening } from '../support/listening.ts'
import { turnedClock } from '../support/turned-clock.ts'

const rendered = (page: HandedOver | undefined): string =>
  `<!doctype html><title>${page?.session.subject ?? 'guest'}</title>${page?.element ?? ''}`
type Method = 'get' | 'post' | 'put' | 'delete'
const SIGN_IN = { subject: 'u1', scope: ['</script><b>'] }
const STEP_UP = { acr: 'gold' }
const signInFor = (headers: IncomingHttpHeaders) =>
  headers['x-short'] === undefined ? SIGN_IN : { ...SIGN_IN, idleSeconds: 60 }

async function onExpress(options: SallyportOptions) {
  const sallyport = await forExpress(options)
  const app = express()
  app.post('/sign-in', (req, res) => sallyport.signIn(req, res, signInFor(req.headers)))
  app.post('/step-up', sallyport.authMiddleware(), (req, res) => sallyport.stepUp(req, res, STEP_UP))
  app.all('/page', async (req, res) => void res.send(rendered(await sallyport.sessions.handOver(req, res))))
  app.get('/me', sallyport.authMiddleware(), (_req, res) => void res.json({}))
  app.use('/auth', sallyport.router('refresh', 'logout'))
  return { sallyport, ...(await listening(createServer(app), sallyport.close)) }
}

async function onKoa(options: SallyportOptions) {
  const sallyport = await forKoa(options)
  const app = new Koa()
  app.silent = true
  const routes: Record<string, Koa.Middleware> = {
    '/sign-in': (ctx) => sallyport.signIn(ctx, signInFor(ctx.headers)),
    '/step-up': (ctx) => sallyport.authMiddleware()(ctx, async () => sallyport.stepUp(ctx, STEP_UP)),
    '/page': async (ctx) => {
      ctx.body = rendered(await sallyport.sessions.handOver(ctx))
    },
    '/me': (ctx) =>
      sallyport.authMiddleware()(ctx, async () => {
        ctx.body = {}
      }),
  }
  app.use((ctx, next) => routes[ctx.path]?.(ctx, next) ?? next())
  app.use(sallyport.router('refresh', 'logout', { prefix: '/auth' }))
  return { sallyport, ...(await listening(createServer(app.callback()), sallyport.close)) }
}

async function onFastify(options: SallyportOptions) {
  const sallyport = await forFastify(options)
  const app = fastify()
  app.post('/sign-in', async (request, reply) => sallyport.signIn(request, reply, signInFor(request.headers)))
  app.post('/step-up', { onRequest: sallyport.authMiddleware() }, async (request, reply) =>
    sallyport.stepUp(request, reply, STEP_UP),
  )
  app.all('/page', async (request, reply) => rendered(await sallyport.sessions.handOver(request, reply)))
  app.get('/me', { onRequest: sallyport.authMiddleware() }, async () => ({}))
  app.register(sallyport.router('refresh', 'logout'), { prefix: '/auth' })
  await app.ready()
  return { sallyport, ...(await listening(app.server, sallyport.close)) }
}

const open: Listening[] = []
afterEach(async () => {
  for (const app of open.splice(0)) await app.close()
})

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const FIREFOX_NEWER = FIREFOX.replaceAll('140', '141')
const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36'
const ELEMENT = /<script type="application\/json" id="sallyport">(.*?)<\/script>(.*)$/s

describe.each([
  { name: 'express', start: onExpress },
  { name: 'koa', start: onKoa },
  { name: 'fastify', start: onFastify },
])('a page that is rendered on $name', ({ start }) => {
  async function started(more: SallyportOptions = {}) {
    const clock = turnedClock()
    const app = await start({ clock, ...more })
    open.push(app)
    const events: SallyportEvent[] = []
    app.sallyport.on('event', (event) => events.push(event))
    const send = async (method: Method, path: string, headers: Record<string, string> = {}) => {
      const reply = await supertest(app.url)
        [method](path)
        .set({ 'user-agent': FIREFOX, ...headers })
      const set: readonly string[] = [reply.headers['set-cookie'] ?? []].flat()
      return { ...reply, set, cookie: set.map((cookie) => cookie.split(';')[0]).join('; ') }
    }
    const page = async (headers: Record<string, string>) => {
      const { text, set } = await send('get', '/page', headers)
      const [, json, rest] = ELEMENT.exec(text) ?? []
      expect(set).toEqual([])
      return {
        subject: /<title>(.*?)</.exec(text)?.[1],
        tokens: json === undefined ? undefined : JSON.parse(json),
        rest,
      }
    }
    const me = async (token: string, more: Record<string, string> = {}) =>
      (await send('get', '/me', { ...more, authorization: `Bearer ${token}` })).status
    const signIn = async (headers = {}) => (await send('post', '/sign-in', headers)).cookie
    const refresh = async (cookie: string) => (await send('post', '/auth/refresh', { cookie })).cookie
    return { ...app, clock, events, send, page, me, signIn, refresh }
  }

  test('gets an access token, which ends with the one of the latest refresh, and rotates nothing', async () => {
    const { page, me, signIn, refresh, clock, events } = await started()
    const cookie = await signIn()
    clock.turn(200_000)
    const { subject, tokens } = await page({ cookie })
    expect(subject).toBe('u1')
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 700, scope: SIGN_IN.scope[0] })
    expect(await me(tokens.access_token)).toBe(200)
    expect(events).toContainEqual(
      expect.objectContaining({
        event: 'token.issued',
        reason: 'handed_over',
        sub: 'u1',
        outcome: 'success',
      }),
    )
    clock.turn(300_000)
    expect((await page({ cookie })).tokens).toMatchObject({ expires_in: 400 })
    const next = await refresh(cookie)
    expect((await page({ cookie: next })).tokens).toMatchObject({ expires_in: 900 })
    expect(events.map(({ event }) => event)).not.toContain('refresh.reused')
  })

  test('can contain no token that ends its element', async () => {
    const { page, signIn } = await started()
    expect(await page({ cookie: await signIn() })).toMatchObject({ rest: '' })
  })

  test('gets none once the token of the latest refresh is about to end, but its session', async () => {
    const { page, signIn, clock } = await started()
    const cookie = await signIn()
    clock.turn(890_000)
    expect((await page({ cookie })).tokens).toMatchObject({ expires_in: 10 })
    clock.turn(1000)
    expect(await page({ cookie })).toEqual({ subject: 'u1', tokens: undefined, rest: undefined })
    clock.turn(3_600_000)
    expect(await page({ cookie })).toMatchObject({ subject: 'u1', tokens: undefined })
  })

  test('gets none for the previous cookie within the grace, and is a guest’s after it', async () => {
    const { page, signIn, refresh, clock } = await started()
    const first = await signIn()
    await refresh(first)
    expect(await page({ cookie: first })).toMatchObject({ subject: 'u1', tokens: undefined })
    clock.turn(11_000)
    expect(await page({ cookie: first })).toMatchObject({ subject: 'guest', tokens: undefined })
  })

  test('gets none for another browser, but for a newer version of the same', async () => {
    const { page, signIn } = await started()
    const cookie = await signIn()
    expect(await page({ cookie, 'user-agent': CHROME })).toMatchObject({ subject: 'u1', tokens: undefined })
    const { tokens } = await page({ cookie, 'user-agent': FIREFOX_NEWER })
    expect(tokens).toMatchObject({ expires_in: 900 })
  })

  test.each(['cors', 'no-cors', 'same-origin', 'websocket'])(
    'gets none when a script fetches it (%s)',
    async (mode) => {
      const { page, signIn } = await started()
      const cookie = await signIn()
      expect(await page({ cookie, 'sec-fetch-mode': mode })).toMatchObject({
        subject: 'u1',
        tokens: undefined,
      })
      expect((await page({ cookie, 'sec-fetch-mode': 'navigate' })).tokens).toBeDefined()
    },
  )

  test('is a guest’s after the session ended, and the token that it got is refused', async () => {
    const { page, me, signIn, send } = await started()
    const cookie = await signIn()
    const { tokens } = await page({ cookie })
    await send('post', '/auth/logout', { cookie })
    expect(await me(tokens.access_token)).toBe(401)
    expect(await page({ cookie })).toMatchObject({ subject: 'guest', tokens: undefined })
  })

  test('gets a token that is bound to the cookie, where tokens are', async () => {
    const { page, me, signIn } = await started({ cookie: { bindsTokens: true } })
    const cookie = await signIn()
    const { tokens } = await page({ cookie })
    expect(await me(tokens.access_token)).toBe(401)
    expect(await me(tokens.access_token, { cookie })).toBe(200)
    expect(await page({ cookie: cookie.split('; ')[0] ?? '' })).toMatchObject({ subject: 'guest' })
  })

  test('gets none that outlives the first token of a session with a short life', async () => {
    const { page, signIn, clock } = await started()
    const cookie = await signIn({ 'x-short': '' })
    expect((await page({ cookie })).tokens).toMatchObject({ expires_in: 30 })
    clock.turn(15_000)
    expect((await page({ cookie })).tokens).toMatchObject({ expires_in: 15 })
    clock.turn(10_000)
    expect(await page({ cookie })).toMatchObject({ subject: 'u1', tokens: undefined })
  })

  test('gets none after a step-up, which the cookie alone must not show', async () => {
    const { page, send, signIn, refresh, clock } = await started()
    const cookie = await signIn()
    const { tokens } = await page({ cookie })
    const { status } = await send('post', '/step-up', { authorization: `Bearer ${tokens.access_token}` })
    expect(status).toBe(200)
    expect(await page({ cookie })).toMatchObject({ subject: 'u1', tokens: undefined })
    const next = await refresh(cookie)
    expect(await page({ cookie: next })).toMatchObject({ subject: 'u1', tokens: undefined })
    clock.turn(901_000)
    expect((await page({ cookie: await refresh(next) })).tokens).toMatchObject({ expires_in: 900 })
  })

  test('gets none when the tokens of its user were revoked, until the next refresh', async () => {
    const { page, me, signIn, refresh, sallyport, clock } = await started()
    const cookie = await signIn()
    await sallyport.sessions.update('u1', { scope: ['wider'] })
    clock.turn(10_000)
    expect(await page({ cookie })).toMatchObject({ subject: 'u1', tokens: undefined })
    const { tokens } = await page({ cookie: await refresh(cookie) })
    expect(tokens).toMatchObject({ scope: 'wider' })
    expect(await me(tokens.access_token)).toBe(200)
  })

  test.each(['post', 'put', 'delete'] as const)('is not an answer to %s', async (method) => {
    const { send, signIn } = await started()
    const { status, text } = await send(method, '/page', { cookie: await signIn() })
    expect(status).toBe(500)
    expect(text).not.toContain('access_token')
  })

  test('gets one in a keyed session, whose previous cookie is a guest’s at once', async () => {
    const { page, signIn, send } = await started()
    const cookie = await signIn()
    const key = { 'idempotency-key': 'a-key-of-sixteen-characters' }
    const { cookie: next } = await send('post', '/auth/refresh', { cookie, ...key })
    expect((await page({ cookie: next })).tokens).toMatchObject({ expires_in: 900 })
    expect(await page({ cookie })).toMatchObject({ subject: 'guest', tokens: undefined })
  })
})
