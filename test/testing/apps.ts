import { createServer, request } from 'node:http'
import Router from '@koa/router'
import type { Sallyport, SallyportOptions } from '@sallyport/core'
import { getAuth as callerOnExpress, createSallyport as forExpress } from '@sallyport/express'
import { getAuth as callerOnFastify, createSallyport as forFastify } from '@sallyport/fastify'
import { getAuth as callerOnKoa, createSallyport as forKoa } from '@sallyport/koa'
import { type TestSallyport, type TestSettings, testSallyport } from '@sallyport/testing'
import express, { type Express } from 'express'
import fastify, { type FastifyInstance } from 'fastify'
import Koa from 'koa'
import { listening } from '../support/listening.ts'

type Fields = Readonly<Record<string, string>>

/** A small application, with what a test of it has in its hands. */
export interface Tested<App = Express | Koa | FastifyInstance> extends TestSallyport<Sallyport> {
  readonly app: App
  readonly url: string
  send(method: string, path: string, headers?: Fields): Promise<Reply>
}

export interface Reply {
  readonly status: number
  readonly headers: object
  readonly body: string
}

/** By node:http, since `fetch` does not let the host be chosen. */
const sendTo =
  (url: string) =>
  (method: string, path: string, headers: Fields = {}): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const sent = request(new URL(path, url), { method, headers, agent: false }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        )
      })
      sent.on('error', reject).end()
    })

export async function onExpress(
  options?: SallyportOptions,
  settings?: TestSettings,
): Promise<Tested<Express>> {
  const tested = await testSallyport(forExpress, options, settings)
  const { sallyport } = tested
  const app = express()
  app.use('/auth', sallyport.router('refresh', 'token', 'logout'))
  app.get(
    '/me',
    sallyport.authMiddleware(),
    (req, res) => void res.json({ sub: callerOnExpress(req).subject }),
  )
  const fresh = sallyport.requireFresh({ acr: 'two-factors', maxAge: 300 })
  app.get('/fresh', sallyport.authMiddleware(), fresh, (_req, res) => void res.json({}))
  const { url, close } = await listening(createServer(app), tested.close)
  return { ...tested, app, url, close, send: sendTo(url) }
}

async function onKoa(options?: SallyportOptions, settings?: TestSettings): Promise<Tested<Koa>> {
  const tested = await testSallyport(forKoa, options, settings)
  const { sallyport } = tested
  const app = new Koa()
  const router = new Router()
  router.get('/me', sallyport.authMiddleware(), (ctx) => {
    ctx.body = { sub: callerOnKoa(ctx).subject }
  })
  const fresh = sallyport.requireFresh({ acr: 'two-factors', maxAge: 300 })
  router.get('/fresh', sallyport.authMiddleware(), fresh, (ctx) => {
    ctx.body = {}
  })
  app.use(sallyport.router('refresh', 'token', 'logout', { prefix: '/auth' })).use(router.routes())
  const { url, close } = await listening(createServer(app.callback()), tested.close)
  return { ...tested, app, url, close, send: sendTo(url) }
}

export async function onFastify(
  options?: SallyportOptions,
  settings?: TestSettings,
): Promise<Tested<FastifyInstance>> {
  const tested = await testSallyport(forFastify, options, settings)
  const { sallyport } = tested
  const app = fastify()
  app.register(sallyport.router('refresh', 'token', 'logout'), { prefix: '/auth' })
  app.get('/me', { onRequest: sallyport.authMiddleware() }, async (request) => ({
    sub: callerOnFastify(request).subject,
  }))
  const fresh = sallyport.requireFresh({ acr: 'two-factors', maxAge: 300 })
  app.get('/fresh', { onRequest: [sallyport.authMiddleware(), fresh] }, async () => ({}))
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const close = async () => {
    await app.close()
    await tested.close()
  }
  return { ...tested, app, url, close, send: sendTo(url) }
}

export const frameworks = [
  ['Express', onExpress],
  ['Koa', onKoa],
  ['Fastify', onFastify],
] as const
