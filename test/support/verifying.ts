import { createServer } from 'node:http'
import type { SallyportOptions } from '@sallyport/core'
import { getAuth as callerOnExpress, createSallyport as forExpress } from '@sallyport/express'
import { getAuth as callerOnFastify, createSallyport as forFastify } from '@sallyport/fastify'
import { getAuth as callerOnKoa, createSallyport as forKoa } from '@sallyport/koa'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import { type Listening, listening } from './listening.ts'

async function onExpress(options: SallyportOptions): Promise<Listening> {
  const sallyport = await forExpress(options)
  const app = express()
  app.get('/', sallyport.authMiddleware(), (req, res) => void res.json(callerOnExpress(req)))
  return listening(createServer(app), sallyport.close)
}

async function onKoa(options: SallyportOptions): Promise<Listening> {
  const sallyport = await forKoa(options)
  const app = new Koa()
  app.use(sallyport.authMiddleware()).use((ctx) => {
    ctx.body = callerOnKoa(ctx)
  })
  return listening(createServer(app.callback()), sallyport.close)
}

async function onFastify(options: SallyportOptions): Promise<Listening> {
  const sallyport = await forFastify(options)
  const app = fastify()
  app.get('/', { onRequest: sallyport.authMiddleware() }, async (request) => callerOnFastify(request))
  await app.ready()
  return listening(app.server, () => app.close())
}

/** Starts a service that answers with the caller, on each framework. */
export const verifying = [
  ['Express', onExpress],
  ['Koa', onKoa],
  ['Fastify', onFastify],
] as const
