import { createServer, type RequestListener, type Server } from 'node:http'
import type { PolicyEngine, SallyportEvent, SallyportOptions } from '@sallyport/core'
import * as onExpress from '@sallyport/express'
import * as onFastify from '@sallyport/fastify'
import * as onKoa from '@sallyport/koa'
import { cedar, cel, cerbos, opa } from '@sallyport/policies'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startCerbos } from '../policies/cerbos-server.ts'
import { startOpa } from '../policies/opa-server.ts'
import { type Listening, listening } from '../support/listening.ts'

const closing: (() => Promise<unknown>)[] = []
const notices: string[] = []
beforeEach(() => {
  notices.length = 0
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void notices.push(String(warning)))
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  vi.restoreAllMocks()
})

const CLAIMS: Readonly<Record<string, object>> = {
  u1: { roles: ['editor'], region: 'eu' },
  u2: { roles: ['reader'], region: 'us' },
  u3: {},
}
const isString = (value: unknown): value is string => typeof value === 'string'
const documentOf = (_auth: unknown, { params }: { params: Readonly<Record<string, string>> }) =>
  params.id === '404' ? undefined : { type: 'Document', id: params.id, attributes: { owner: 'u3' } }

type Start = (options: SallyportOptions) => Promise<Listening>

const startOnExpress: Start = async (options) => {
  const sallyport = await onExpress.createSallyport(options)
  const { authMiddleware, requireClaim, requirePolicy, requireRole } = sallyport
  const region = requireClaim('region', isString)
  const app = express()
  app.post('/sign-in/:id', (req, res) => sallyport.signIn(req, res, { subject: req.params.id }))
  app.get('/role', authMiddleware(), requireRole('admin', 'editor'), (_req, res) => void res.json({}))
  app.get('/eu', authMiddleware(), requireClaim('region', 'eu'), (_req, res) => void res.json({}))
  app.get('/region', authMiddleware(), region, (req, res) => {
    res.json({ region: onExpress.getAuth(req, region).claims.region.toUpperCase() })
  })
  app.get('/careless', authMiddleware(), (req, res) => void res.json(onExpress.getAuth(req, region)))
  app.get('/documents/:id', authMiddleware(), requirePolicy('document:edit', documentOf), (_req, res) => {
    res.json({})
  })
  return opened(createServer(app), sallyport.close)
}

const startOnKoa: Start = async (options) => {
  const sallyport = await onKoa.createSallyport(options)
  const { authMiddleware, requireClaim, requirePolicy, requireRole } = sallyport
  const region = requireClaim('region', isString)
  const { default: Router } = await import('@koa/router')
  const router = new Router()
  const ok = (ctx: Koa.Context): void => {
    ctx.body = {}
  }
  router.post('/sign-in/:id', (ctx) => sallyport.signIn(ctx, { subject: ctx.params.id ?? '' }))
  router.get('/role', authMiddleware(), requireRole('admin', 'editor'), ok)
  router.get('/eu', authMiddleware(), requireClaim('region', 'eu'), ok)
  router.get('/region', authMiddleware(), region, (ctx) => {
    ctx.body = { region: onKoa.getAuth(ctx, region).claims.region.toUpperCase() }
  })
  router.get('/careless', authMiddleware(), (ctx) => {
    ctx.body = onKoa.getAuth(ctx, region)
  })
  router.get('/documents/:id', authMiddleware(), requirePolicy('document:edit', documentOf), ok)
  const app = new Koa({ proxy: false })
  app.silent = true
  return opened(createServer(app.use(router.routes()).callback()), sallyport.close)
}

