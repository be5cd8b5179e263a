import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Router from '@koa/router'
import type { SallyportOptions } from '@sallyport/core'
import { createSallyport as forExpress } from '@sallyport/express'
import { createSallyport as forFastify } from '@sallyport/fastify'
import { createSallyport as forKoa } from '@sallyport/koa'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'

/** Whoever the application signs in. */
const SIGN_IN = { subject: 'somebody', scope: ['count'] } as const

/**
 * The smallest application on a framework, with its own defaults. `/count` is behind the guards by
 * itself, `/guarded/count` below a prefix that is, and `/unauthenticated` has only the scope's guard.
 */
export interface CountingApp {
  readonly url: string
  /** How often a handler was reached. */
  reached(): number
  close(): Promise<void>
}

async function onExpress(options: SallyportOptions): Promise<CountingApp> {
  const sallyport = await forExpress(options)
  let count = 0
  const handler: express.RequestHandler = (_req, res) => {
    count++
    res.json({ count: true })
  }
  const app = express()
  app.post('/sign-in', (req, res) => sallyport.signIn(req, res, SIGN_IN))
  app.use(sallyport.logoutRouter())
  app.all('/count', sallyport.authMiddleware(), sallyport.requireScope('count'), handler)
  app.all('/unauthenticated', sallyport.requireScope('count'), handler)
  app.use('/guarded', sallyport.authMiddleware(), sallyport.requireScope('count'))
  app.all('/guarded/count', handler)
  return listening(createServer(app), () => count, sallyport.close)
}

async function onKoa(options: SallyportOptions): Promise<CountingApp> {
  const sallyport = await forKoa(options)
  let count = 0
  const handler: Koa.Middleware = (ctx) => {
    count++
    ctx.body = { count: true }
  }
  const open = new Router()
  open.post('/sign-in', (ctx) => sallyport.signIn(ctx, SIGN_IN))
  open.all('/count', sallyport.authMiddleware(), sallyport.requireScope('count'), handler)
  open.all('/unauthenticated', sallyport.requireScope('count'), handler)
  // Not as a prefix of the router: @koa/router would serve it in any case of letters, and guard it in one.
  const guarded = new Router()
  guarded.use('/guarded', sallyport.authMiddleware(), sallyport.requireScope('count'))
  guarded.all('/guarded/count', handler)
  const app = new Koa()
  app.use(sallyport.logoutRouter()).use(open.routes()).use(guarded.routes())
  return listening(createServer(app.callback()), () => count, sallyport.close)
}

async function onFastify(options: SallyportOptions): Promise<CountingApp> {
  const sallyport = await forFastify(options)
  let count = 0
  const handler = async () => {
    count++
    return { count: true }
  }
  const app = fastify()
  app.post('/sign-in', (request, reply) => sallyport.signIn(request, reply, SIGN_IN))
  app.register(sallyport.logoutRouter())
  app.all('/unauthenticated', { onRequest: sallyport.requireScope('count') }, handler)
  app.register(async (scope) => {
    await scope.register(sallyport.authMiddleware())
    scope.all('/count', { onRequest: sallyport.requireScope('count') }, handler)
  })
  app.register(
    async (scope) => {
      await scope.register(sallyport.authMiddleware())
      scope.addHook('onRequest', sallyport.requireScope('count'))
      scope.all('/count', handler)
    },
    { prefix: '/guarded' },
  )
  await app.ready()
  return listening(app.server, () => count, sallyport.close)
}

function listening(
  server: Server,
  reached: () => number,
  closeSallyport: () => Promise<void>,
): Promise<CountingApp> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      resolve({
        url: `http://127.0.0.1:${port}`,
        reached,
        async close() {
          server.closeAllConnections()
          await new Promise((done) => server.close(done))
          await closeSallyport()
        },
      })
    }),
  )
}

export const countingApps = { express: onExpress, koa: onKoa, fastify: onFastify } as const
