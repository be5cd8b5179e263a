import type { RequestListener } from 'node:http'
import Router from '@koa/router'
import { createSallyport as forExpress, getAuth as ofExpress } from '@sallyport/express'
import { createSallyport as forFastify, getAuth as ofFastify } from '@sallyport/fastify'
import { createSallyport as forKoa, getAuth as ofKoa } from '@sallyport/koa'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import type { Logins } from './provider.ts'

/** An application whose users log in elsewhere. */
type MakeApp = (logins: Logins) => Promise<RequestListener>

const options = {
  issuer: 'https://auth.example.test',
  audience: 'https://api.example.test',
  secret: Buffer.alloc(32, 'a secret of tests'),
  production: false,
} as const
const scope = ['profile:read']
const UNKNOWN = 'this log-in was not begun here'

/** Gets an access token by the cookie alone, and shows whose it is. */
const PAGE = `<!doctype html>
<link rel="icon" href="data:,">
<a href="/login">Log in</a>
<output></output>
<script type="module">
  const refreshed = await fetch('/auth/refresh', { method: 'POST' })
  const { access_token: token } = await refreshed.json()
  const me = await fetch('/api/me', { headers: { Authorization: 'Bearer ' + token } })
  document.querySelector('output').textContent = me.ok ? (await me.json()).subject : 'nobody'
</script>`

const onExpress: MakeApp = async (logins) => {
  const sallyport = await forExpress(options)
  const app = express()
  app.use('/auth', sallyport.refreshRouter())
  app.get('/', (_req, res) => {
    res.send(PAGE)
  })
  app.get('/login', async (_req, res) => {
    const { url, cookie } = await logins.begin()
    res.append('Set-Cookie', cookie).redirect(url)
  })
  app.get('/callback', async (req, res) => {
    const subject = await logins.finish(req.url, req.headers.cookie)
    if (subject === undefined) return void res.status(400).send(UNKNOWN)
    await sallyport.sessions.start(req, res, { subject, scope, crossSite: 'checked' })
    res.redirect('/')
  })
  app.get('/api/me', sallyport.authMiddleware(), (req, res) => {
    res.json({ subject: ofExpress(req).subject })
  })
  return app
}

const onKoa: MakeApp = async (logins) => {
  const sallyport = await forKoa(options)
  const router = new Router()
  router.get('/', (ctx) => {
    ctx.body = PAGE
  })
  router.get('/login', async (ctx) => {
    const { url, cookie } = await logins.begin()
    ctx.append('Set-Cookie', cookie)
    ctx.redirect(url)
  })
  router.get('/callback', async (ctx) => {
    const subject = await logins.finish(ctx.url, ctx.headers.cookie)
    if (subject === undefined) return ctx.throw(400, UNKNOWN)
    await sallyport.sessions.start(ctx, { subject, scope, crossSite: 'checked' })
    ctx.redirect('/')
  })
  router.get('/api/me', sallyport.authMiddleware(), (ctx) => {
    ctx.body = { subject: ofKoa(ctx).subject }
  })
  const app = new Koa()
  app.use(sallyport.refreshRouter({ prefix: '/auth' })).use(router.routes())
  return app.callback()
}

const onFastify: MakeApp = async (logins) => {
  const sallyport = await forFastify(options)
  const app = fastify()
  app.register(sallyport.refreshRouter(), { prefix: '/auth' })
  app.get('/', (_request, reply) => reply.type('text/html').send(PAGE))
  app.get('/login', async (_request, reply) => {
    const { url, cookie } = await logins.begin()
    return reply.header('Set-Cookie', cookie).redirect(url)
  })
  app.get('/callback', async (request, reply) => {
    const subject = await logins.finish(request.url, request.headers.cookie)
    if (subject === undefined) return reply.code(400).send(UNKNOWN)
    await sallyport.sessions.start(request, reply, { subject, scope, crossSite: 'checked' })
    return reply.redirect('/')
  })
  app.get('/api/me', { onRequest: sallyport.authMiddleware() }, async (request) => ({
    subject: ofFastify(request).subject,
  }))
  await app.ready()
  return app.routing
}

export const loginApps: Readonly<Record<string, MakeApp>> = {
  Express: onExpress,
  Koa: onKoa,
  Fastify: onFastify,
}
