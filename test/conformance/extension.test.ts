import { createServer, type Server } from 'node:http'
import { createSallyport as forExpress } from '@sallyport/express'
import {
  type Answer,
  type Gate,
  type Guard,
  type GuardVerdict,
  gateOf,
  jsonAnswer,
  type ProblemCode,
  type Route,
  readJsonObject,
  refusal,
} from '@sallyport/express/adapter'
import { createSallyport as forFastify } from '@sallyport/fastify'
import { createSallyport as forKoa } from '@sallyport/koa'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import { afterEach, describe, expect, test } from 'vitest'
import { foreignPromise } from '../support/foreign-promise.ts'
import { type Listening, listening } from '../support/listening.ts'

/** An endpoint that the library does not have, made of what its doors give. */
function noteEndpoint({ route }: Gate): Route {
  return route.bearer('/notes/:id', {
    async POST(view, auth) {
      const body = await readJsonObject(view)
      if (body.kind === 'refused') return refusal(body.problem)
      return jsonAnswer(201, { id: view.params.id, by: auth.subject, note: body.value.note })
    },
  })
}

/** One whose answer is a promise of another library. */
function laterEndpoint({ route }: Gate): Route {
  return route.open('/later', {
    GET: () => foreignPromise(Promise.resolve(jsonAnswer(200, { later: true }))) as Promise<Answer>,
  })
}
const endpoints = (gate: Gate): Route[] => [noteEndpoint(gate), laterEndpoint(gate)]

/** Guards that the library does not have: one answers at once, one asks somebody first. */
const owners: Guard = (auth, view) =>
  view.headers['x-owner'] === auth.subject ? { kind: 'pass' } : { kind: 'refuse', problem: 'access_denied' }
const recent: Guard = async ({ claims }) =>
  (await Promise.resolve(claims.amr))?.includes('otp')
    ? { kind: 'pass' }
    : {
        kind: 'refuse',
        problem: 'insufficient_scope',
        challenge: { scope: 'notes:write', max_age: 300, hint: 'a "second"\nfactor' },
      }
const faulty: Guard = async () => {
  throw new TypeError('a bug of the application')
}

const later: Guard = (_auth, view) =>
  foreignPromise<GuardVerdict>(
    Promise.resolve(
      view.headers['x-owner'] === 'u1' ? { kind: 'pass' } : { kind: 'refuse', problem: 'access_denied' },
    ),
  )
/** Guards that no type checker has seen. */
const unsaid: Guard = () => undefined as unknown as GuardVerdict
const unknown: Guard = () => ({ kind: 'refuse', problem: 'no_such_problem' as ProblemCode })
const GUARDS = { owners, recent, faulty, later, unsaid, unknown }

const open: Listening[] = []
afterEach(async () => {
  for (const app of open.splice(0)) await app.close()
})

async function onExpress(): Promise<Listening> {
  const sallyport = await forExpress()
  const app = express()
  app.post('/sign-in', (req, res) => sallyport.signIn(req, res, { subject: 'u1' }))
  app.use('/api', sallyport.router('token', ...endpoints(gateOf(sallyport))))
  for (const [path, guard] of Object.entries(GUARDS))
    app.get(`/${path}`, sallyport.authMiddleware(), sallyport.guard(guard), (_req, res) => void res.json({}))
  app.use(
    ((fault, _req, res, _next) => void res.status(500).end(fault.message)) as express.ErrorRequestHandler,
  )
  return opened(createServer(app), sallyport.close)
}

async function onKoa(): Promise<Listening> {
  const sallyport = await forKoa()
  const app = new Koa()
  app.use(async (ctx, next) => {
    try {
      await next()
    } catch (fault) {
      ctx.status = 500
      ctx.body = fault instanceof Error ? fault.message : 'something'
    }
  })
  app.use(async (ctx, next) => (ctx.path === '/sign-in' ? sallyport.signIn(ctx, { subject: 'u1' }) : next()))
  app.use(sallyport.router('token', ...endpoints(gateOf(sallyport)), { prefix: '/api' }))
  app.use(sallyport.authMiddleware())
  for (const [path, guard] of Object.entries(GUARDS)) {
    const check = sallyport.guard(guard)
    const handler = async (ctx: Koa.Context): Promise<void> => {
      ctx.body = {}
    }
    app.use((ctx, next) => (ctx.path === `/${path}` ? check(ctx, () => handler(ctx)) : next()))
  }
  return opened(createServer(app.callback()), sallyport.close)
}

