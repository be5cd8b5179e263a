import type { Auth, Claims, Sallyport, SallyportOptions, SignIn } from '@sallyport/core'
import * as onExpress from '@sallyport/express'
import * as onFastify from '@sallyport/fastify'
import * as onKoa from '@sallyport/koa'
import express, { type Request, type RequestHandler, type Response, type Router } from 'express'
import fastify, { type FastifyPluginAsync, type FastifyReply, type FastifyRequest } from 'fastify'
import Koa, { type Context, type Middleware } from 'koa'
import { describe, expect, expectTypeOf, test } from 'vitest'

describe('getAuth', () => {
  test('gives the caller of a request, on every framework', () => {
    expectTypeOf(onExpress.getAuth).toExtend<(req: Request) => Auth>()
    expectTypeOf(onKoa.getAuth).toExtend<(ctx: Context) => Auth>()
    expectTypeOf(onFastify.getAuth).toExtend<(request: FastifyRequest) => Auth>()
  })

  test('gives what can be read, not written', () => {
    expectTypeOf<Auth>().toEqualTypeOf<{
      readonly issuer: string
      readonly own: boolean
      readonly credential: 'access_token' | 'api_key'
      readonly subject: string
      readonly session: string | undefined
      readonly client: string | undefined
      readonly scopes: readonly string[]
      readonly kid: string | undefined
      readonly claims: Claims
    }>()
  })

  test('is told apart from a missing caller when it runs, since types can not tell', () => {
    expect(() => onExpress.getAuth({} as Request)).toThrow(TypeError)
    expect(() => onKoa.getAuth({ state: {} } as Context)).toThrow(TypeError)
    expect(() => onFastify.getAuth({ auth: null } as FastifyRequest)).toThrow(TypeError)
  })
})

describe('createSallyport', () => {
  test('takes the same options on every framework', () => {
    type Make<S> = (options?: SallyportOptions) => Promise<S>
    expectTypeOf(onExpress.createSallyport).toEqualTypeOf<Make<onExpress.ExpressSallyport>>()
    expectTypeOf(onKoa.createSallyport).toEqualTypeOf<Make<onKoa.KoaSallyport>>()
    expectTypeOf(onFastify.createSallyport).toEqualTypeOf<Make<onFastify.FastifySallyport>>()
  })

  test('makes what has all that the core has', () => {
    expectTypeOf<onExpress.ExpressSallyport>().toExtend<Sallyport>()
    expectTypeOf<onKoa.KoaSallyport>().toExtend<Sallyport>()
    expectTypeOf<onFastify.FastifySallyport>().toExtend<Sallyport>()
  })

  test('makes what Express takes', () => {
    type Made = onExpress.ExpressSallyport
    expectTypeOf<ReturnType<Made['authMiddleware']>>().toExtend<RequestHandler>()
    expectTypeOf<ReturnType<Made['requireScope']>>().toExtend<RequestHandler>()
    expectTypeOf<ReturnType<Made['refreshRouter']>>().toEqualTypeOf<Router>()
    expectTypeOf<Made['signIn']>().toBeCallableWith({} as Request, {} as Response, {} as SignIn)
    expectTypeOf<Made['sessions']['revokeOthers']>().toBeCallableWith({} as Request, {} as Response)
  })

  test('makes what Koa takes', () => {
    type Made = onKoa.KoaSallyport
    expectTypeOf<ReturnType<Made['authMiddleware']>>().toEqualTypeOf<Middleware>()
    expectTypeOf<ReturnType<Made['requireScope']>>().toEqualTypeOf<Middleware>()
    expectTypeOf<ReturnType<Made['logoutRouter']>>().toEqualTypeOf<Middleware>()
    expectTypeOf<Made['router']>().toBeCallableWith('token', 'sessions', { prefix: '/auth' })
    expectTypeOf<Parameters<Made['signIn']>>().toEqualTypeOf<[ctx: Context, signIn: SignIn]>()
  })

  test('makes what Fastify takes', () => {
    type Made = onFastify.FastifySallyport
    expectTypeOf<ReturnType<Made['authMiddleware']>>().toEqualTypeOf<onFastify.PluginAndHook>()
    expectTypeOf<ReturnType<Made['requireScope']>>().toEqualTypeOf<onFastify.Hook>()
    expectTypeOf<ReturnType<Made['router']>>().toEqualTypeOf<FastifyPluginAsync>()
    expectTypeOf<Made['signIn']>().toBeCallableWith({} as FastifyRequest, {} as FastifyReply, {} as SignIn)
  })
})

describe('the usual code fits', () => {
  test('Express: a route with typed parameters, body and answer', async () => {
    interface Params {
      id: string
    }
    const { authMiddleware, requireScope, close } = await onExpress.createSallyport()
    const app = express()
    app.put<Params, { sub: string }, { name: string }>(
      '/things/:id',
      authMiddleware(),
      requireScope('things:write'),
      (req, res) => {
        res.json({ sub: onExpress.getAuth(req).subject + req.params.id + req.body.name })
      },
    )
    const handler: RequestHandler<Params> = (req, res) => res.json(onExpress.getAuth(req).subject)
    app.get('/others/:id', authMiddleware(), handler)
    app.use('/api', authMiddleware())
    await close()
  })

  test('Koa: a context with a state of its own', async () => {
    interface State {
      tenant: string
    }
    const { authMiddleware, close } = await onKoa.createSallyport()
    const app = new Koa<State>()
    app.use(authMiddleware())
    app.use((ctx) => {
      ctx.body = onKoa.getAuth(ctx).subject + ctx.state.tenant
    })
    await close()
  })

  test('Fastify: a logger of its own, HTTP/2, a plugin and the hook of one route', async () => {
    const { authMiddleware, requireScope, router, signIn, close } = await onFastify.createSallyport()
    const loggerInstance = {
      ...console,
      level: 'info',
      fatal: console.error,
      silent() {},
      child: () => loggerInstance,
    }
    const app = fastify({ loggerInstance })
    app.register(authMiddleware())
    app.get<{ Params: { id: string } }>(
      '/things/:id',
      { onRequest: [authMiddleware(), requireScope('things:read')] },
      async (request) => onFastify.getAuth(request).subject + request.params.id,
    )
    app.post('/login', async (request, reply) => signIn(request, reply, { subject: 'somebody' }))

    const overHttp2 = fastify({ http2: true })
    overHttp2.register(router('refresh', 'logout'), { prefix: '/auth' })
    overHttp2.get(
      '/me',
      { onRequest: authMiddleware() },
      async (request) => onFastify.getAuth(request).subject,
    )
    await close()
  })
})
