import { createSecureServer, createServer, type Http2SecureServer, type Http2Server } from 'node:http2'
import Router from '@koa/router'
import type { SallyportEvent, SallyportOptions } from '@sallyport/core'
import { createSallyport as forFastify, getAuth as ofFastify } from '@sallyport/fastify'
import { createSallyport as forKoa, getAuth as ofKoa } from '@sallyport/koa'
import fastify, { type FastifyPluginAsync } from 'fastify'
import Koa from 'koa'
import type { ServerCertificate } from '../support/certificate.ts'

/** An application on HTTP/2, whose server does not listen yet. */
export interface Http2App {
  readonly server: Http2Server | Http2SecureServer
  readonly events: readonly SallyportEvent[]
  close(): Promise<unknown>
}

/** With a certificate the application speaks TLS, without one it does not (h2c). */
export type MakeHttp2App = (
  tls: ServerCertificate | undefined,
  options?: SallyportOptions,
) => Promise<Http2App>

const SIGN_IN = { subject: 'usr_1', scope: ['notes'] }

const onKoa: MakeHttp2App = async (tls, options) => {
  const sallyport = await forKoa(options)
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => void events.push(event))
  const router = new Router()
  router.post('/sign-in', (ctx) => sallyport.signIn(ctx, SIGN_IN))
  router.get('/me', sallyport.authMiddleware(), sallyport.requireScope('notes'), (ctx) => {
    ctx.body = { sub: ofKoa(ctx).subject }
  })
  const app = new Koa()
  app
    .use(sallyport.router('refresh', 'logout', 'token', 'sessions', { prefix: '/auth' }))
    .use(router.routes())
  const server = tls === undefined ? createServer(app.callback()) : createSecureServer(tls, app.callback())
  return { server, events, close: sallyport.close }
}

const onFastify: MakeHttp2App = async (tls, options) => {
  const sallyport = await forFastify(options)
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => void events.push(event))
  const routes: FastifyPluginAsync = async (app) => {
    app.post('/sign-in', async (request, reply) => sallyport.signIn(request, reply, SIGN_IN))
    app.register(sallyport.router('refresh', 'logout', 'token', 'sessions'), { prefix: '/auth' })
    app.get(
      '/me',
      { onRequest: [sallyport.authMiddleware(), sallyport.requireScope('notes')] },
      async (request) => ({ sub: ofFastify(request).subject }),
    )
  }
  if (tls === undefined) {
    const app = fastify({ http2: true })
    await app.register(routes).ready()
    return { server: app.server, events, close: () => app.close() }
  }
  const app = fastify({ http2: true, https: tls })
  await app.register(routes).ready()
  return { server: app.server, events, close: () => app.close() }
}

// Express 5 makes its requests from those of HTTP/1.1, and throws where it is given others.
export const http2Apps: Readonly<Record<string, MakeHttp2App>> = { Koa: onKoa, Fastify: onFastify }
