import { KeyObject, randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import Router from '@koa/router'
import type { Sallyport, SallyportEvent, SallyportOptions } from '@sallyport/core'
import { getAuth as callerOnExpress, createSallyport as forExpress } from '@sallyport/express'
import { getAuth as callerOnFastify, createSallyport as forFastify } from '@sallyport/fastify'
import { getAuth as callerOnKoa, createSallyport as forKoa } from '@sallyport/koa'
import express from 'express'
import fastify from 'fastify'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import Koa from 'koa'
import { listening } from '../../support/listening.ts'
import { type TurnedClock, turnedClock } from '../../support/turned-clock.ts'
import { type Reply, type Send, send } from '../client.ts'
import { type About, type Changes, type ProofKey, proof, proofKey } from './proofs.ts'

/**
 * An application whose `/me`, `/nested/api/me`, `/twice`, which checks the caller twice, and, for callers with the scope
 * `write`, `/scoped` say who the caller is, whatever the method; `/sign-in` signs in, and `/sign-out` signs its caller out.
 * The library's own routes are below `/auth`.
 */
type Start = (options: SallyportOptions, proxied: boolean) => Promise<Started>

interface Started {
  readonly core: Sallyport
  readonly server: Server
  readonly events: SallyportEvent[]
  reached(): number
  close(): Promise<unknown>
}

const SIGN_IN = { subject: 'user-1', scope: ['read'] }

const onExpress: Start = async (options, proxied) => {
  const sallyport = await forExpress(options)
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => void events.push(event))
  let reached = 0
  const me: express.RequestHandler = (req, res) => {
    reached++
    res.json({ sub: callerOnExpress(req).subject })
  }
  const nested = express.Router().all('/me', sallyport.authMiddleware(), me)
  const app = express()
  if (proxied) app.set('trust proxy', 1)
  app.post('/sign-in', (req, res) => sallyport.signIn(req, res, SIGN_IN))
  app.all('/me', sallyport.authMiddleware(), me)
  app.all('/twice', sallyport.authMiddleware({ optional: true }), sallyport.authMiddleware(), me)
  app.post('/sign-out', sallyport.authMiddleware(), async (req, res) => {
    res.json(await sallyport.sessions.end(req, res))
  })
  app.all('/scoped', sallyport.authMiddleware(), sallyport.requireScope('write'), me)
  app.use('/nested/api', nested)
  app.use('/auth', sallyport.router('logout', 'sessions'))
  app.use(sallyport.router('well-known'))
  return {
    core: sallyport,
    server: createServer(app),
    events,
    reached: () => reached,
    close: sallyport.close,
  }
}

const onKoa: Start = async (options, proxied) => {
  const sallyport = await forKoa(options)
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => void events.push(event))
  let reached = 0
  const me: Koa.Middleware = (ctx) => {
    reached++
    ctx.body = { sub: callerOnKoa(ctx).subject }
  }
  const routes = new Router()
  routes.post('/sign-in', (ctx) => sallyport.signIn(ctx, SIGN_IN))
  routes.all('/me', sallyport.authMiddleware(), me)
  routes.all('/twice', sallyport.authMiddleware({ optional: true }), sallyport.authMiddleware(), me)
  routes.post('/sign-out', sallyport.authMiddleware(), async (ctx) => {
    ctx.body = await sallyport.sessions.end(ctx)
  })
  routes.all('/scoped', sallyport.authMiddleware(), sallyport.requireScope('write'), me)
  const nested = new Router({ prefix: '/nested/api' }).all('/me', sallyport.authMiddleware(), me)
  const app = new Koa(proxied ? { proxy: true, maxIpsCount: 1 } : {})
  app.use(sallyport.router('logout', 'sessions', { prefix: '/auth' })).use(sallyport.router('well-known'))
  app.use(routes.routes()).use(nested.routes())
  return {
    core: sallyport,
    server: createServer(app.callback()),
    events,
    reached: () => reached,
    close: sallyport.close,
  }
}

const onFastify: Start = async (options, proxied) => {
  const sallyport = await forFastify(options)
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => void events.push(event))
  let reached = 0
  const app = fastify(proxied ? { trustProxy: '127.0.0.1' } : {})
  const me = async (request: object) => {
    reached++
    return { sub: callerOnFastify(request).subject }
  }
  const onRequest = sallyport.authMiddleware()
  app.post('/sign-in', (request, reply) => sallyport.signIn(request, reply, SIGN_IN))
  app.all('/me', { onRequest }, me)
  app.all('/twice', { onRequest: [sallyport.authMiddleware({ optional: true }), onRequest] }, me)
  app.post('/sign-out', { onRequest }, (request, reply) => sallyport.sessions.end(request, reply))
  app.all('/scoped', { onRequest: [onRequest, sallyport.requireScope('write')] }, me)
  app.register(async (nested) => nested.all('/me', { onRequest }, me), { prefix: '/nested/api' })
  app.register(sallyport.router('logout', 'sessions'), { prefix: '/auth' })
  app.register(sallyport.router('well-known'))
  await app.ready()
  return { core: sallyport, server: app.server, events, reached: () => reached, close: () => app.close() }
}

