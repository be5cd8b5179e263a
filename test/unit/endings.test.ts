import { createSallyport, memoryStore, type SallyportEvent, type SallyportOptions } from '@sallyport/core'
import { type Auth, gateOf } from '@sallyport/core/adapter'
import { afterEach, describe, expect, test } from 'vitest'
import { textIn } from '../support/text-in.ts'
import { viewOf } from './view.ts'

const CHROME = {
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36',
}
const CALLER = { ip: '192.0.2.7', user_agent: CHROME['user-agent'] }
const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const sallyport of open.splice(0)) await sallyport.close()
})

/** A site with what it tells of sessions that end. */
async function site(options: SallyportOptions = {}) {
  const sallyport = await createSallyport({
    store: memoryStore(),
    secret: `${'a'.repeat(16)}0123456789abcdef`,
    ...options,
  })
  open.push(sallyport)
  const gate = gateOf(sallyport)
  const endings: SallyportEvent[] = []
  sallyport.on('event', (event) => {
    if (event.event === 'session.ended') endings.push(event)
  })
  const send = async (
    set: 'refresh' | 'logout' | 'sessions',
    path: string,
    more: Parameters<typeof viewOf>[0],
  ) => {
    const route = gate.routes([set]).find((one) => one.path === path)
    return route?.handle(viewOf({ ...more, ip: CALLER.ip, headers: { ...CHROME, ...more.headers } }))
  }
  async function signIn(subject = 'u1') {
    const answer = await gate.signIn(viewOf({ ip: CALLER.ip, headers: CHROME }), { subject })
    const cookie = answer.cookies[0]?.split(';')[0] ?? ''
    const { access_token: token } = JSON.parse(textIn(answer.body)) as { access_token: string }
    const verdict = await sallyport.tokens.verify(token)
    if (verdict.kind !== 'valid') throw new Error('a good token')
    const { auth } = verdict
    return { cookie, auth, sid: auth.session ?? '', headers: { authorization: `Bearer ${token}` } }
  }
  return { sallyport, gate, endings, send, signIn }
}

const ending = (
  reason: string,
  { sid, auth }: { readonly sid: string; readonly auth: Auth },
  caller = {},
) => ({
  time: expect.any(String),
  event: 'session.ended',
  outcome: 'success',
  reason,
  sub: auth.subject,
  sid,
  request_id: expect.stringMatching(/^[\w-]{16}$/),
  ...caller,
})

describe('each way in which a session ends tells whose it was, which, why, and at whose request:', () => {
  test('logout by the cookie alone, and by the access token alone', async () => {
    const { endings, send, signIn } = await site()
    const [first, second] = [await signIn(), await signIn()]
    await send('logout', '/logout', { headers: { cookie: first.cookie } })
    await send('logout', '/logout', { headers: second.headers })
    expect(endings).toEqual([ending('logout', first, CALLER), ending('logout', second, CALLER)])
  })

  test('logout everywhere', async () => {
    const { endings, send, signIn } = await site()
    const both = [await signIn(), await signIn()]
    await send('logout', '/logout-all', { headers: both[1]?.headers ?? {} })
    expect(endings).toHaveLength(2)
    for (const one of both) expect(endings).toContainEqual(ending('logout_all', one, CALLER))
  })

  test('the list of sessions', async () => {
    const { endings, send, signIn } = await site()
    const [mine, other] = [await signIn(), await signIn()]
    await send('sessions', '/sessions/:id', {
      method: 'DELETE',
      headers: mine.headers,
      params: { id: other.sid },
    })
    expect(endings).toEqual([ending('revoked_by_user', other, CALLER)])
  })

  test('the limit of sessions: the newcomer is the caller', async () => {
    const { endings, signIn } = await site({ limits: { sessions: 1 } })
    const first = await signIn()
    await signIn()
    expect(endings).toEqual([ending('session_limit', first, CALLER)])
  })

  test('a stolen refresh token, and one from another device', async () => {
    const { endings, send, signIn } = await site({ refresh: { graceSeconds: 0 } })
    const [stolen, moved] = [await signIn(), await signIn()]
    await send('refresh', '/refresh', { headers: { cookie: stolen.cookie } })
    await send('refresh', '/refresh', { headers: { cookie: stolen.cookie } })
    await send('refresh', '/refresh', { headers: { cookie: moved.cookie, 'user-agent': 'curl/8.0' } })
    expect(endings).toEqual([
      ending('refresh.reused', stolen, { client_id: 'web', ...CALLER }),
      ending('refresh.mismatched', moved, { client_id: 'web', ip: CALLER.ip, user_agent: 'curl/8.0' }),
    ])
  })

  test('the calls of the application, with its own reason', async () => {
    const { sallyport, gate, endings, signIn } = await site()
    const [one, two, three, kept] = [await signIn(), await signIn(), await signIn(), await signIn()]
    expect(await sallyport.sessions.revoke(one.sid)).toEqual({ ended: [one.sid] })
    const view = viewOf({ ip: CALLER.ip, headers: CHROME })
    const others = await gate.sessions.revokeOthers(view, kept.auth, { reason: 'password_changed' })
    expect([...others.ended].sort()).toEqual([two.sid, three.sid].sort())
    expect(others.cookies).toEqual([expect.stringMatching(/^__Host-refresh=spr_/)])
    expect(await sallyport.sessions.revokeAll('u1', { reason: 'account_closed' })).toEqual({
      ended: [kept.sid],
    })
    expect(endings).toHaveLength(4)
    expect(endings).toContainEqual(ending('revoked_by_application', one))
    for (const other of [two, three])
      expect(endings).toContainEqual(ending('password_changed', other, CALLER))
    expect(endings).toContainEqual(ending('account_closed', kept))
  })
})

describe('what ended nothing tells nothing:', () => {
  test('names that are no session, sessions that are over, users without one', async () => {
    const { sallyport, endings, signIn } = await site()
    const { sid } = await signIn()
    await sallyport.sessions.revoke(sid)
    endings.length = 0
    for (const name of ['nonsense', sid, `${sid.slice(0, -1)}A`])
      expect(await sallyport.sessions.revoke(name)).toEqual({ ended: [] })
    expect(await sallyport.sessions.revokeAll('nobody')).toEqual({ ended: [] })
    expect(endings).toEqual([])
  })

  test("a logout that is repeated, or without credentials, or of somebody else's session", async () => {
    const { endings, send, signIn } = await site()
    const [mine, theirs] = [await signIn(), await signIn('u2')]
    await send('logout', '/logout', { headers: { cookie: mine.cookie } })
    endings.length = 0
    await send('logout', '/logout', { headers: { cookie: mine.cookie } })
    await send('logout', '/logout', {})
    await send('sessions', '/sessions/:id', {
      method: 'DELETE',
      headers: theirs.headers,
      params: { id: mine.sid },
    })
    expect(endings).toEqual([])
  })
})

test('a caller of another issuer ends nothing here', async () => {
  const { sallyport, gate, endings, signIn } = await site()
  const { auth } = await signIn()
  const stranger: Auth = { ...auth, own: false, issuer: 'https://elsewhere.example' }
  const theirs = /a subject of https:\/\/elsewhere\.example/
  await expect(gate.sessions.revokeOthers(viewOf({}), stranger)).rejects.toThrow(theirs)
  await expect(sallyport.sessions.revokeAll(stranger)).rejects.toThrow(theirs)
  await expect(sallyport.sessions.list(stranger)).rejects.toThrow(theirs)
  expect(endings).toEqual([])
})
