import { randomBytes } from 'node:crypto'
import { createSallyport, type SallyportOptions } from '@sallyport/core'
import {
  type EndpointName,
  gateOf,
  jsonAnswer,
  type Route,
  type RouteDescription,
} from '@sallyport/core/adapter'
import {
  type OpenApiDocument,
  type OpenApiOptions,
  openApi,
  signInOperation,
  stepUpOperation,
} from '@sallyport/openapi'
import { Validator } from '@seriousme/openapi-schema-validator'
import { afterEach, describe, expect, test } from 'vitest'
import { configFault } from '../support/config-fault.ts'

const info = { title: 'Test', version: '1' }
const ISSUER = 'https://auth.example.com/tenant'
const sets: EndpointName[] = [
  ...(['refresh', 'token', 'introspect', 'revoke', 'logout', 'sessions', 'activity', 'live'] as const),
  ...(['backchannel-logout', 'well-known'] as const),
]
const everything: SallyportOptions = {
  ...{ issuer: ISSUER, audience: 'https://api.example.com', activity: {}, deviceBoundSessions: true },
  dpop: { mode: 'accepted', origins: ['https://auth.example.com'] },
  oauth: {
    clients: [
      { clientId: 'gateway', clientSecret: randomBytes(32).toString('base64url'), introspect: true },
      { clientId: 'other', jwks: 'https://other.example.com/jwks' },
    ],
  },
  backchannelLogout: {
    issuers: [
      {
        issuer: 'https://idp.example.com',
        audience: 'a',
        jwks: 'https://idp.example.com/jwks',
        sessions: 'same',
      },
    ],
  },
}

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

async function sallyportWith(options: SallyportOptions = {}) {
  const sallyport = await createSallyport({ secret: randomBytes(32), ...options })
  open.push(sallyport)
  const gate = gateOf(sallyport)
  return {
    sallyport,
    gate,
    write: (more: Partial<OpenApiOptions> = {}) => openApi(sallyport, { info, ...more }),
  }
}

async function faultsOf(document: OpenApiDocument): Promise<unknown> {
  const { valid, errors } = await new Validator().validate(
    structuredClone<Record<string, unknown>>({ ...document }),
  )
  return valid ? undefined : errors
}
const idsIn = ({ paths }: OpenApiDocument): string[] =>
  Object.values(paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId))

