import type { Auth, Claims, Sallyport, SallyportOptions, SignIn } from '@sallyport/core'
import * as onExpress from '@sallyport/express'
import * as onFastify from '@sallyport/fastify'
import * as onKoa from '@sallyport/koa'
import type { Request, RequestHandler, Response, Router } from 'express'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import type { Context, Middleware } from 'koa'
import { describe, expect, expectTypeOf, test } from 'vitest'

describe('getAuth', () => {
  test('gives the caller of a request, on every framework', () => {
    expectTypeOf(onExpress.getAuth).toEqualTypeOf<(req: Request) => Auth>()
    expectTypeOf(onKoa.getAuth).toEqualTypeOf<(ctx: Context) => Auth>()
    expectTypeOf(onFastify.getAuth).toEqualTypeOf<(request: FastifyRequest) => Auth>()
  })

  test('gives what can be read, not written', () => {
    expectTypeOf<Auth>().toEqualTypeOf<{
      readonly subject: string
      readonly session: string
      readonly client: string
      readonly scopes: readonly string[]
      readonly kid: string
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
    expectTypeOf<ReturnType<Made['authMiddleware']>>().toEqualTypeOf<RequestHandler>()
    expectTypeOf<ReturnType<Made['requireScope']>>().toEqualTypeOf<RequestHandler>()
    expectTypeOf<ReturnType<Made['refreshRouter']>>().toEqualTypeOf<Router>()
    expectTypeOf<Parameters<Made['signIn']>>().toEqualTypeOf<[req: Request, res: Response, signIn: SignIn]>()
  })

  test('makes what Koa takes', () => {
    type Made = onKoa.KoaSallyport
    expectTypeOf<ReturnType<Made['authMiddleware']>>().toEqualTypeOf<Middleware>()
    expectTypeOf<ReturnType<Made['requireScope']>>().toEqualTypeOf<Middleware>()
    expectTypeOf<ReturnType<Made['logoutRouter']>>().toEqualTypeOf<Middleware>()
    expectTypeOf<Parameters<Made['signIn']>>().toEqualTypeOf<[ctx: Context, signIn: SignIn]>()
  })

  test('makes what Fastify takes', () => {
    type Made = onFastify.FastifySallyport
    expectTypeOf<ReturnType<Made['authMiddleware']>>().toEqualTypeOf<FastifyPluginAsync>()
    expectTypeOf<ReturnType<Made['requireScope']>>().toEqualTypeOf<onRequestAsyncHookHandler>()
    expectTypeOf<ReturnType<Made['sessionsRouter']>>().toEqualTypeOf<FastifyPluginAsync>()
    expectTypeOf<ReturnType<Made['signIn']>>().toEqualTypeOf<Promise<FastifyReply>>()
  })
})
