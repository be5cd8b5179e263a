import { createHash, X509Certificate } from 'node:crypto'
import { createServer, request, type Server, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { SallyportEvent, SallyportOptions } from '@sallyport/core'
import { createSallyport as forExpress } from '@sallyport/express'
import { createSallyport as forFastify } from '@sallyport/fastify'
import { createSallyport as forKoa } from '@sallyport/koa'
import express from 'express'
import fastify from 'fastify'
import { decodeJwt } from 'jose'
import Koa from 'koa'
import { afterEach, describe, expect, test } from 'vitest'
import { certificateForLocalhost } from '../support/certificate.ts'

/** `/sign-in` signs in, `/me` is protected, and below `/auth` are the library's own routes. */
type Start = (options: SallyportOptions, tls: ServerOptions) => Promise<Started>
interface Started {
  readonly server: Server
  readonly events: readonly SallyportEvent[]
  close(): Promise<unknown>
}

const SIGN_IN = { subject: 'user-1' }

const onExpress: Start = async (options, tls) => {
  const sallyport = await forExpress(options)
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => void events.push(event))
  const app = express()
  app.post('/sign-in', (req, res) => sallyport.signIn(req, res, SIGN_IN))
  app.get('/me', sallyport.authMiddleware(), (_req, res) => void res.json({}))
  app.use('/auth', sallyport.router('refresh', 'token'))
  return { server: createServer(tls, app), events, close: sallyport.close }
}

const onKoa: Start = async (options, tls) => {
  const sallyport = await forKoa(options)
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => void events.push(event))
  const app = new Koa()
  app.use(sallyport.router('refresh', 'token', { prefix: '/auth' }))
  app.use(async (ctx, next) => (ctx.path === '/sign-in' ? sallyport.signIn(ctx, SIGN_IN) : next()))
  app.use(sallyport.authMiddleware())
  app.use((ctx) => {
    ctx.body = {}
  })
  return { server: createServer(tls, app.callback()), events, close: sallyport.close }
}

const onFastify: Start = async (options, tls) => {
  const sallyport = await forFastify(options)
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => void events.push(event))
  const app = fastify({ https: tls })
  app.post('/sign-in', (req, reply) => sallyport.signIn(req, reply, SIGN_IN))
  app.get('/me', { onRequest: sallyport.authMiddleware() }, async () => ({}))
  app.register(sallyport.router('refresh', 'token'), { prefix: '/auth' })
  await app.ready()
  return { server: app.server as Server, events, close: () => app.close() }
}

const [ours, client, other] = [
  certificateForLocalhost(),
  certificateForLocalhost(),
  certificateForLocalhost(),
]
const thumbprintOf = (cert: string): string =>
  createHash('sha256').update(new X509Certificate(cert).raw).digest('base64url')
const fieldOf = (cert: string): string => `:${new X509Certificate(cert).raw.toString('base64')}:`

let stop: (() => Promise<unknown>) | undefined
afterEach(async () => {
  await stop?.()
  stop = undefined
})

interface Sent {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly cert?: typeof client | undefined
}

async function world(start: Start, mtls: SallyportOptions['mtls']) {
  const tls = { ...ours, requestCert: true, rejectUnauthorized: false }
  const started = await start({ secret: 'a secret of the test, with its 32 bytes', mtls }, tls)
  const { server, events } = started
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  stop = async () => {
    server.closeAllConnections()
    await Promise.all([new Promise((resolve) => server.close(resolve)), started.close()])
  }
  const { port } = server.address() as AddressInfo
  const send = ({ cert, body, ...options }: Sent) =>
    new Promise<{ status: number; cookies: string; json: Record<string, string> }>((resolve, reject) => {
      const sending = request({ host: 'localhost', port, ca: ours.cert, agent: false, ...options, ...cert })
      sending.on('error', reject).on('response', (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            cookies: (response.headers['set-cookie'] ?? []).map((one) => one.split(';', 1)[0]).join('; '),
            json: text === '' ? {} : (JSON.parse(text) as Record<string, string>),
          }),
        )
      })
      sending.end(body)
    })
  const signIn = async (more: Partial<Sent> = {}) => {
    const { status, cookies, json } = await send({ method: 'POST', path: '/sign-in', ...more })
    const { access_token: token = '', refresh_token: refresh = '' } = json
    return { status, cookies, token, refresh, error: json.error }
  }
  const me = async (token: string, more: Partial<Sent> = {}) => {
    const headers = { authorization: `Bearer ${token}`, ...more.headers }
    return (await send({ path: '/me', ...more, headers })).status
  }
  const refresh = (cookie: string, more: Partial<Sent> = {}) =>
    send({ method: 'POST', path: '/auth/refresh', ...more, headers: { cookie, ...more.headers } })
  return { events, send, signIn, me, refresh }
}

