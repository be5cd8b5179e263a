import { createServer, type Server } from 'node:http'
import { RefusalError, type Sallyport, type SallyportEvent, type SallyportOptions } from '@sallyport/core'
import { findAuth as callerOnExpress, createSallyport as forExpress } from '@sallyport/express'
import { findAuth as callerOnFastify, createSallyport as forFastify } from '@sallyport/fastify'
import { findAuth as callerOnKoa, createSallyport as forKoa } from '@sallyport/koa'
import express from 'express'
import fastify from 'fastify'
import { SignJWT } from 'jose'
import Koa from 'koa'
import { afterEach, describe, expect, test } from 'vitest'
import { generateSigningKey, publicJwk } from '../../packages/core/src/keys/jwk/jwk.ts'
import { foreignPromise } from '../support/foreign-promise.ts'
import { type Listening, listening } from '../support/listening.ts'
import { json, scriptedIssuer } from '../unit/scripted-issuer.ts'

interface App extends Listening {
  readonly events: readonly SallyportEvent[]
  readonly sallyport: Adapted
}
type Adapted = Sallyport & { readonly router: (...parts: never[]) => unknown }
type Options = SallyportOptions
const open: App[] = []
afterEach(async () => {
  for (const app of open.splice(0)) await app.close()
})

/** What an application says of an error that reached it. */
const said = (fault: unknown): { status: number; body: object } =>
  fault instanceof RefusalError
    ? { status: fault.status, body: { mine: true, code: fault.code, error: fault.error } }
    : { status: 500, body: { fault: fault instanceof Error ? fault.message : 'something' } }
const CALLBACK = { subject: 'u1', scope: ['notes'], crossSite: 'checked' } as const
const visitor = (auth: { subject: string } | undefined): object => ({ visitor: auth?.subject ?? 'guest' })

async function onExpress(options: Options): Promise<App> {
  const sallyport = await forExpress(options)
  const app = express()
  app.post('/sign-in', (req, res) => sallyport.signIn(req, res, { subject: 'u1' }))
  app.get('/callback', async (req, res) => {
    const started = await sallyport.sessions.start(req, res, CALLBACK)
    res.redirect(303, `/?for=${started.expiresIn}`)
  })
  app.post('/start', async (req, res) => {
    res.json(await sallyport.sessions.start(req, res, { subject: 'u1' }))
  })
  app.post('/end', async (req, res) => {
    res.json(await sallyport.sessions.end(req, res, { reason: 'closed_account' }))
  })
  app.get('/open', sallyport.authMiddleware({ optional: true }), (req, res) => {
    res.json(visitor(callerOnExpress(req)))
  })
  app.get('/closed', sallyport.authMiddleware(), (req, res) => void res.json(visitor(callerOnExpress(req))))
  app.get(
    '/admin',
    sallyport.authMiddleware(),
    sallyport.requireScope('admin'),
    (_q, res) => void res.json({}),
  )
  app.get('/unguarded', sallyport.requireScope('notes'), (_req, res) => void res.json({}))
  app.get(
    '/guests',
    sallyport.authMiddleware({ optional: true }),
    sallyport.requireScope('notes'),
    (_q, res) => {
      res.json({})
    },
  )
  app.use('/auth', sallyport.router('refresh', 'logout', 'token', 'sessions'))
  app.use(((fault, _req, res, _next) => {
    const { status, body } = said(fault)
    res.status(status).set(fault.headers).json(body)
  }) as express.ErrorRequestHandler)
  return opened(createServer(app), sallyport, sallyport.close)
}

