import { once } from 'node:events'
import { connect } from 'node:net'
import type { CspReport, ReportOptions } from '@sallyport/headers'
import { securityHeaders as onFastify } from '@sallyport/headers/fastify'
import fastify from 'fastify'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { configFault } from '../support/config-fault.ts'
import { type FrameworkName, frameworkNames, type Running, startServer } from './servers.ts'

const running: Running[] = []
afterEach(async () => {
  vi.useRealTimers()
  for (const server of running.splice(0)) await server.close()
})

const LEGACY = 'application/csp-report'
const MODERN = 'application/reports+json'

async function start(name: FrameworkName, options: Partial<ReportOptions> = {}) {
  const told: CspReport[] = []
  const reports = { path: '/csp-reports', onReport: (report: CspReport) => told.push(report), ...options }
  const server = await startServer(name, { reports })
  running.push(server)
  const post = async (body: object | string, type: string, headers = {}): Promise<number> => {
    const answer = await fetch(`${server.url}/csp-reports?x=1`, {
      method: 'POST',
      headers: { 'Content-Type': type, ...headers },
      body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    })
    expect(await answer.text()).toBe('')
    return answer.status
  }
  return { url: server.url, told, post }
}

const legacy = (members: object = {}) => ({
  'csp-report': {
    'document-uri': 'https://user:password@app.example.com/orders/1?token=secret#part',
    referrer: 'https://elsewhere.example.com/?q=secret',
    'violated-directive': "script-src-elem 'nonce-secret'",
    'original-policy': "script-src 'nonce-secret'",
    disposition: 'enforce',
    'blocked-uri': 'https://evil.example.com/x.js?secret',
    'source-file': 'https://app.example.com/app.js?v=secret',
    'line-number': 12,
    'column-number': 3,
    'status-code': 200,
    'script-sample': 'alert(1)\u001b[31m\u202e\nadmin',
    extra: 'secret',
    ...members,
  },
})
const modern = (body: object = {}, rest: object = {}) => ({
  type: 'csp-violation',
  age: 10,
  url: 'https://app.example.com/?secret',
  user_agent: 'secret',
  body: {
    documentURL: 'https://app.example.com/',
    effectiveDirective: 'require-trusted-types-for',
    blockedURL: 'trusted-types-sink',
    disposition: 'report',
    originalPolicy: 'secret',
    sample: 'Element innerHTML|<img>',
    ...body,
  },
  ...rest,
})
type Refused = [what: string, body: object | string, type: string, status: number, headers?: object]
const minimal = { 'document-uri': 'https://app.example.com/', 'effective-directive': 'script-src' }

