import type { SecurityHeadersOptions } from '@sallyport/headers'
import { securityHeaders } from '@sallyport/headers/express'
import express from 'express'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FrameworkName, frameworkNames, type Running, startServer } from './servers.ts'

const tls = { 'X-Forwarded-Proto': 'https' }

/** Starts a server with these options for one request. */
async function fieldsOf(name: FrameworkName, options: SecurityHeadersOptions, headers = {}) {
  const server = await startServer(name, options)
  const answer = await fetch(`${server.url}/plain`, { headers })
  await server.close()
  return Object.fromEntries(answer.headers)
}

/** The policy by directive, with a fixed nonce. */
function directives(policy: string | null | undefined): Readonly<Record<string, string>> {
  const parts = (policy ?? '').replace(/'nonce-[^']+'/g, "'nonce-N'").split(';')
  return Object.fromEntries(parts.map((part) => [part.split(' ', 1)[0], part.split(' ').slice(1).join(' ')]))
}

describe.each(frameworkNames)('%s', (name) => {
  let server: Running
  beforeAll(async () => {
    server = await startServer(name)
  })
  afterAll(() => server?.close())
  const get = (path: string, headers = {}) => fetch(server.url + path, { headers })

  test('sets all fields by default', async () => {
    const { headers } = await get('/plain', tls)
    expect(Object.fromEntries(headers)).toMatchObject({
      'strict-transport-security': 'max-age=63072000; includeSubDomains',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'origin-agent-cluster': '?1',
      'referrer-policy': 'strict-origin-when-cross-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    })
    expect(directives(headers.get('content-security-policy'))).toEqual({
      'default-src': "'none'",
      'script-src': "'nonce-N' 'strict-dynamic'",
      'style-src': "'self' 'nonce-N'",
      'connect-src': "'self'",
      'img-src': "'self' data:",
      'font-src': "'self'",
      'media-src': "'self'",
      'worker-src': "'self'",
      'frame-src': "'none'",
      'manifest-src': "'self'",
      'object-src': "'none'",
      'base-uri': "'none'",
      'form-action': "'self'",
      'frame-ancestors': "'none'",
      'require-trusted-types-for': "'script'",
      'trusted-types': "'none'",
      'upgrade-insecure-requests': '',
    })
    expect(headers.get('permissions-policy')).toMatch(/^accelerometer=\(\), .*camera=\(\), .*usb=\(\), /)
    for (const absent of [
      'x-powered-by',
      'cross-origin-embedder-policy',
      'reporting-endpoints',
      'cache-control',
    ])
      expect(headers.get(absent), absent).toBeNull()
  })

  test('says nothing of TLS where there is none', async () => {
    const { headers } = await get('/plain')
    expect(headers.get('strict-transport-security')).toBeNull()
    expect(headers.get('content-security-policy')).not.toContain('upgrade-insecure-requests')
  })

  test('gives each page the nonce of its own policy, and never the same again', async () => {
    const nonces = new Set<string>()
    for (let count = 0; count < 20; count++) {
      const answer = await get('/nonce')
      const nonce = await answer.text()
      expect(nonce).toMatch(/^[A-Za-z0-9+/]{24}$/)
      expect(answer.headers.get('content-security-policy')).toContain(`script-src 'nonce-${nonce}'`)
      nonces.add(nonce)
    }
    expect(nonces.size).toBe(20)
  })

  test.each([
    ['/broken', 500],
    ['/nowhere', 404],
    ['/stream', 200],
    ['/raw-stream', 200],
  ])('protects %s, too', async (path, status) => {
    const answer = await get(path, tls)
    await answer.text()
    expect(answer.status).toBe(status)
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(answer.headers.get('strict-transport-security')).not.toBeNull()
    expect(answer.headers.get('x-powered-by')).toBeNull()
  })

  test('leaves what a handler has set', async () => {
    const { headers } = await get('/own-policy')
    expect(headers.get('content-security-policy')).toBe("default-src 'self'")
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
  })

  describe.each([
    ['a token', { Authorization: 'Bearer x' }],
    ['the cookie of a session', { Cookie: 'theme=dark; __Host-refresh=x' }],
  ])('to a request with %s', (_, credentials) => {
    test.each([
      ['/plain', 'no-store'],
      ['/stream', 'no-store'],
      ['/raw-stream', 'no-store'],
      ['/broken', 'no-store'],
      ['/own-cache', 'private, max-age=60'],
      ['/late', 'public, max-age=60'],
      ['/raw', 'public, max-age=5'],
    ])('%s answers Cache-Control: %s', async (path, value) => {
      const answer = await get(path, credentials)
      await answer.text()
      expect(answer.headers.get('cache-control')).toBe(value)
    })
  })

  test.each(['theme=dark', 'x__Host-refresh=1', 'a=__Host-refresh', '__Host-refresher=1', ''])(
    'leaves caching alone with the cookie "%s"',
    async (cookie) => {
      const { headers } = await get('/plain', { Cookie: cookie })
      expect(headers.get('cache-control')).toBeNull()
    },
  )

  test('takes the cookies of other sessions', async () => {
    const options = { sessionCookies: ['connect.sid'] }
    expect(await fieldsOf(name, options, { Cookie: 'connect.sid=1' })).toHaveProperty(
      'cache-control',
      'no-store',
    )
    expect(await fieldsOf(name, options, { Cookie: 'refresh=1' })).not.toHaveProperty('cache-control')
  })

  test('takes every option', async () => {
    const fields = await fieldsOf(
      name,
      {
        csp: {
          script: ["'wasm-unsafe-eval'"],
          style: ["'unsafe-inline'"],
          connect: ["'self'", 'https://api.example.com'],
          image: [],
          frame: ['https://video.example.com'],
          frameAncestors: ["'self'"],
          formAction: ["'self'", 'https://login.example.com'],
          trustedTypes: ['app', 'default'],
        },
        hsts: { days: 365, includeSubDomains: false, preload: true },
        permissions: { camera: ['self'], payment: ['self', 'https://pay.example.com'] },
        openerPolicy: 'same-origin-allow-popups',
        resourcePolicy: 'same-site',
        embedderPolicy: 'require-corp',
        referrerPolicy: 'same-origin',
        reports: { path: '/csp-reports', onReport: () => undefined },
      },
      tls,
    )
    expect(directives(fields['content-security-policy'])).toMatchObject({
      'script-src': "'nonce-N' 'strict-dynamic' 'wasm-unsafe-eval'",
      'style-src': "'unsafe-inline'",
      'connect-src': "'self' https://api.example.com",
      'img-src': "'none'",
      'frame-src': 'https://video.example.com',
      'frame-ancestors': "'self'",
      'form-action': "'self' https://login.example.com",
      'trusted-types': 'app default',
      'report-uri': '/csp-reports',
      'report-to': 'csp',
    })
    expect(fields).toMatchObject({
      'strict-transport-security': 'max-age=31536000; preload',
      'permissions-policy': expect.stringMatching(
        /bluetooth=\(\), camera=\(self\), .*payment=\(self "https:\/\/pay\.example\.com"\)/,
      ),
      'cross-origin-opener-policy': 'same-origin-allow-popups',
      'cross-origin-resource-policy': 'same-site',
      'cross-origin-embedder-policy': 'require-corp',
      'referrer-policy': 'same-origin',
      'reporting-endpoints': 'csp="/csp-reports"',
      'x-frame-options': 'SAMEORIGIN',
    })
  })

  test('only reports, or leaves fields out', async () => {
    const reporting = await fieldsOf(name, { csp: { reportOnly: true, trustedTypes: false } }, tls)
    expect(reporting).not.toHaveProperty('content-security-policy')
    const policy = directives(reporting['content-security-policy-report-only'])
    expect(policy).toMatchObject({ 'script-src': "'nonce-N' 'strict-dynamic'" })
    expect(policy).not.toHaveProperty('trusted-types')
    expect(policy).not.toHaveProperty('require-trusted-types-for')
    expect(policy).not.toHaveProperty('upgrade-insecure-requests')

    const without = await fieldsOf(name, { csp: false, hsts: false }, tls)
    expect(without).not.toHaveProperty('content-security-policy')
    expect(without).not.toHaveProperty('strict-transport-security')
    expect(without).toHaveProperty('x-content-type-options', 'nosniff')
  })

  test('names an endpoint of the Reporting API over TLS only', async () => {
    const reports = { path: '/csp-reports', onReport: () => undefined }
    const fields = await fieldsOf(name, { reports })
    expect(directives(fields['content-security-policy'])).toHaveProperty('report-uri', '/csp-reports')
    expect(directives(fields['content-security-policy'])).not.toHaveProperty('report-to')
    expect(fields).not.toHaveProperty('reporting-endpoints')
  })
})

test('files of express.static may be cached, by callers who have signed in, too', async () => {
  const app = express()
  app.use(securityHeaders())
  app.use(express.static(import.meta.dirname))
  const answer = await request(app).get('/servers.ts').set('Cookie', 'refresh=x')
  expect(answer.headers).toMatchObject({
    'cache-control': 'public, max-age=0',
    'x-content-type-options': 'nosniff',
  })
})
