import { createServer } from 'node:http'
import type { SallyportEvent, SallyportOptions, Session, SignIn } from '@sallyport/core'
import { createSallyport as forExpress } from '@sallyport/express'
import { createSallyport as forFastify } from '@sallyport/fastify'
import { createSallyport as forKoa } from '@sallyport/koa'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import { afterEach, describe, expect, test } from 'vitest'
import { type Listening, listening } from '../support/listening.ts'
import { turnedClock } from '../support/turned-clock.ts'

/** What the application says about a session that it found. */
const shown = (session: Session | undefined): object => ({ visitor: session?.subject ?? null })
const signInOf = (header: string | string[] | undefined): SignIn => JSON.parse(String(header ?? '{}'))

async function onExpress(options: SallyportOptions) {
  const sallyport = await forExpress(options)
  const app = express()
  app.post('/sign-in', (req, res) => sallyport.signIn(req, res, signInOf(req.headers['x-sign-in'])))
  app.all('/page', async (req, res) => void res.json(shown(await sallyport.sessions.find(req, res))))
  app.get('/me', sallyport.authMiddleware(), sallyport.requireScope('b'), (_q, res) => void res.json({}))
  app.use('/auth', sallyport.router('refresh', 'logout'))
  app.use(((fault, _req, res, _next) => {
    res.status(500).json({ fault: fault.message })
  }) as express.ErrorRequestHandler)
  return { sallyport, ...(await listening(createServer(app), sallyport.close)) }
}

async function onKoa(options: SallyportOptions) {
  const sallyport = await forKoa(options)
  const app = new Koa()
  app.silent = true
  const guarded = [sallyport.authMiddleware(), sallyport.requireScope('b')] as const
  const routes: Record<string, Koa.Middleware> = {
    '/sign-in': (ctx) => sallyport.signIn(ctx, signInOf(ctx.headers['x-sign-in'])),
    '/page': async (ctx) => {
      ctx.body = shown(await sallyport.sessions.find(ctx))
    },
    '/me': (ctx) =>
      guarded[0](ctx, async () =>
        guarded[1](ctx, async () => {
          ctx.body = {}
        }),
      ),
  }
  app.use(async (ctx, next) => {
    try {
      await next()
    } catch (fault) {
      ctx.status = 500
      ctx.body = { fault: fault instanceof Error ? fault.message : '' }
    }
  })
  app.use((ctx, next) => routes[ctx.path]?.(ctx, next) ?? next())
  app.use(sallyport.router('refresh', 'logout', { prefix: '/auth' }))
  return { sallyport, ...(await listening(createServer(app.callback()), sallyport.close)) }
}

async function onFastify(options: SallyportOptions) {
  const sallyport = await forFastify(options)
  const app = fastify()
  app.setErrorHandler((fault, _request, reply) =>
    reply.status(500).send({ fault: fault instanceof Error ? fault.message : '' }),
  )
  app.post('/sign-in', async (request, reply) =>
    sallyport.signIn(request, reply, signInOf(request.headers['x-sign-in'])),
  )
  app.all('/page', async (request, reply) => shown(await sallyport.sessions.find(request, reply)))
  const guarded = [sallyport.authMiddleware(), sallyport.requireScope('b')]
  app.get('/me', { onRequest: guarded }, async () => ({}))
  app.register(sallyport.router('refresh', 'logout'), { prefix: '/auth' })
  await app.ready()
  return { sallyport, ...(await listening(app.server, sallyport.close)) }
}

const open: Listening[] = []
afterEach(async () => {
  for (const app of open.splice(0)) await app.close()
})

const HOUR = 3600
const options = { refresh: { idleSeconds: 24 * HOUR, absoluteSeconds: 48 * HOUR } }