async function onKoa(options: Options): Promise<App> {
  const sallyport = await forKoa(options)
  const app = new Koa()
  app.silent = true
  app.use(async (ctx, next) => {
    try {
      await next()
    } catch (fault) {
      const { status, body } = said(fault)
      ctx.status = status
      ctx.set(fault instanceof RefusalError ? { ...fault.headers } : {})
      ctx.body = body
    }
  })
  const optional = sallyport.authMiddleware({ optional: true })
  const required = sallyport.authMiddleware()
  const show = async (ctx: Koa.Context): Promise<void> => {
    ctx.body = visitor(callerOnKoa(ctx))
  }
  const empty = async (ctx: Koa.Context): Promise<void> => {
    ctx.body = {}
  }
  const routes: Record<string, Koa.Middleware> = {
    '/sign-in': (ctx) => sallyport.signIn(ctx, { subject: 'u1' }),
    '/callback': async (ctx) => {
      const started = await sallyport.sessions.start(ctx, CALLBACK)
      ctx.status = 303
      ctx.redirect(`/?for=${started.expiresIn}`)
    },
    '/start': async (ctx) => {
      ctx.body = await sallyport.sessions.start(ctx, { subject: 'u1' })
    },
    '/end': async (ctx) => {
      ctx.body = await sallyport.sessions.end(ctx, { reason: 'closed_account' })
    },
    '/open': (ctx) => optional(ctx, () => show(ctx)),
    '/closed': (ctx) => required(ctx, () => show(ctx)),
    '/admin': (ctx) => required(ctx, async () => sallyport.requireScope('admin')(ctx, () => empty(ctx))),
    '/unguarded': (ctx) => sallyport.requireScope('notes')(ctx, () => empty(ctx)),
    '/guests': (ctx) => optional(ctx, async () => sallyport.requireScope('notes')(ctx, () => empty(ctx))),
  }
  app.use((ctx, next) => routes[ctx.path]?.(ctx, next) ?? next())
  app.use(sallyport.router('refresh', 'logout', 'token', 'sessions', { prefix: '/auth' }))
  return opened(createServer(app.callback()), sallyport, sallyport.close)
}

async function onFastify(options: Options): Promise<App> {
  const sallyport = await forFastify(options)
  const app = fastify()
  app.setErrorHandler((fault, _request, reply) => {
    const { status, body } = said(fault)
    const headers = fault instanceof RefusalError ? fault.headers : {}
    return reply.status(status).headers(headers).send(body)
  })
  app.post('/sign-in', async (request, reply) => sallyport.signIn(request, reply, { subject: 'u1' }))
  app.get('/callback', async (request, reply) => {
    const started = await sallyport.sessions.start(request, reply, CALLBACK)
    return reply.redirect(`/?for=${started.expiresIn}`, 303)
  })
  app.post('/start', async (request, reply) => sallyport.sessions.start(request, reply, { subject: 'u1' }))
  app.post('/end', async (request, reply) =>
    sallyport.sessions.end(request, reply, { reason: 'closed_account' }),
  )
  const optional = sallyport.authMiddleware({ optional: true })
  const required = sallyport.authMiddleware()
  app.get('/open', { onRequest: optional }, async (request) => visitor(callerOnFastify(request)))
  app.get('/closed', { onRequest: required }, async (request) => visitor(callerOnFastify(request)))
  app.get('/admin', { onRequest: [required, sallyport.requireScope('admin')] }, async () => ({}))
  app.get('/unguarded', { onRequest: sallyport.requireScope('notes') }, async () => ({}))
  app.get('/guests', { onRequest: [optional, sallyport.requireScope('notes')] }, async () => ({}))
  app.register(sallyport.router('refresh', 'logout', 'token', 'sessions'), { prefix: '/auth' })
  await app.ready()
  return opened(app.server, sallyport, () => app.close())
}

async function opened(server: Server, sallyport: Adapted, close: () => Promise<unknown>): Promise<App> {
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => void events.push(event))
  const app = { ...(await listening(server, close)), events, sallyport }
  open.push(app)
  return app
}

const tokenOf = async (answer: Response): Promise<string> =>
  ((await answer.json()) as { access_token: string }).access_token
const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } })
const POST = { method: 'POST' } as const