describe.each([
  ['express', onExpress],
  ['koa', onKoa],
  ['fastify', onFastify],
] as const)('on %s', (_name, start) => {
  test('a sign-in with a certificate binds the tokens to it', async () => {
    const { events, signIn, me, refresh } = await world(start, 'accepted')
    const { token, cookies } = await signIn({ cert: client })
    expect(decodeJwt(token).cnf).toEqual({ 'x5t#S256': thumbprintOf(client.cert) })
    expect([await me(token, { cert: client }), await me(token, { cert: other }), await me(token)]).toEqual([
      200, 401, 401,
    ])
    expect(events.at(-1)).toMatchObject({ event: 'token.refused', reason: 'token_certificate' })
    for (const cert of [other, undefined]) {
      const { status, json } = await refresh(cookies, { cert })
      expect([status, json.error]).toEqual([401, 'invalid_grant'])
    }
    expect(events.at(-1)).toMatchObject({ event: 'request.refused', reason: 'refresh_unproven' })
    const next = await refresh(cookies, { cert: client })
    expect(next.status).toBe(200)
    expect(await me(next.json.access_token ?? '', { cert: client })).toBe(200)
  })

  test('a sign-in without one binds nothing, unless it is required', async () => {
    const accepted = await world(start, 'accepted')
    const { token } = await accepted.signIn()
    expect(decodeJwt(token).cnf).toBeUndefined()
    expect([await accepted.me(token), await accepted.me(token, { cert: other })]).toEqual([200, 200])
    await stop?.()
    const required = await world(start, 'required')
    expect(await required.signIn()).toMatchObject({ status: 400, error: 'invalid_request' })
    expect((await required.signIn({ cert: client })).status).toBe(200)
  })

  test('a header is believed from a proxy alone, whose own certificate counts for nobody', async () => {
    const told = { headers: { 'client-cert': fieldOf(client.cert) } }
    const direct = await world(start, 'accepted')
    expect(decodeJwt((await direct.signIn(told)).token).cnf).toBeUndefined()
    await stop?.()
    const behind = await world(start, { proxies: ['127.0.0.0/8', '::1'] })
    const { token } = await behind.signIn({ ...told, cert: other })
    expect(decodeJwt(token).cnf).toEqual({ 'x5t#S256': thumbprintOf(client.cert) })
    expect([await behind.me(token, told), await behind.me(token, { cert: client })]).toEqual([200, 401])
    for (const field of [
      '',
      'x',
      fieldOf(client.cert).slice(1),
      `${fieldOf(client.cert)}, ${fieldOf(client.cert)}`,
      '"a string"',
      '?1',
      ':AAAA:',
    ])
      expect(await behind.me(token, { headers: { 'client-cert': field } })).toBe(401)
    await stop?.()
    const elsewhere = await world(start, { proxies: ['192.0.2.0/24'] })
    expect(decodeJwt((await elsewhere.signIn(told)).token).cnf).toBeUndefined()
  })

  test('native apps are bound at the token endpoint alike', async () => {
    const { send, signIn } = await world(start, 'accepted')
    const { refresh } = await signIn({ cert: client, headers: { 'x-token-transport': 'body' } })
    const exchange = (cert: typeof client) =>
      send({
        ...{ method: 'POST', path: '/auth/token', cert },
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `grant_type=refresh_token&refresh_token=${refresh}`,
      })
    expect(await exchange(other)).toMatchObject({ status: 400, json: { error: 'invalid_grant' } })
    expect((await exchange(client)).status).toBe(200)
  })
})

test.each([
  ['proxies', { proxies: ['10.0.0.0/33'] }],
  ['proxies', { proxies: ['1/8'] }],
  ['proxies', { proxies: ['example.com'] }],
  ['proxies', { proxies: ['10.0.0.1', '10.0.0.1'] }],
  ['mode', { mode: 'on' }],
])('a wrong option %s is refused at start: %j', async (_name, mtls) => {
  await expect(forExpress({ mtls: mtls as never })).rejects.toThrow('mtls')
})
