import { createServer, type Server } from 'node:http'
import { memoryStore, type StoreDriver } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { createSallyport as onExpress } from '@sallyport/express'
import { createSallyport as onFastify } from '@sallyport/fastify'
import { createSallyport as onKoa } from '@sallyport/koa'
import { createSignals, type ReceiverOptions, type SendOptions, type Signals } from '@sallyport/signals'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import { listening } from '../support/listening.ts'
import { textIn } from '../support/text-in.ts'
import { viewOf } from '../unit/view.ts'

export const ISSUER = 'https://auth.example.com'
export const SECRET = 'q3Rk0VYzJm7uXw5bN1sLh9tGd2fCe8oPa4iKx6rTyZE'
export const READER = 'service:receiver'

const frameworks = { express: startExpress, koa: startKoa, fastify: startFastify }
export type FrameworkName = keyof typeof frameworks
export const frameworkNames = Object.keys(frameworks) as readonly FrameworkName[]

export interface ReplyBody {
  readonly stream_id: string
  readonly sets: Readonly<Record<string, string>>
  readonly [other: string]: unknown
}

export interface Reply {
  readonly status: number
  /** As JSON: a stream, the answer to a poll, or all else. */
  readonly body: ReplyBody
  readonly headers: Headers
}

/** A transmitter whose receiver manages its streams. */
export interface Managed {
  readonly url: string
  readonly signals: Signals
  /** Asks with the key of the receiver, or with another token. `null`: with none. */
  ask(method: string, path: string, body?: unknown, token?: string | null): Promise<Reply>
  /** Makes the key of a subject. */
  keyOf(subject: string, ...scope: readonly string[]): Promise<string>
  /** The access token of a new session. */
  tokenOf(subject: string, ...scope: readonly string[]): Promise<string>
  /** Signs a user in, and ends that session. Returns its id. */
  endOne(subject: string): Promise<string>
  close(): Promise<void>
}

export interface ManagingOptions {
  readonly framework?: FrameworkName
  readonly store?: StoreDriver
  readonly secret?: string | readonly string[]
  readonly receiver?: Partial<ReceiverOptions>
  /** Further receivers. */
  readonly others?: readonly ReceiverOptions[]
  readonly send?: Partial<SendOptions>
}

export async function startManaged(options: ManagingOptions = {}): Promise<Managed> {
  const { framework = 'express', store = memoryStore(), secret = SECRET } = options
  const { receiver = {}, others = [], send = {} } = options
  const { listen, sallyport, signals } = await frameworks[framework](
    { issuer: ISSUER, audience: 'api', secret, store, outbox: {}, apiKeys: {} },
    {
      receivers: [{ audience: 'https://r.example.com', reader: READER, streams: {}, ...receiver }, ...others],
      ...send,
    },
  )
  const { url, close } = await listening(await listen(), () => Promise.resolve())
  async function keyOf(subject: string, ...scope: string[]): Promise<string> {
    const created = await sallyport.apiKeys.create(subject, { name: 'key', scope, expiresInSeconds: 3600 })
    if (created.kind !== 'created') throw new TypeError('no key was made')
    return created.key
  }
  async function tokenOf(subject: string, ...scope: string[]): Promise<string> {
    const answer = await gateOf(sallyport).signIn(viewOf({}), { subject, scope })
    return JSON.parse(textIn(answer.body)).access_token
  }
  const own = await keyOf(READER, 'ssf.manage')
  return {
    ...{ url, signals, keyOf, tokenOf },
    async ask(method, path, body, token = own) {
      const answer = await fetch(`${url}/auth${path}`, {
        method,
        headers: {
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await answer.text()
      return {
        status: answer.status,
        headers: answer.headers,
        body: text === '' ? undefined : JSON.parse(text),
      }
    },
    async endOne(subject) {
      const verdict = await sallyport.tokens.verify(await tokenOf(subject))
      const sid = verdict.kind === 'valid' ? String(verdict.auth.session) : ''
      await sallyport.sessions.revoke(sid)
      return sid
    },
    async close() {
      signals.close()
      await close()
      await sallyport.close()
    },
  }
}

type Options = NonNullable<Parameters<typeof onExpress>[0]>

async function startExpress(options: Options, send: SendOptions) {
  const sallyport = await onExpress(options)
  const signals = await createSignals(sallyport, { send })
  const app = express()
  app.use('/auth', sallyport.router(...signals.transmitter))
  app.use(sallyport.router(...signals.wellKnown))
  return { sallyport, signals, listen: async (): Promise<Server> => createServer(app) }
}

async function startKoa(options: Options, send: SendOptions) {
  const sallyport = await onKoa(options)
  const signals = await createSignals(sallyport, { send })
  const app = new Koa()
  app.use(sallyport.router(...signals.transmitter, { prefix: '/auth' }))
  app.use(sallyport.router(...signals.wellKnown))
  return { sallyport, signals, listen: async (): Promise<Server> => createServer(app.callback()) }
}

async function startFastify(options: Options, send: SendOptions) {
  const sallyport = await onFastify(options)
  const signals = await createSignals(sallyport, { send })
  const app = fastify()
  app.register(sallyport.router(...signals.transmitter), { prefix: '/auth' })
  app.register(sallyport.router(...signals.wellKnown))
  async function listen(): Promise<Server> {
    await app.ready()
    return app.server
  }
  return { sallyport, signals, listen }
}
