import '@sallyport/express/augment'
import '@sallyport/fastify/augment'
import '@sallyport/koa/augment'
import type { Auth, createSallyport } from '@sallyport/express'
import type { Request, RequestHandler } from 'express'
import type { FastifyRequest } from 'fastify'
import type { Context, DefaultState, Middleware } from 'koa'
import { describe, expectTypeOf, test } from 'vitest'

describe('with the augment entry', () => {
  test('an Express request has the caller, where there is one', () => {
    expectTypeOf<Request['auth']>().toEqualTypeOf<Auth | null | undefined>()
    const handler: RequestHandler = (req, res) => res.json({ sub: req.auth?.subject })
    // @ts-expect-error without authMiddleware there is no caller
    const careless: RequestHandler = (req, res) => res.json({ sub: req.auth.subject })
    expectTypeOf(handler).toEqualTypeOf(careless)
  })

  test('a Fastify request has the caller, or null', () => {
    expectTypeOf<FastifyRequest['auth']>().toEqualTypeOf<Auth | null | undefined>()
  })

  test('the state of a Koa context has the caller, where there is one', () => {
    expectTypeOf<DefaultState['auth']>().toEqualTypeOf<Auth | null | undefined>()
    expectTypeOf<Context['state']['auth']>().toEqualTypeOf<Auth | null | undefined>()
    const middleware: Middleware = (ctx) => {
      expectTypeOf(ctx.state.auth).toEqualTypeOf<Auth | null | undefined>()
    }
    expectTypeOf(middleware).toBeFunction()
  })

  test('what the adapters make is still what the frameworks take', () => {
    type Made = Awaited<ReturnType<typeof createSallyport>>
    expectTypeOf<ReturnType<Made['authMiddleware']>>().toExtend<RequestHandler>()
    expectTypeOf<ReturnType<Made['requireScope']>>().toExtend<RequestHandler>()
  })
})
