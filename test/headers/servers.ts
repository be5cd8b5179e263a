import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SecurityHeadersOptions } from '@sallyport/headers'
import { securityHeaders as onExpress } from '@sallyport/headers/express'
import { securityHeaders as onFastify } from '@sallyport/headers/fastify'
import { securityHeaders as onKoa } from '@sallyport/headers/koa'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import type { ServerCertificate } from '../support/certificate.ts'

/** What a handler does with its answer, in the words of its framework. */
interface Hand {
  readonly nonce: string | undefined
  readonly raw: ServerResponse
  set(name: string, value: string): void
  send(body: string | Readable): void
}
type Handler = (hand: Hand) => void | Promise<void>
export type Handlers = Readonly<Record<string, Handler>>

/** The same handlers on each framework. */
const handlers: Handlers = {
  '/nonce': ({ nonce, send }) => send(String(nonce)),
  '/plain': ({ send }) => send('hello'),
  '/stream': ({ send }) => send(Readable.from(['one ', 'two'])),
  '/own-cache': ({ set, send }) => {
    set('Cache-Control', 'private, max-age=60')
    send('hello')
  },
  '/late': async ({ set, send }) => {
    await sleep(5)
    set('Cache-Control', 'public, max-age=60')
    send(Readable.from(['one ', 'two']))
  },
  '/own-policy': ({ set, send }) => {
    set('Content-Security-Policy', "default-src 'self'")
    set('Cross-Origin-Resource-Policy', 'cross-origin')
    send('hello')
  },
  '/raw': ({ raw }) => void raw.writeHead(200, { 'Cache-Control': 'public, max-age=5' }).end('raw'),
  '/raw-stream': ({ raw }) => {
    raw.statusCode = 200
    raw.write('one ')
    raw.end('two')
  },
  '/broken': () => {
    throw new Error('the handler is broken')
  },
}
const isRaw = (path: string): boolean => path.startsWith('/raw')

const frameworks = {
  express(handlers, options) {
    const app = express().set('trust proxy', 'loopback').set('env', 'test')
    app.use(onExpress(options))
    for (const [path, handler] of Object.entries(handlers))
      app.get(path, (_req, res) =>
        handler({
          nonce: res.locals.cspNonce,
          raw: res,
          set: (name, value) => void res.set(name, value),
          send: (body) => void (typeof body === 'string' ? res.send(body) : body.pipe(res)),
        }),
      )
    return app
  },
  koa(handlers, options) {
    const app = new Koa({ proxy: true })
    app.silent = true
    app.use(onKoa(options))
    app.use((ctx) => {
      ctx.respond = !isRaw(ctx.path)
      return handlers[ctx.path]?.({
        nonce: ctx.state.cspNonce,
        raw: ctx.res,
        set: (name, value) => ctx.set(name, value),
        send: (body) => {
          ctx.body = body
        },
      })
    })
    return app.callback()
  },
  async fastify(handlers, options) {
    const app = fastify({ trustProxy: 'loopback' })
    app.register(onFastify(options))
    app.register(async (scope) => {
      for (const [path, handler] of Object.entries(handlers))
        scope.get(path, async (_request, reply) => {
          if (isRaw(path)) reply.hijack()
          await handler({
            nonce: reply.cspNonce.script,
            raw: reply.raw,
            set: (name, value) => void reply.header(name, value),
            send: (body) => void reply.send(body),
          })
          return reply
        })
    })
    await app.ready()
    return app.routing
  },
} satisfies Record<
  string,
  (handlers: Handlers, options?: SecurityHeadersOptions) => RequestListener | Promise<RequestListener>
>

export type FrameworkName = keyof typeof frameworks
export const frameworkNames = Object.keys(frameworks) as FrameworkName[]

export interface Running {
  readonly url: string
  close(): Promise<void>
}

interface Further {
  /** A certificate for `localhost`: the server speaks TLS. */
  readonly tls?: ServerCertificate
  /** Handlers by path, besides those above. */
  readonly pages?: Handlers
}

export async function startServer(
  name: FrameworkName,
  options?: SecurityHeadersOptions,
  { tls, pages = {} }: Further = {},
): Promise<Running> {
  const listener = await frameworks[name]({ ...handlers, ...pages }, options)
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
