import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fields, type Send, send } from '../conformance/client.ts'
import {
  basic,
  bearer,
  exchangeBy,
  form,
  json,
  login,
  PASSWORD,
  refreshBy,
  type SignedIn,
  signedIn,
} from '../conformance/visitor.ts'
import { claimsOf, ISSUER, jwks, opaque, push, sign } from '../signals/transmitter.ts'
import { Described } from '../support/described.ts'
import { readEvents } from '../support/event-reader.ts'
import { type HostName, type Hosts, startHosts } from '../support/hosts.ts'

const names = ['express on memory', 'koa on memory', 'fastify on memory'] as const satisfies HostName[]
const GATEWAY = basic('gateway', 'gateway-secret')
const LOGOUT = 'http://schemas.openid.net/event/backchannel-logout'

let hosts: Hosts
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-driven-'))
  const keys = join(folder, 'keys.json')
  await writeFile(keys, JSON.stringify(jwks))
  const others = { SIGNAL_ISSUER: ISSUER, SIGNAL_JWKS: keys, LOGOUT_ISSUER: ISSUER, LOGOUT_JWKS: keys }
  hosts = await startHosts(others, names)
})
afterAll(async () => {
  await hosts?.close()
  await rm(folder, { recursive: true, force: true })
})

const logoutToken = (sub: string) =>
  sign(
    { ...claimsOf('', undefined), exp: Math.floor(Date.now() / 1000) + 60, sub, events: { [LOGOUT]: {} } },
    { typ: 'logout+jwt' },
  )
const put = (path: string, as: Fields): Send => {
  const { headers, body } = json({ name: 'x' })
  return { method: 'PUT', path, headers: { ...headers, ...as }, body }
}
const post = (path: string, content: object, as: Fields = {}): Send => {
  const { headers, body } = json(content)
  return { method: 'POST', path, headers: { ...headers, ...as }, body }
}
const postForm = (path: string, fields: Readonly<Record<string, string>>, as: Fields = {}): Send => {
  const { headers, body } = form(fields)
  return { method: 'POST', path, headers: { ...headers, ...as }, body }
}