const startOnFastify: Start = async (options) => {
  const sallyport = await onFastify.createSallyport(options)
  const { authMiddleware, requireClaim, requirePolicy, requireRole } = sallyport
  const region = requireClaim('region', isString)
  const behind = (guard: onFastify.Hook) => ({ onRequest: [authMiddleware(), guard] })
  const app = fastify()
  app.post<{ Params: { id: string } }>('/sign-in/:id', async (request, reply) =>
    sallyport.signIn(request, reply, { subject: request.params.id }),
  )
  app.get('/role', behind(requireRole('admin', 'editor')), async () => ({}))
  app.get('/eu', behind(requireClaim('region', 'eu')), async () => ({}))
  app.get('/region', behind(region), async (request) => ({
    region: onFastify.getAuth(request, region).claims.region.toUpperCase(),
  }))
  app.get('/careless', { onRequest: authMiddleware() }, async (request) => onFastify.getAuth(request, region))
  app.get('/documents/:id', behind(requirePolicy('document:edit', documentOf)), async () => ({}))
  await app.ready()
  return opened(app.server, () => app.close())
}

async function opened(server: Server, close: () => Promise<unknown>): Promise<Listening> {
  const app = await listening(server, close)
  closing.push(app.close)
  return app
}

async function serving(listener: RequestListener): Promise<string> {
  return (await opened(createServer(listener), async () => {})).url
}