describe.each(frameworkNames)('%s', (name) => {
  test('tells a report of report-uri, cut to what is known and harmless', async () => {
    const { told, post } = await start(name)
    expect(await post(legacy(), `${LEGACY}; charset=utf-8`)).toBe(204)
    expect(told).toEqual([
      {
        documentUrl: 'https://app.example.com/orders/1',
        directive: 'script-src-elem',
        blocked: 'https://evil.example.com/x.js',
        disposition: 'enforce',
        source: { url: 'https://app.example.com/app.js', line: 12, column: 3 },
        sample: 'alert(1)?[31m??admin',
        status: 200,
        dropped: 0,
      },
    ])
    expect(JSON.stringify(told)).not.toMatch(/secret|password/)
  })

  test('tells the violations of a batch of the Reporting API, and leaves other reports out', async () => {
    const { told, post } = await start(name)
    const batch = [
      modern(),
      modern({}, { type: 'deprecation' }),
      null,
      7,
      modern({ documentURL: 5 }),
      modern(),
    ]
    expect(await post(batch, MODERN)).toBe(204)
    expect(told).toHaveLength(2)
    expect(told[0]).toEqual({
      documentUrl: 'https://app.example.com/',
      directive: 'require-trusted-types-for',
      blocked: 'trusted-types-sink',
      disposition: 'report',
      source: undefined,
      sample: 'Element innerHTML|<img>',
      status: undefined,
      dropped: 0,
    })
    expect(JSON.stringify(told)).not.toContain('secret')
  })

  test.each([
    ['inline', 'inline'],
    ['eval', 'eval'],
    ['data:text/javascript,secret()', 'data'],
    ['blob:https://app.example.com/secret', 'blob'],
    ['wss://a.example.com/socket?secret', 'wss://a.example.com/socket'],
    ['not a URL', ''],
    [{}, ''],
    [`https://a.example.com/${'x'.repeat(2000)}`, `https://a.example.com/${'x'.repeat(490)}`],
  ])('of what was blocked, tells %j as %j', async (given, blocked) => {
    const { told, post } = await start(name)
    expect(await post(legacy({ 'blocked-uri': given }), LEGACY)).toBe(204)
    expect(told[0]?.blocked).toBe(blocked)
  })

  test.each<Refused>([
    ['another type', '{}', 'application/json', 415],
    ['a compressed body', legacy(), LEGACY, 415, { 'Content-Encoding': 'gzip' }],
    ['no JSON', '{', LEGACY, 400],
    ['no UTF-8', Buffer.from(JSON.stringify(legacy({ sample: 'é' })), 'latin1'), LEGACY, 400],
    ['an empty body', '', LEGACY, 400],
    ['no report', { 'csp-report': null }, LEGACY, 400],
    ['a report without a page', { 'csp-report': { ...minimal, 'document-uri': '' } }, LEGACY, 400],
    [
      'a report without a directive',
      { 'csp-report': { ...minimal, 'effective-directive': 'x\ny' } },
      LEGACY,
      400,
    ],
    ['no batch', modern(), MODERN, 400],
    ['21 reports', Array(21).fill(modern()), MODERN, 413],
    ['more than 16 KiB', legacy({ extra: 'x'.repeat(16_384) }), LEGACY, 413],
  ])('refuses %s', async (_, body, type, status, headers = {}) => {
    const { told, post } = await start(name)
    expect(await post(body, type, headers)).toBe(status)
    expect(told).toEqual([])
  })

  test('takes twenty reports at once', async () => {
    const { told, post } = await start(name)
    expect(await post(Array(20).fill(modern({ originalPolicy: '' })), MODERN)).toBe(204)
    expect(told).toHaveLength(20)
  })

  test('refuses a body that grows beyond 16 KiB without saying so', async () => {
    const { url, told } = await start(name)
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.write(
      `POST /csp-reports HTTP/1.1\r\nHost: x\r\nContent-Type: ${LEGACY}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    )
    const chunk = `1000\r\n${'x'.repeat(4096)}\r\n`
    for (let count = 0; count < 5; count++) socket.write(chunk)
    const [first] = await once(socket, 'data')
    expect(String(first)).toMatch(/^HTTP\/1\.1 413 /)
    expect(String(first)).toMatch(/^connection: close\r$/im)
    socket.destroy()
    expect(told).toEqual([])
  })

  test('leaves other paths and methods to the application', async () => {
    const { url, told } = await start(name)
    const [got, other] = await Promise.all([
      fetch(`${url}/csp-reports`),
      fetch(`${url}/csp-reports/x`, { method: 'POST' }),
    ])
    expect([got.status, other.status]).toEqual([404, 404])
    expect(told).toEqual([])
  })

  test('tells so many in a minute, and then how many were dropped', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { told, post } = await start(name, { perMinute: 2 })
    for (let count = 0; count < 5; count++) expect(await post(legacy(), LEGACY)).toBe(204)
    expect(told).toHaveLength(2)
    vi.advanceTimersByTime(59_000)
    expect(await post(legacy(), LEGACY)).toBe(204)
    expect(told).toHaveLength(2)
    vi.advanceTimersByTime(1_000)
    for (let count = 0; count < 2; count++) expect(await post(legacy(), LEGACY)).toBe(204)
    expect(told.map(({ dropped }) => dropped)).toEqual([0, 0, 4, 0])
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('no disk')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no disk'))],
  ])('warns the process of an onReport that %s, and not the browser', async (_, onReport) => {
    const warned = once(process, 'warning')
    const { post } = await start(name, { onReport })
    expect(await post(legacy(), LEGACY)).toBe(204)
    expect(await warned).toEqual([
      expect.objectContaining({ code: 'SALLYPORT_ON_REPORT', message: 'onReport failed: no disk' }),
    ])
  })
})

describe('fastify with a prefix', () => {
  const reports = (path: string) => ({ reports: { path, onReport: () => undefined } })
  const send = {
    method: 'POST',
    headers: { 'content-type': LEGACY },
    payload: JSON.stringify(legacy()),
  } as const

  test('answers at the whole path', async () => {
    const app = fastify()
    app.register(async (scope) => void scope.register(onFastify(reports('/app/csp-reports'))), {
      prefix: '/app',
    })
    expect((await app.inject({ ...send, url: '/app/csp-reports' })).statusCode).toBe(204)
    await app.close()
  })

  test('refuses a path that it could not answer at', async () => {
    const app = fastify()
    app.register(async (scope) => void scope.register(onFastify(reports('/csp-reports'))), { prefix: '/app' })
    const fault = await configFault(() => app.ready())
    expect(fault.option).toBe('securityHeaders.reports.path')
    expect(fault.message).toContain('must begin with "/app/"')
  })
})