describe.each([
  ['Express', onExpress],
  ['Koa', onKoa],
  ['Fastify', onFastify],
] as const)('on %s', (_name, start) => {
  test('a route with optional authentication knows guests and callers, and refuses a bad token', async () => {
    const { url } = await start({})
    const token = await tokenOf(await fetch(`${url}/sign-in`, POST))
    expect(await (await fetch(`${url}/open`)).json()).toEqual({ visitor: 'guest' })
    expect(await (await fetch(`${url}/open`, bearer(token))).json()).toEqual({ visitor: 'u1' })
    for (const wrong of ['nonsense', `${token}x`, `${token} ${token}`])
      expect((await fetch(`${url}/open`, bearer(wrong))).status).toBe(401)
    const guest = await fetch(`${url}/guests`)
    expect([guest.status, guest.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  })

  test('names in the token of another issuer reach events as one short line', async () => {
    const key = await generateSigningKey('ES256')
    const theirs = await scriptedIssuer()
    theirs.answers.set('/jwks', json({ keys: [publicJwk(key)] }))
    const { url, events } = await start({
      issuer: 'http://localhost',
      issuers: [
        {
          issuer: theirs.origin,
          audience: 'http://localhost',
          jwks: `${theirs.origin}/jwks`,
          algorithms: ['ES256'],
        },
      ],
    })
    const names = {
      sub: 'a\nsession.started',
      sid: '\u001b[2Jb\u2028',
      jti: `\u202ec\u0000${'x'.repeat(250)}`,
      client_id: 'd\u009b',
    }
    const token = await new SignJWT({ ...names, iss: theirs.origin, aud: 'http://localhost', exp: 4e9 })
      .setProtectedHeader({ alg: 'ES256', kid: key.kid, typ: 'at+jwt' })
      .sign(key.privateKey)
    expect((await fetch(`${url}/closed`, bearer(token))).status).toBe(401)
    await theirs.close()
    expect(events.filter(({ event }) => event === 'token.refused')).toMatchObject([
      {
        reason: 'token_issuer',
        sub: `${theirs.origin} a?session.started`,
        sid: `${theirs.origin} ?[2Jb?`,
        jti: `${theirs.origin} ?c?${'x'.repeat(250)}`.slice(0, 255),
      },
    ])
  })

  test('a guard without authMiddleware in front is a bug, which is said', async () => {
    const { url } = await start({})
    const token = await tokenOf(await fetch(`${url}/sign-in`, POST))
    for (const init of [{}, bearer(token)]) {
      const answer = await fetch(`${url}/unguarded`, init)
      expect(answer.status).toBe(500)
      expect(await answer.json()).toEqual({ fault: expect.stringContaining('authMiddleware') })
    }
  })

  test('refusals are thrown where the application wants them, with all that the answer would have', async () => {
    const { url } = await start({ refusals: 'throw' })
    const token = await tokenOf(await fetch(`${url}/sign-in`, POST))
    const missing = await fetch(`${url}/closed`)
    expect([missing.status, missing.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    expect(await missing.json()).toEqual({ mine: true, code: 'token_missing', error: 'unauthorized' })
    const scope = await fetch(`${url}/admin`, bearer(token))
    expect(scope.status).toBe(403)
    expect(scope.headers.get('www-authenticate')).toContain('scope="admin"')
    expect(await scope.json()).toMatchObject({ mine: true, code: 'insufficient_scope' })
    const own = await fetch(`${url}/auth/refresh`, POST)
    expect(await own.json()).toMatchObject({ error: 'invalid_grant' })
  })

  test.each([
    ['a promise', () => Promise.reject(new Error('a body that comes later'))],
    [
      'a promise of another library',
      () => foreignPromise(Promise.reject(new Error('a body that comes later'))),
    ],
  ])('refusals have the body that the application writes, and the default one for %s', async (_of, later) => {
    const { url } = await start({
      refusals({ status, code, error, description }) {
        if (code === 'token_missing') throw new Error('a bug')
        if (code === 'insufficient_scope') return later()
        return { problem: code, status, error, title: description }
      },
    })
    const wrong = await fetch(`${url}/closed`, bearer('nonsense'))
    expect([wrong.status, wrong.headers.get('content-type')]).toEqual([401, expect.stringMatching(/json/)])
    expect(wrong.headers.get('www-authenticate')).toContain('error="invalid_token"')
    expect(await wrong.json()).toMatchObject({ problem: expect.stringMatching(/^token_/), status: 401 })
    expect(await (await fetch(`${url}/closed`)).json()).toMatchObject({ error: 'unauthorized' })
    const token = await tokenOf(await fetch(`${url}/sign-in`, POST))
    const late = await fetch(`${url}/admin`, bearer(token))
    expect([late.status, await late.json()]).toEqual([
      403,
      expect.objectContaining({ error: 'insufficient_scope' }),
    ])
  })

  test('a callback from another site opens a session and redirects with the cookie', async () => {
    const { url, events } = await start({})
    const answer = await fetch(`${url}/callback`, {
      headers: { 'sec-fetch-site': 'cross-site' },
      redirect: 'manual',
    })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/?for=900'])
    const [cookie = ''] = answer.headers.getSetCookie()
    expect(cookie).toMatch(/^__Host-refresh=.+; HttpOnly; Secure; SameSite=Strict/)
    const next = await fetch(`${url}/auth/refresh`, {
      ...POST,
      headers: { cookie: cookie.split(';')[0] ?? '', 'sec-fetch-site': 'same-origin' },
    })
    expect(next.status).toBe(200)
    expect(events.map(({ event }) => event)).toEqual(['session.started', 'session.refreshed'])
  })

  test('a sign-in from another site is refused as an error, and told as an event', async () => {
    const { url, events } = await start({})
    const answer = await fetch(`${url}/start`, { ...POST, headers: { 'sec-fetch-site': 'cross-site' } })
    expect(answer.status).toBe(403)
    expect(await answer.json()).toEqual({ mine: true, code: 'cross_site', error: 'cross_site_request' })
    expect(answer.headers.getSetCookie()).toEqual([])
    expect(events).toEqual([
      expect.objectContaining({ event: 'request.refused', outcome: 'failure', reason: 'cross_site_request' }),
    ])
  })

  test('an application opens and ends sessions and answers by itself, for browsers and for phones', async () => {
    const { url, events } = await start({})
    const opened = await fetch(`${url}/start`, POST)
    const tokens = (await opened.json()) as { accessToken: string; refreshToken?: string }
    expect(tokens).toEqual({
      accessToken: expect.any(String),
      expiresIn: 900,
      scope: '',
      tokenType: 'Bearer',
    })
    expect(opened.headers.getSetCookie()).toHaveLength(1)
    const phone = await fetch(`${url}/start`, { ...POST, headers: { 'x-token-transport': 'body' } })
    expect(await phone.json()).toMatchObject({ refreshToken: expect.any(String) })
    expect(phone.headers.getSetCookie()).toEqual([])

    const headers = { authorization: `Bearer ${tokens.accessToken}`, 'sec-fetch-site': 'same-site' }
    expect((await fetch(`${url}/end`, { ...POST, headers })).status).toBe(403)
    expect((await fetch(`${url}/closed`, bearer(tokens.accessToken))).status).toBe(200)
    const ended = await fetch(`${url}/end`, { ...POST, ...bearer(tokens.accessToken) })
    expect(await ended.json()).toEqual({ ended: [expect.any(String)] })
    expect(ended.headers.getSetCookie()[0]).toMatch(/^__Host-refresh=;.*Max-Age=0/)
    expect((await fetch(`${url}/closed`, bearer(tokens.accessToken))).status).toBe(401)
    expect(await (await fetch(`${url}/end`, POST)).json()).toEqual({ ended: [] })
    const ends = events.filter(({ event }) => event === 'session.ended')
    expect(ends).toEqual([expect.objectContaining({ sub: 'u1', reason: 'closed_account' })])
  })

  describe('a browser is told to delete what it has of the site', () => {
    const PAGE = 'https://app.example.com'
    const options = {
      logout: { clearSiteData: ['cache', 'cookies', '*'] },
      origins: { allowed: [PAGE] },
    } as const
    const deletes = (answer: Response) => answer.headers.get('clear-site-data')

    test.each([
      ['POST', () => '/auth/logout', 204],
      ['POST', () => '/auth/logout-all', 204],
      ['DELETE', (own: string) => `/auth/sessions/${own}`, 204],
      ['POST', () => '/end', 200],
    ] as const)('by each end of its own session: %s %s', async (method, pathOf, status) => {
      const { url } = await start(options)
      const token = await tokenOf(await fetch(`${url}/sign-in`, POST))
      const { sid } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
      const answer = await fetch(url + pathOf(sid), { method, ...bearer(token) })
      expect([answer.status, deletes(answer)]).toEqual([status, '"cache", "cookies", "*"'])
      expect(answer.headers.getSetCookie()[0]).toMatch(/^__Host-refresh=;.*Max-Age=0/)
    })

    test('by a log-out of a page of another origin, and one that has nothing to end', async () => {
      const { url } = await start(options)
      const headers = { origin: PAGE, 'sec-fetch-site': 'same-site' }
      const answer = await fetch(`${url}/auth/logout`, { ...POST, headers })
      expect([answer.status, deletes(answer)]).toEqual([204, '"cache", "cookies", "*"'])
      expect(answer.headers.get('access-control-allow-origin')).toBe(PAGE)
    })

    test('and by no other answer', async () => {
      const { url } = await start(options)
      const [own, other] = [await fetch(`${url}/sign-in`, POST), await fetch(`${url}/sign-in`, POST)]
      const token = await tokenOf(own)
      const { sid } = JSON.parse(
        Buffer.from((await tokenOf(other)).split('.')[1] ?? '', 'base64url').toString(),
      )
      const crossSite = { ...POST, headers: { 'sec-fetch-site': 'cross-site' } }
      const answers = [
        own,
        await fetch(`${url}/closed`, bearer(token)),
        await fetch(`${url}/auth/sessions/${sid}`, { method: 'DELETE', ...bearer(token) }),
        await fetch(`${url}/auth/logout`, crossSite),
        await fetch(`${url}/end`, crossSite),
        await fetch(`${url}/auth/logout-all`, POST),
        await fetch(`${url}/auth/refresh`, POST),
      ]
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 204, 403, 403, 401, 401])
      expect(answers.map(deletes)).toEqual(answers.map(() => null))
    })

    test('only if the application wants it, and by default not its cookies', async () => {
      const usual = await start({ logout: { clearSiteData: true } })
      expect(deletes(await fetch(`${usual.url}/auth/logout`, POST))).toBe('"cache", "storage"')
      const off = await start({})
      expect(deletes(await fetch(`${off.url}/auth/logout`, POST))).toBeNull()
    })
  })

  test('a token that arrived by another way is verified, and refused once its session has ended', async () => {
    const { url, sallyport } = await start({})
    const token = await tokenOf(await fetch(`${url}/sign-in`, POST))
    const verdict = await sallyport.tokens.verify(token)
    expect(verdict).toMatchObject({ kind: 'valid', auth: { subject: 'u1', own: true } })
    await sallyport.sessions.revokeAll('u1')
    expect(await sallyport.tokens.verify(token)).toEqual({ kind: 'refused', problem: 'token_revoked' })
    expect(await sallyport.tokens.verify('nonsense')).toMatchObject({ kind: 'refused' })
    expect(await sallyport.tokens.verify('')).toMatchObject({ kind: 'refused' })
  })

  test('an id that is no id is a TypeError, and ends nothing', async () => {
    const { url, sallyport } = await start({})
    const token = await tokenOf(await fetch(`${url}/sign-in`, POST))
    const { sessions, tokens, keys } = sallyport
    for (const wrong of ['', 'x'.repeat(256), undefined, 5] as string[])
      for (const call of [sessions.list, sessions.revoke, sessions.revokeAll, tokens.revoke, keys.compromise])
        await expect(call(wrong)).rejects.toThrow(TypeError)
    expect((await fetch(`${url}/closed`, bearer(token))).status).toBe(200)
  })

  test('a factory that was passed without being called says what to write', async () => {
    const { sallyport } = await start({})
    const pass = sallyport.router as unknown as (...exchange: unknown[]) => unknown
    expect(() => pass({ headers: {} }, {}, () => {})).toThrow('write router()')
  })
})