describe.each([
  { name: 'express', start: onExpress },
  { name: 'koa', start: onKoa },
  { name: 'fastify', start: onFastify },
])('on $name', ({ start }) => {
  async function started(more: SallyportOptions = {}) {
    const app = await start({ ...options, ...more })
    open.push(app)
    const events: SallyportEvent[] = []
    app.sallyport.on('event', (event) => events.push(event))
    const send = async (method: string, path: string, headers: Record<string, string> = {}) => {
      const reply = await fetch(app.url + path, { method, headers })
      const [set = ''] = reply.headers.getSetCookie()
      const text = await reply.text()
      return {
        status: reply.status,
        body: text === '' ? {} : JSON.parse(text),
        set,
        cookie: set.split(';')[0] ?? '',
      }
    }
    const signIn = (members: object) =>
      send('POST', '/sign-in', { 'x-sign-in': JSON.stringify({ subject: 'u1', ...members }) })
    const refresh = (cookie: string) => send('POST', '/auth/refresh', { cookie })
    return { ...app, events, send, signIn, refresh }
  }

  describe('a sign-in', () => {
    test('that is not to be kept sets a cookie without an age, and so does each refresh', async () => {
      const { signIn, refresh } = await started()
      const first = await signIn({ persistent: false })
      expect(first).toMatchObject({ status: 200 })
      expect(first.set).toMatch(/^__Host-refresh=spr_.+HttpOnly.+SameSite=Strict/)
      expect(first.set).not.toMatch(/max-age|expires/i)
      const second = await refresh(first.cookie)
      expect(second.set).toMatch(/^__Host-refresh=spr_/)
      expect(second.set).not.toMatch(/max-age|expires/i)
    })

    test.each([{}, { persistent: true }])(
      '%j sets a cookie that lasts as long as the session may idle',
      async (members) => {
        const { signIn, refresh } = await started()
        const first = await signIn(members)
        expect(first.set).toContain(`Max-Age=${24 * HOUR}`)
        expect((await refresh(first.cookie)).set).toContain(`Max-Age=${24 * HOUR}`)
      },
    )

    test('with lifetimes of its own ends by them', async () => {
      const clock = turnedClock()
      const { signIn, refresh } = await started({ clock })
      const short = await signIn({ idleSeconds: HOUR, absoluteSeconds: 2 * HOUR })
      const long = await signIn({})
      expect(short.set).toContain(`Max-Age=${HOUR}`)
      clock.turn((HOUR - 1) * 1000)
      const again = await refresh(short.cookie)
      expect(again).toMatchObject({ status: 200 })
      clock.turn((HOUR - 1) * 1000)
      const last = await refresh(again.cookie)
      expect(last).toMatchObject({ status: 200, body: { expires_in: 2 } })
      expect(last.set).toContain('Max-Age=2;')
      clock.turn(2000)
      expect(await refresh(last.cookie)).toMatchObject({ status: 401 })
      expect(await refresh(long.cookie)).toMatchObject({ status: 200 })
    })

    test.each([
      {
        members: { idleSeconds: 24 * HOUR + 1 },
        says: '"idleSeconds" must be a whole number from 1 to 86400',
      },
      { members: { absoluteSeconds: 0 }, says: '"absoluteSeconds" must be a whole number from 1 to 172800' },
      { members: { idleSeconds: 1.5 }, says: '"idleSeconds" must be a whole number' },
      { members: { idleSeconds: '60' }, says: '"idleSeconds" must be a whole number' },
      { members: { persistent: 'no' }, says: '"persistent" must be true or false' },
    ])('with $members is an error of the application', async ({ members, says }) => {
      const reply = await (await started()).signIn(members)
      expect(reply).toMatchObject({ status: 500, body: { fault: expect.stringContaining(says) }, set: '' })
    })
  })

  test('a short idle lifetime shortens the access token, so that a refresh comes in time', async () => {
    const clock = turnedClock()
    const { signIn, refresh } = await started({ clock })
    let latest = await signIn({ idleSeconds: 301 })
    for (let turn = 0; turn < 5; turn++) {
      expect(latest).toMatchObject({ status: 200, body: { expires_in: 151 } })
      clock.turn(latest.body.expires_in * 1000)
      latest = await refresh(latest.cookie)
    }
  })

  describe('the session of a page', () => {
    test('is found by the cookie, which stays as it is', async () => {
      const { send, signIn, refresh } = await started()
      const { cookie } = await signIn({})
      for (const method of ['GET', 'GET'])
        expect(await send(method, '/page', { cookie })).toMatchObject({
          status: 200,
          body: { visitor: 'u1' },
          set: '',
        })
      expect(await refresh(cookie)).toMatchObject({ status: 200 })
    })

    test('is found by the previous cookie for a moment, and by no earlier one, which is no theft here', async () => {
      const clock = turnedClock()
      const { send, signIn, refresh, events } = await started({ clock })
      const first = await signIn({})
      const second = await refresh(first.cookie)
      expect(await send('GET', '/page', { cookie: first.cookie })).toMatchObject({ body: { visitor: 'u1' } })
      const third = await refresh(second.cookie)
      expect(await send('GET', '/page', { cookie: first.cookie })).toMatchObject({ body: { visitor: null } })
      expect(await send('GET', '/page', { cookie: second.cookie })).toMatchObject({ body: { visitor: 'u1' } })
      clock.turn(11_000)
      expect(await send('GET', '/page', { cookie: second.cookie })).toMatchObject({ body: { visitor: null } })
      expect(await send('GET', '/page', { cookie: third.cookie })).toMatchObject({ body: { visitor: 'u1' } })
      expect(events.map(({ event }) => event)).not.toContain('refresh.reused')
    })

    test('is not found by a refresh token that travels in bodies', async () => {
      const { send } = await started()
      const { body } = await send('POST', '/sign-in', {
        'x-sign-in': JSON.stringify({ subject: 'u1' }),
        'x-token-transport': 'body',
      })
      const cookie = `__Host-refresh=${body.refresh_token}`
      expect(await send('GET', '/page', { cookie })).toMatchObject({ status: 200, body: { visitor: null } })
    })

    test('lives on when its body token is sent to the log-out as a cookie', async () => {
      const { send, sallyport } = await started()
      const { body } = await send('POST', '/sign-in', {
        'x-sign-in': JSON.stringify({ subject: 'u1' }),
        'x-token-transport': 'body',
      })
      await send('POST', '/auth/logout', { cookie: `__Host-refresh=${body.refresh_token}` })
      expect(await sallyport.sessions.list('u1')).toHaveLength(1)
    })

    test('is not there without a cookie, with a forged one, and after it ended', async () => {
      const clock = turnedClock()
      const { send, signIn, sallyport } = await started({ clock })
      const { cookie } = await signIn({})
      const forged = `${cookie.slice(0, -2)}AA`
      for (const headers of [{}, { cookie: forged }, { cookie: '__Host-refresh=' }])
        expect(await send('GET', '/page', headers)).toMatchObject({ status: 200, body: { visitor: null } })
      await sallyport.sessions.revokeAll('u1')
      expect(await send('GET', '/page', { cookie })).toMatchObject({ body: { visitor: null } })
      const second = await signIn({ idleSeconds: 60 })
      clock.turn(60_000)
      expect(await send('GET', '/page', { cookie: second.cookie })).toMatchObject({ body: { visitor: null } })
    })

    test.each(['POST', 'PUT', 'DELETE', 'PATCH'])('is not given to a %s', async (method) => {
      const { send, signIn } = await started()
      const { cookie } = await signIn({})
      const reply = await send(method, '/page', { cookie })
      expect(reply).toMatchObject({ status: 500, body: { fault: expect.stringContaining('GET and HEAD') } })
    })
  })

  test('rights that changed hold from the next refresh on, and the old ones no longer', async () => {
    const { send, signIn, refresh, sallyport, events } = await started()
    const { body, cookie } = await signIn({ scope: ['a'] })
    const me = (token: string) => send('GET', '/me', { authorization: `Bearer ${token}` })
    expect(await me(body.access_token)).toMatchObject({ status: 403 })
    const { sessions } = await sallyport.sessions.update('u1', { scope: ['a', 'b'] })
    expect(sessions).toHaveLength(1)
    expect(await me(body.access_token)).toMatchObject({ status: 401, body: { error: 'invalid_token' } })
    const next = await refresh(cookie)
    expect(next).toMatchObject({ status: 200, body: { scope: 'a b' } })
    expect(await me(next.body.access_token)).toMatchObject({ status: 200 })
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'token.revoked', sub: 'u1', reason: 'scope_changed' }),
    )
    const { update } = sallyport.sessions
    await expect(update('', { scope: ['a'] })).rejects.toThrow(TypeError)
    for (const wrong of [{}, { scope: 'a' }, { scope: ['a b'] }, { scope: ['a'], roles: ['x'] }, undefined])
      await expect(update('u1', wrong as never)).rejects.toThrow(TypeError)
    expect((await refresh(next.cookie)).body).toMatchObject({ scope: 'a b' })
  })

  test('the access tokens of a user can be revoked while the sessions live on', async () => {
    const { send, signIn, refresh, sallyport } = await started()
    const { body, cookie } = await signIn({ scope: ['b'] })
    const me = (token: string) => send('GET', '/me', { authorization: `Bearer ${token}` })
    expect(await me(body.access_token)).toMatchObject({ status: 200 })
    await sallyport.tokens.revokeAll('u1', { reason: 'role_changed' })
    expect(await me(body.access_token)).toMatchObject({ status: 401 })
    const next = await refresh(cookie)
    expect(next).toMatchObject({ status: 200, body: { scope: 'b' } })
    expect(await me(next.body.access_token)).toMatchObject({ status: 200 })
  })
})
