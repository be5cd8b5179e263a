import { once } from 'node:events'
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { certificateForLocalhost } from '../support/certificate.ts'
import { type Http2App, http2Apps } from './http2-apps.ts'

interface Reply {
  readonly status: number | undefined
  readonly cookie: string | undefined
  readonly body: Readonly<Record<string, unknown>>
}

/** As a browser asks: `:authority`, and no `Host`. */
async function ask(
  session: ClientHttp2Session,
  path: string,
  headers: OutgoingHttpHeaders = {},
  body?: string,
): Promise<Reply> {
  const stream = session.request({ ':path': path, ...headers })
  stream.end(body)
  const [answered] = await once(stream, 'response')
  let text = ''
  for await (const chunk of stream.setEncoding('utf8')) text += chunk
  return {
    status: answered[':status'],
    cookie: answered['set-cookie']?.[0]?.split(';')[0],
    body: text === '' ? {} : JSON.parse(text),
  }
}

const POST = { ':method': 'POST' }
const transports = { 'in the clear': undefined, 'over TLS': certificateForLocalhost() }
const cases = Object.entries(http2Apps).flatMap(([framework, make]) =>
  Object.entries(transports).map(([transport, tls]) => ({ framework, transport, make, tls })),
)

describe.each(cases)('$framework on HTTP/2 $transport', ({ make, tls }) => {
  let app: Http2App
  let session: ClientHttp2Session
  let origin: string
  beforeAll(async () => {
    app = await make(tls)
    await new Promise<void>((resolve) => app.server.listen(0, '127.0.0.1', resolve))
    const { port } = app.server.address() as AddressInfo
    origin = `${tls === undefined ? 'http' : 'https'}://localhost:${port}`
    session = connect(origin, tls === undefined ? {} : { ca: tls.cert })
    await once(session, 'connect')
  })
  afterAll(async () => {
    session?.close()
    await app?.close()
    app?.server.close()
  })

  const signIn = (headers: OutgoingHttpHeaders = {}): Promise<Reply> =>
    ask(session, '/sign-in', { ...POST, ...headers })

  test('a page of its own signs in, refreshes and logs out, by its Origin alone', async () => {
    const own = { ...POST, origin }
    const first = await signIn({ origin })
    expect(first).toMatchObject({ status: 200, cookie: expect.stringMatching(/^__Host-refresh=./) })
    const authorization = `Bearer ${first.body.access_token}`
    expect(await ask(session, '/me', { authorization })).toMatchObject({
      status: 200,
      body: { sub: 'usr_1' },
    })

    const second = await ask(session, '/auth/refresh', { ...own, cookie: first.cookie })
    expect(second).toMatchObject({ status: 200, cookie: expect.stringMatching(/^__Host-refresh=./) })
    expect(second.cookie).not.toBe(first.cookie)

    expect(await ask(session, '/auth/logout', { ...own, cookie: second.cookie })).toMatchObject({
      status: 204,
      cookie: '__Host-refresh=',
    })
    expect(await ask(session, '/me', { authorization })).toMatchObject({
      status: 401,
      body: { error: 'invalid_token' },
    })
    expect(app.events.map(({ event }) => event)).not.toContain('request.refused')
  })

  test('Fetch Metadata of the own origin decides as over HTTP/1.1', async () => {
    expect(await signIn({ 'sec-fetch-site': 'same-origin' })).toMatchObject({ status: 200 })
  })

  test.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['another port of the host', { origin: 'http://localhost:1' }],
    ['Fetch Metadata', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
  ])('refuses a page of another site: %s', async (_name, headers) => {
    const refused = { status: 403, body: { error: 'cross_site_request' }, cookie: undefined }
    expect(await signIn(headers)).toEqual({ ...refused, body: expect.objectContaining(refused.body) })
    const { cookie } = await signIn()
    for (const path of ['/auth/refresh', '/auth/logout'])
      expect(await ask(session, path, { ...POST, ...headers, cookie })).toMatchObject(refused)
    expect(app.events.at(-1)).toMatchObject({ event: 'request.refused', reason: 'cross_site_request' })
  })

  test('a native app exchanges its token by a form', async () => {
    const { body } = await signIn({ 'x-token-transport': 'body' })
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: String(body.refresh_token),
    }).toString()
    const headers = { ...POST, 'content-type': 'application/x-www-form-urlencoded' }
    expect(await ask(session, '/auth/token', headers, form)).toMatchObject({
      status: 200,
      body: { refresh_token: expect.any(String) },
    })
  })

  test('a session is listed and ended by its id', async () => {
    const { body } = await signIn()
    const authorization = `Bearer ${body.access_token}`
    const listed = await ask(session, '/auth/sessions', { authorization })
    const { sessions } = listed.body as { sessions: { id: string; current: boolean }[] }
    const id = sessions.find(({ current }) => current)?.id
    expect(await ask(session, `/auth/sessions/${id}`, { ':method': 'DELETE', authorization })).toMatchObject({
      status: 204,
    })
    expect(await ask(session, '/me', { authorization })).toMatchObject({ status: 401 })
  })

  test.each([
    ['no token', {}, 401, 'unauthorized'],
    ['a malformed token', { authorization: 'Bearer x' }, 401, 'invalid_token'],
  ])('refuses %s', async (_name, headers, status, error) => {
    expect(await ask(session, '/me', headers)).toMatchObject({ status, body: { error } })
  })
})