describe('the document', () => {
  test('is valid, describes every set of endpoints, and refers to nothing that is not there', async () => {
    const { gate, write } = await sallyportWith(everything)
    gate.routes(sets)
    const document = write({ servers: [{ url: 'https://auth.example.com' }] })
    expect(await faultsOf(document)).toBeUndefined()
    const text = JSON.stringify(document)
    expect(text).not.toContain('"default":{"description"')
    for (const [, section = '', name = ''] of text.matchAll(/#\/components\/(\w+)\/(\w+)/g))
      expect(document.components).toHaveProperty([section, name])
    expect(Object.keys(document.paths)).toContain('/.well-known/oauth-authorization-server/tenant')
    expect(Object.keys(document.components.securitySchemes).sort()).toEqual([
      'bearer',
      'client',
      'dpop',
      'refreshCookie',
    ])
  })

  test('is new each time, and belongs to whoever asked for it', async () => {
    const { gate, write } = await sallyportWith()
    gate.routes(['refresh'])
    const { paths, components } = write()
    delete paths['/auth/refresh']
    Object.assign(components.schemas, { Error: {} })
    expect(write().paths).toHaveProperty(['/auth/refresh'])
    expect(write().components.schemas.Error).not.toEqual({})
  })

  test('has nothing that the options rule out', async () => {
    const { gate, write } = await sallyportWith({ dpop: 'off', cookie: { name: '__Host-mine' } })
    gate.routes(['refresh', 'token', 'sessions'])
    const document = write()
    const text = JSON.stringify(document)
    for (const absent of [
      'DPoP-Nonce',
      'proof_skipped',
      'client_keys_unavailable',
      'audit_unavailable',
      'certificate_missing',
    ])
      expect(text).not.toContain(absent)
    expect(document.components.securitySchemes).toMatchObject({ refreshCookie: { name: '__Host-mine' } })
    expect(document.components.securitySchemes).not.toHaveProperty('dpop')
  })

  test('has what the options ask for', async () => {
    const sink = { name: 'nowhere', write: async () => {} }
    const { gate, write } = await sallyportWith({
      audit: { sink, required: true },
      paths: { auth: '/session' },
    })
    gate.routes(['refresh', 'well-known'])
    const { paths } = write()
    expect(Object.keys(paths)).toContain('/session/refresh')
    expect(paths['/session/refresh']?.post?.responses[503]?.content).toMatchObject({
      'application/json': { examples: { audit_unavailable: {} } },
    })
  })
})

describe('routes of the application', () => {
  const note = { id: 'note', summary: 'A note', answers: { 200: { description: 'The note.' } } }

  test('are in it with what comes with their check', async () => {
    const { gate, write } = await sallyportWith({ dpop: 'off' })
    const notes = gate.route.bearer(
      '/notes/:id',
      { GET: () => jsonAnswer(200, {}), POST: () => jsonAnswer(200, {}) },
      {
        GET: {
          ...note,
          scopes: ['notes'],
          refusals: [{ status: 404, error: 'gone', description: 'no such note' }],
        },
      },
    )
    gate.routes([notes])
    const document = write({ mounted: { '/api': [notes] } })
    expect(await faultsOf(document)).toBeUndefined()
    const path = document.paths['/api/notes/{id}']
    expect(path?.get).toMatchObject({
      operationId: 'note',
      security: [{ bearer: ['notes'] }],
      parameters: [{ name: 'id', in: 'path', required: true }],
      responses: {
        401: { headers: { 'WWW-Authenticate': {} } },
        403: { content: { 'application/json': { examples: { insufficient_scope: {} } } } },
        404: {
          content: {
            'application/json': {
              examples: { gone: { value: { error: 'gone', error_description: 'no such note' } } },
            },
          },
        },
      },
    })
    expect(path?.post?.responses).toMatchObject({ 401: {}, 413: {}, default: {} })
  })

  test('of the framework are in it as they are told', async () => {
    const { write } = await sallyportWith()
    const login: RouteDescription = {
      ...{ path: '/login', check: 'open' },
      operations: { POST: signInOperation({ id: 'login', summary: 'Sign in' }) },
    }
    const stepUp: RouteDescription = {
      ...{ path: '/step-up', check: 'bearer' },
      operations: { POST: stepUpOperation({ id: 'stepUp', summary: 'Step up' }) },
    }
    const document = write({ mounted: { '/': [login, stepUp] } })
    expect(await faultsOf(document)).toBeUndefined()
    expect(idsIn(document)).toEqual(['login', 'stepUp'])
    expect(document.paths['/login']?.post?.responses).toMatchObject({ 200: {}, 403: {}, 429: {}, 503: {} })
  })
})

describe('it is refused', () => {
  const route = (path: string): Route => ({ path, handle: () => jsonAnswer(200, {}) })
  const told = (id: string, path: string): RouteDescription => ({
    ...{ path, check: 'open' },
    operations: { GET: { id, summary: id, answers: {} } },
  })

  test('where a route is mounted that is not placed', async () => {
    const { gate, write } = await sallyportWith()
    const own = gate.route.open('/own', { GET: () => jsonAnswer(200, {}) })
    gate.routes(['refresh', own])
    expect((await configFault(() => write())).message).toBe(
      '"openapi.mounted" does not say where the route /own is mounted',
    )
    expect((await configFault(() => write({ mounted: { '/': [own] } }))).message).toBe(
      '"openapi.mounted" does not say where "refresh" is mounted',
    )
  })

  test('where a route is placed that is not mounted', async () => {
    const { gate, write } = await sallyportWith()
    const own = gate.route.open('/own', { GET: () => jsonAnswer(200, {}) })
    expect((await configFault(() => write({ mounted: { '/a': ['logout'] } }))).message).toBe(
      '"openapi.mounted./a.0": "logout" is not mounted: make its router before the document',
    )
    expect((await configFault(() => write({ mounted: { '/a': [own] } }))).option).toBe('openapi.mounted./a.0')
  })

  test('where two operations have one place, or one name', async () => {
    const { write } = await sallyportWith()
    expect(
      (await configFault(() => write({ mounted: { '/': [told('a', '/x'), told('b', '/x')] } }))).message,
    ).toBe('"openapi.mounted" has "GET /x" twice')
    expect(
      (await configFault(() => write({ mounted: { '/': [told('a', '/x'), told('a', '/y')] } }))).message,
    ).toBe('"openapi.mounted" has "a" twice')
  })

  test('where a route knows nothing of itself', async () => {
    const { gate, write } = await sallyportWith()
    const own = route('/own')
    gate.routes([own])
    expect((await configFault(() => write({ mounted: { '/': [own] } }))).message).toBe(
      '"openapi.mounted./.0" must be a route that was made by "gateOf(sallyport).route"',
    )
  })

  test.each([
    ['openapi.info', { info: undefined }],
    ['openapi.info', { info: { title: 'a' } }],
    ['openapi.servers', { servers: ['https://a'] }],
    ['openapi.mounted', { mounted: { auth: [] } }],
    ['openapi.mounted', { mounted: { '/auth': ['refresh', 1] } }],
    ['openapi.title', { title: 'a' }],
  ])('with %s', async (option, given) => {
    const { write } = await sallyportWith()
    expect((await configFault(() => write(given as Partial<OpenApiOptions>))).option).toBe(option)
  })
})