const frameworks = { Express: onExpress, Koa: onKoa, Fastify: onFastify } as const
export type Framework = keyof typeof frameworks
export const allFrameworks: readonly Framework[] = ['Express', 'Koa', 'Fastify']

export interface WorldOptions {
  readonly framework?: Framework
  readonly options?: SallyportOptions
  /** Whether one proxy in front is trusted. */
  readonly proxied?: boolean
  readonly clock?: TurnedClock
  /** Of another world, whose tokens and proofs are good here then, too. */
  readonly alike?: World
}

export const ISSUER = 'https://auth.example.test'
export const AUDIENCE = 'https://api.example.test'

/** An application, and a client of it that holds a key. */
export class World {
  readonly url: string
  readonly clock: TurnedClock
  readonly key: ProofKey
  readonly signing: { readonly jwk: JWK; readonly publicJwk: JWK; readonly key: KeyObject }
  readonly secret: Uint8Array
  readonly #started: Started
  readonly #close: () => Promise<void>

  private constructor(
    made: Pick<World, 'url' | 'clock' | 'key' | 'signing' | 'secret'>,
    started: Started,
    close: () => Promise<void>,
  ) {
    ;({ url: this.url, clock: this.clock, key: this.key, signing: this.signing, secret: this.secret } = made)
    this.#started = started
    this.#close = close
  }

  static async start({
    framework = 'Express',
    options = {},
    proxied = false,
    ...given
  }: WorldOptions = {}): Promise<World> {
    const { alike } = given
    const clock = given.clock ?? alike?.clock ?? turnedClock(Date.now())
    const key = alike?.key ?? (await proofKey('ES256'))
    const signing = alike?.signing ?? (await signingKey())
    const secret = alike?.secret ?? randomBytes(32)
    const started = await frameworks[framework](
      {
        ...{ issuer: ISSUER, audience: AUDIENCE, secret, clock, dpop: 'accepted' },
        ...{ access: { keys: [signing.jwk] }, ...options },
      },
      proxied,
    )
    const { url, close } = await listening(started.server, started.close)
    return new World({ url, clock, key, signing, secret }, started, close)
  }

  get core(): Sallyport {
    return this.#started.core
  }
  get events(): SallyportEvent[] {
    return this.#started.events
  }
  /** How often a handler was reached. */
  get reached(): number {
    return this.#started.reached()
  }
  close(): Promise<void> {
    return this.#close()
  }

  /** An access token, bound to the client's key unless that is changed. */
  token(claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const now = Math.floor(this.clock.now() / 1000)
    const all = {
      ...{ iss: ISSUER, aud: AUDIENCE, sub: 'user-1', client_id: 'web', sid: 'session-1', scope: 'read' },
      ...{ iat: now, exp: now + 600, jti: crypto.randomUUID(), cnf: { jkt: this.key.jkt }, ...claims },
    }
    return new SignJWT(all)
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: 'signing' })
      .sign(this.signing.key)
  }

  about(token: string | undefined, { method = 'GET', path = '/me' }: Partial<Send> = {}): About {
    return { key: this.key, method, url: this.url + path, token, now: this.clock.now() }
  }

  /** Signs in, and gives the access token, which is bound to nothing. */
  async signIn(): Promise<string> {
    const { text } = await this.send({ method: 'POST', path: '/sign-in' })
    return JSON.parse(text).access_token
  }

  send(given: Send): Promise<Reply> {
    return send(this.url, given)
  }

  /** Asks with a token and a proof, which is good unless it is changed. */
  ask(token: string, changes: Changes = {}, given: Partial<Send> = {}): Promise<Reply> {
    const { path = '/me', headers, ...others } = given
    const dpop = proof(this.about(token, { path, ...others }), changes)
    return this.send({ ...others, path, headers: { authorization: `DPoP ${token}`, dpop, ...headers } })
  }
}

async function signingKey(): Promise<World['signing']> {
  const { privateKey, publicKey } = await generateKeyPair('Ed25519', { extractable: true })
  const named = { kid: 'signing', alg: 'EdDSA' }
  const [jwk, publicJwk] = [await exportJWK(privateKey), await exportJWK(publicKey)]
  return { jwk: { ...jwk, ...named }, publicJwk: { ...publicJwk, ...named }, key: KeyObject.from(privateKey) }
}