describe.each(names)('every operation of %s', (name) => {
  let described: Described
  let url: string
  beforeAll(async () => {
    url = hosts.named(name).url
    described = new Described(JSON.parse((await send(url, { path: '/openapi.json' })).text))
  })

  async function drive(request: Send) {
    const reply = await send(url, request)
    expect(described.faultOf(request.method ?? 'GET', request.path, reply)).toBeUndefined()
    return reply
  }
  const signIn = async (user: string, headers: Fields = {}): Promise<SignedIn> =>
    signedIn(await drive(login(user, PASSWORD, headers)))

  test('does what the document says', async () => {
    const admin = await signIn('admin')
    const as = bearer(admin.token)
    const native = await signIn('alice', { 'x-token-transport': 'body' })
    await drive(exchangeBy(native.refresh))
    const other = await signIn('admin')
    await drive({ method: 'DELETE', path: `/auth/sessions/${other.sid}`, headers: as })
    for (const path of ['/auth/sessions', '/auth/activity', '/api/me', '/api/admin'])
      await drive({ path, headers: as })
    await drive(put('/api/profile', as))
    const stepped = await drive(post('/auth/step-up', { password: PASSWORD }, as))
    const fresh = bearer(JSON.parse(stepped.text).access_token)
    await drive(post('/api/transfer', { to: 'bob', amount: 1 }, fresh))
    await drive(postForm('/auth/introspect', { token: admin.token }, GATEWAY))
    const accept = 'application/token-introspection+jwt'
    await drive(postForm('/auth/introspect', { token: admin.token }, { ...GATEWAY, accept }))
    await drive(postForm('/auth/introspect', { token: 'nothing' }, GATEWAY))

    const api = '/operator/api'
    for (const path of ['overview', 'sessions', `users/${native.sub}/sessions`])
      await drive({ path: `${api}/${path}`, headers: as })
    const bob = await signIn('bob')
    await drive({ method: 'DELETE', path: `${api}/sessions/${bob.sid}`, headers: as })
    await drive({ method: 'POST', path: `${api}/users/${bob.sub}/revoke`, headers: as })
    const overview = JSON.parse((await send(url, { path: `${api}/overview`, headers: as })).text)
    await drive({ method: 'POST', path: `${api}/keys/rotate`, headers: as })
    for (const path of [`${url}/auth/live`, `${url}${api}/events`]) {
      const { status, headers, text, hangUp } = await readEvents(path, admin.token)
      const { pathname } = new URL(path)
      expect(
        described.faultOf('GET', pathname, { status: status ?? 0, headers, text: text() }),
      ).toBeUndefined()
      hangUp()
    }

    const victim = await signIn('user1')
    await drive(
      push(
        await sign(
          claimsOf('https://schemas.openid.net/secevent/caep/event-type/session-revoked', opaque(victim.sid)),
        ),
      ),
    )
    await drive(postForm('/auth/backchannel-logout', { logout_token: await logoutToken(victim.sub) }))

    await drive(post('/auth/password', { current: PASSWORD, next: 'another password' }, as))
    await drive(postForm('/auth/revoke', { token: native.token }, GATEWAY))
    const leaving = await signIn('user2')
    const { refresh } = signedIn(await drive(refreshBy(leaving.refresh)))
    await drive({ method: 'POST', path: '/auth/logout', headers: { cookie: `__Host-refresh=${refresh}` } })
    const all = await signIn('user2')
    await drive({ method: 'POST', path: '/auth/logout-all', headers: bearer(all.token) })
    await drive({ method: 'POST', path: `${api}/keys/${overview.keys[0].kid}/compromise`, headers: as })

    for (const [path, { get }] of Object.entries(described.document.paths)) {
      if (get?.responses[200]?.content === undefined || get.responses[401] !== undefined) continue
      const { headers } = await drive({ path })
      const [etag] = headers.etag ?? []
      if (etag !== undefined) await drive({ path, headers: { 'if-none-match': etag } })
    }
    expect(missing('2')).toEqual([])
  })

  test('refuses as the document says', async () => {
    for (const [path, operations] of Object.entries(described.document.paths))
      for (const [method, { responses }] of Object.entries(operations)) {
        const at = path.replaceAll(/\{\w+\}/g, 'nobody')
        const request = { method: method.toUpperCase(), path: at }
        if (responses[403] !== undefined)
          await drive({ ...request, headers: { 'sec-fetch-site': 'cross-site' } })
        if (responses[401] !== undefined) await drive(request)
        if (responses[415] !== undefined)
          await drive({ ...request, headers: { 'content-type': 'text/plain' }, body: 'x' })
        if (responses[413] !== undefined)
          await drive({ ...request, headers: { 'content-type': 'text/plain' }, body: 'x'.repeat(17_000) })
      }
    const user = bearer((await signIn('user3')).token)
    for (const [path, operations] of Object.entries(described.document.paths))
      for (const [method, { responses }] of Object.entries(operations))
        if (JSON.stringify(responses[403] ?? {}).includes('insufficient_scope'))
          await drive({
            method: method.toUpperCase(),
            path: path.replaceAll(/\{\w+\}/g, 'nobody'),
            headers: user,
          })
    await drive(login('user3', 'wrong'))
    await drive(post('/auth/login', {}))
    await drive(post('/auth/step-up', { password: 'wrong' }, user))
    await drive(post('/auth/password', { current: 'wrong', next: 'another password' }, user))
    await drive(post('/api/transfer', { to: 'bob', amount: 1 }, user))
    await drive({ method: 'DELETE', path: '/auth/sessions/nobody', headers: user })
    await drive(exchangeBy('nothing'))
    await drive(push('nothing'))
    await drive(postForm('/auth/backchannel-logout', { logout_token: 'nothing' }))
    expect(missing('4')).toEqual([])
    const met = [...described.met]
    for (const one of [
      'endSession 404',
      'login 401',
      'admin 403',
      'token 400',
      'takeSignal 400',
      'refresh 401',
    ])
      expect(met).toContain(one)
  })

  test('is described in full', () => {
    const undescribed = [...described.operations().values()].filter(({ responses }) => 'default' in responses)
    expect(undescribed).toEqual([])
  })

  /** The operations that have such answers, and gave none. */
  function missing(kind: '2' | '4'): string[] {
    const ids = [...described.met].filter((one) => one.includes(` ${kind}`)).map((one) => one.split(' ')[0])
    return [...described.operations()]
      .filter(
        ([id, { responses }]) =>
          Object.keys(responses).some((one) => one.startsWith(kind)) && !ids.includes(id),
      )
      .map(([id]) => id)
  }
})