async function onFastify(): Promise<Listening> {
  const sallyport = await forFastify()
  const app = fastify()
  app.post('/sign-in', async (request, reply) => sallyport.signIn(request, reply, { subject: 'u1' }))
  app.register(sallyport.router('token', ...endpoints(gateOf(sallyport))), { prefix: '/api' })
  for (const [path, guard] of Object.entries(GUARDS))
    app.get(`/${path}`, { onRequest: [sallyport.authMiddleware(), sallyport.guard(guard)] }, async () => ({}))
  await app.ready()
  return opened(app.server, () => app.close())
}

async function opened(server: Server, close: () => Promise<unknown>): Promise<Listening> {
  const app = await listening(server, close)
  open.push(app)
  return app
}

describe.each([
  ['Express', onExpress],
  ['Koa', onKoa],
  ['Fastify', onFastify],
])('on %s, without a line of its adapter changed', (_name, start) => {
  async function signedIn(): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
    const { url } = await start()
    const answer = await fetch(`${url}/sign-in`, { method: 'POST' })
    const { access_token } = (await answer.json()) as { access_token: string }
    return (path, init = {}) =>
      fetch(url + path, { ...init, headers: { authorization: `Bearer ${access_token}`, ...init.headers } })
  }
  const note = (headers: Record<string, string> = {}): RequestInit => ({
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{"note":"buy milk"}',
  })

  test('an endpoint answers beside those of the library, by the same rules', async () => {
    const send = await signedIn()
    const answer = await send('/api/notes/7', note())
    expect(answer.status).toBe(201)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await answer.json()).toEqual({ id: '7', by: 'u1', note: 'buy milk' })
    expect((await send('/api/notes/7', note({ authorization: 'Bearer nonsense' }))).status).toBe(401)
    expect((await send('/api/notes/7', note({ 'content-type': 'text/plain' }))).status).toBe(415)
    expect((await send('/api/notes/7')).status).toBe(405)
    expect((await send('/api/token', { method: 'POST' })).status).toBe(415)
  })

  test('a guard passes, or refuses with a challenge of its own, at once or later', async () => {
    const send = await signedIn()
    expect((await send('/owners', { headers: { 'x-owner': 'u1' } })).status).toBe(200)
    const denied = await send('/owners')
    expect([denied.status, denied.headers.get('www-authenticate')]).toEqual([403, 'Bearer'])
    expect(await denied.json()).toMatchObject({ error: 'access_denied' })
    const stale = await send('/recent')
    expect(stale.status).toBe(403)
    expect(stale.headers.get('www-authenticate')).toBe(
      'Bearer error="insufficient_scope", error_description="the access token lacks a scope", ' +
        'scope="notes:write", max_age="300", hint="a \\"second\\"?factor"',
    )
    expect((await send('/owners', { headers: { authorization: '' } })).status).toBe(401)
  })

  test('a promise of another library is awaited, from a guard and from a route', async () => {
    const send = await signedIn()
    expect((await send('/later', { headers: { 'x-owner': 'u1' } })).status).toBe(200)
    expect((await send('/later')).status).toBe(403)
    expect(await (await send('/api/later')).json()).toEqual({ later: true })
  })

  test('a guard whose verdict is none is a fault that says so, and lets nobody through', async () => {
    const send = await signedIn()
    const faults = {
      '/unsaid': 'a guard must return',
      '/unknown': 'a guard refused with the unknown problem',
    }
    for (const [path, says] of Object.entries(faults)) {
      const answer = await send(path)
      expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining(says)])
    }
  })

  test('a guard that fails is a fault for the framework, and lets nobody through', async () => {
    const send = await signedIn()
    expect((await send('/faulty')).status).toBe(500)
  })
})

test('an unknown set of endpoints is refused when the router is made', async () => {
  const sallyport = await forExpress()
  // @ts-expect-error the sets have names
  expect(() => sallyport.router('tokens')).toThrow(
    /unknown set of endpoints "tokens" \(did you mean "token"\?\)/,
  )
  await sallyport.close()
})