describe.each([
  ['Express', startOnExpress],
  ['Koa', startOnKoa],
  ['Fastify', startOnFastify],
])('on %s', (_name, start) => {
  /** Signs a user in, and gives what the trail was told, and how routes answer. */
  async function signedIn(subject: string, engine: PolicyEngine, timeoutMs = 5000) {
    const written: SallyportEvent[] = []
    const sink = {
      name: 'test',
      async write(events: readonly SallyportEvent[]) {
        written.push(...events)
      },
    }
    const { url } = await start({
      claims: { of: (owner) => ({ ...CLAIMS[owner.subject] }) },
      audit: { sink, subjects: 'plain', verifications: 'none' },
      policies: { engine, timeoutMs },
    })
    const answer = await fetch(`${url}/sign-in/${subject}`, { method: 'POST' })
    const { access_token } = (await answer.json()) as { access_token: string }
    const get = (path: string) => fetch(url + path, { headers: { authorization: `Bearer ${access_token}` } })
    async function decided(): Promise<readonly SallyportEvent[]> {
      const isDecision = ({ event }: SallyportEvent): boolean => /^(policy|decision)\./.test(event)
      await vi.waitFor(() => expect(written.some(isDecision)).toBe(true))
      return written.filter(isDecision)
    }
    return { get, decided }
  }
  const permitting: PolicyEngine = { name: 'Test', decide: () => ({ kind: 'permit' }) }

  test('roles and claims decide, with a plain challenge', async () => {
    const statuses = async (subject: string) => {
      const { get } = await signedIn(subject, permitting)
      const answers = await Promise.all(['/role', '/eu', '/region'].map(get))
      return answers.map(({ status }) => status)
    }
    expect(await statuses('u1')).toEqual([200, 200, 200])
    expect(await statuses('u2')).toEqual([403, 403, 200])
    const { get } = await signedIn('u3', permitting)
    const refused = await get('/role')
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([403, 'Bearer'])
    expect(await refused.json()).toMatchObject({ error: 'access_denied' })
  })

  test('the handler sees the claim that its guard has looked at', async () => {
    const { get } = await signedIn('u1', permitting)
    expect(await (await get('/region')).json()).toEqual({ region: 'EU' })
    expect((await get('/careless')).status).toBe(200)
    const other = await signedIn('u3', permitting)
    expect((await other.get('/region')).status).toBe(403)
    expect((await other.get('/careless')).status).toBe(500)
  })

  test.each([
    [
      'Cedar',
      () =>
        cedar({
          policies: `@id("editors") permit (principal in Role::"editor", action == Action::"document:edit", resource is Document);
            @id("closed") forbid (principal, action, resource == Document::"9");`,
        }),
    ],
    ['CEL', () => cel({ 'document:edit': "'editor' in principal.roles && resource.id != '9'" })],
    [
      'OPA',
      async () => {
        const server = await startOpa({
          app: (input) => {
            const { principal, resource } = input as {
              principal: { roles: string[] }
              resource: { id: string }
            }
            return { allow: principal.roles.includes('editor') && resource.id !== '9' }
          },
        })
        closing.push(server.close)
        return opa({ url: server.url, path: 'app' })
      },
    ],
    [
      'Cerbos',
      async () => {
        const roles = ['*']
        const rules = [
          { actions: ['document:edit'], effect: 'EFFECT_ALLOW', roles: ['editor'] },
          { actions: ['*'], effect: 'EFFECT_DENY', roles, condition: { match: { expr: "R.id == '9'" } } },
        ]
        const resourcePolicy = { version: 'default', resource: 'Document', rules }
        const server = await startCerbos({
          'document.json': { apiVersion: 'api.cerbos.dev/v1', resourcePolicy },
        })
        closing.push(server.stop)
        return cerbos({ url: server.url })
      },
    ],
  ])('%s permits and denies, and the trail tells it', async (_engine, make) => {
    const editor = await signedIn('u1', await make())
    expect((await editor.get('/documents/1')).status).toBe(200)
    const closed = await editor.get('/documents/9')
    expect([closed.status, closed.headers.get('www-authenticate')]).toEqual([403, 'Bearer'])
    expect((await editor.get('/documents/404')).status).toBe(403)
    await vi.waitFor(async () => expect(await editor.decided()).toHaveLength(3))
    const [permitted, denied, missing] = await editor.decided()
    const about = { sub: 'u1', action: 'document:edit', resource: 'Document' }
    expect(permitted).toMatchObject({
      event: 'policy.permitted',
      outcome: 'success',
      ...about,
      resource_id: '1',
    })
    expect(permitted?.policy).toMatch(/^(editors|document:edit|app|resource\.Document\.vdefault)$/)
    expect(denied).toMatchObject({ event: 'policy.denied', outcome: 'failure', ...about, resource_id: '9' })
    expect(missing).toMatchObject({ event: 'policy.denied', reason: 'resource_missing' })
    const reader = await signedIn('u2', await make())
    expect((await reader.get('/documents/1')).status).toBe(403)
  })

  // biome-ignore format: one row, one line
  const faulty: readonly (readonly [what: string, listener: RequestListener | undefined])[] = [
    ['that is away', undefined],
    ['that is slow', () => {}],
    ['that is slow after the beginning', (_req, res) => void res.writeHead(200).write('{"result":')],
    ['that answers 500', (_req, res) => void res.writeHead(500).end('{"result":true}')],
    ['that redirects', (_req, res) => void res.writeHead(302, { location: 'http://127.0.0.1:9/' }).end()],
    ['that answers garbage', (_req, res) => void res.end('<html>')],
    ['that answers no decision', (_req, res) => void res.end('{"result":"yes","results":[{"actions":{"document:edit":"EFFECT_ALLOW"}}]}')],
    ['that answers without end', (_req, res) => void res.end('x'.repeat(100_000))],
  ]
  describe.each([
    ['OPA', (url: string) => opa({ url, path: 'app' })],
    ['Cerbos', (url: string) => cerbos({ url })],
  ])('%s', (_engine, make) => {
    test.each(faulty)('%s refuses with 503, and the trail tells it', async (_what, listener) => {
      const url = listener === undefined ? 'http://127.0.0.1:9' : await serving(listener)
      const isSlow = _what.includes('slow')
      const { get, decided } = await signedIn('u1', make(url), isSlow ? 50 : 5000)
      notices.length = 0
      const answer = await get('/documents/1')
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
      expect(await answer.json()).toMatchObject({ error: 'temporarily_unavailable' })
      expect((await decided())[0]).toMatchObject({
        ...{ event: 'decision.degraded', outcome: 'failure', reason: 'policy_unavailable', sub: 'u1' },
        ...{ action: 'document:edit', resource: 'Document', resource_id: '1' },
      })
      expect(notices.filter((one) => one.startsWith('the policy engine'))).toHaveLength(1)
      expect((await get('/role')).status).toBe(200)
    })
  })
})
