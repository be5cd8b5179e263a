import { createServer, type Server } from 'node:http'
import Router from '@koa/router'
import type { Sallyport, SallyportEvent, SallyportOptions } from '@sallyport/core'
import { createSallyport as forExpress } from '@sallyport/express'
import { createSallyport as forFastify } from '@sallyport/fastify'
import { createSallyport as forKoa } from '@sallyport/koa'
import { redisStore } from '@sallyport/redis'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import { listening } from '../../support/listening.ts'
import { type TurnedClock, turnedClock } from '../../support/turned-clock.ts'

/**
 * An application: `/sign-in` answers with tokens, `/start` signs in and answers by itself, and `/file` is for whoever has a
 * session, known by the cookies. The library's own routes are below `/auth`.
 */
type Start = (options: SallyportOptions) => Promise<Started>

interface Started {
  readonly core: Sallyport
  readonly server: Server
  close(): Promise<unknown>
}

const SIGN_IN = { subject: 'user-1' }
const SETS = ['refresh', 'token', 'logout'] as const

const onExpress: Start = async (options) => {
  const sallyport = await forExpress(options)
  const app = express()
  app.post('/sign-in', (req, res) => sallyport.signIn(req, res, SIGN_IN))
  app.post('/start', async (req, res) => {
    await sallyport.sessions.start(req, res, SIGN_IN)
    res.redirect(303, '/')
  })
  app.get('/file', async (req, res) => {
    res.json({ found: (await sallyport.sessions.find(req, res)) !== undefined })
  })
  app.use('/auth', sallyport.router(...SETS))
  return { core: sallyport, server: createServer(app), close: sallyport.close }
}

const onKoa: Start = async (options) => {
  const sallyport = await forKoa(options)
  const routes = new Router()
  routes.post('/sign-in', (ctx) => sallyport.signIn(ctx, SIGN_IN))
  routes.post('/start', async (ctx) => {
    await sallyport.sessions.start(ctx, SIGN_IN)
    ctx.status = 303
    ctx.redirect('/')
  })
  routes.get('/file', async (ctx) => {
    ctx.body = { found: (await sallyport.sessions.find(ctx)) !== undefined }
  })
  const app = new Koa().use(sallyport.router(...SETS, { prefix: '/auth' })).use(routes.routes())
  return { core: sallyport, server: createServer(app.callback()), close: sallyport.close }
}

const onFastify: Start = async (options) => {
  const sallyport = await forFastify(options)
  const app = fastify()
  app.post('/sign-in', (request, reply) => sallyport.signIn(request, reply, SIGN_IN))
  app.post('/start', async (request, reply) => {
    await sallyport.sessions.start(request, reply, SIGN_IN)
    return reply.redirect('/', 303)
  })
  app.get('/file', async (request, reply) => ({
    found: (await sallyport.sessions.find(request, reply)) !== undefined,
  }))
  app.register(sallyport.router(...SETS), { prefix: '/auth' })
  await app.ready()
  return { core: sallyport, server: app.server, close: () => app.close() }
}

const frameworks = { Express: onExpress, Koa: onKoa, Fastify: onFastify } as const
export type Framework = keyof typeof frameworks

export interface World {
  readonly url: string
  readonly core: Sallyport
  readonly events: SallyportEvent[]
  readonly clock: TurnedClock
  close(): Promise<void>
}

export interface WorldOptions {
  readonly framework?: Framework
  readonly options?: SallyportOptions
  /** The URL of a Redis; by default sessions are in memory. */
  readonly redis?: string | undefined
  readonly clock?: TurnedClock
}

let prefixes = 0

export async function startWorld({
  framework = 'Express',
  options = {},
  redis,
  clock = turnedClock(),
}: WorldOptions = {}): Promise<World> {
  const keyPrefix = `bound${prefixes++}`
  const { server, core, close } = await frameworks[framework]({
    ...{ secret: 'a secret of the test, with its 32 bytes', clock, deviceBoundSessions: true },
    ...(redis === undefined ? {} : { store: redisStore({ url: redis, keyPrefix, time: 'caller' }) }),
    ...options,
  })
  const events: SallyportEvent[] = []
  core.on('event', (event) => void events.push(event))
  return { core, events, clock, ...(await listening(server, close)) }
}
