import { createSallyport } from '@sallyport/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BETTER_AUTH_SECRET, emptyTables, ORIGIN, onTables } from './better-auth.ts'
import { type Fields, type Reply, send } from './client.ts'
import { expectReply, jsonOf } from './expectations.ts'
import { pageRunner } from './page-runner.ts'
import { bearer, json, refreshBy, type SignedIn, signedIn } from './visitor.ts'

const PAGE = 'migrate-better-auth.md'
const runner = await pageRunner('migrate-better-auth')
afterAll(() => runner.stop())

const tables = emptyTables()
/** The address in the last mail that better-auth had sent. */
let mailed = ''
Object.assign(globalThis, {
  oldTables: tables,
  sendMail: async (_name: string, text: string) => {
    mailed = text
  },
})

let before = ''
let after = ''
beforeAll(async () => {
  process.env.BETTER_AUTH_SECRET = BETTER_AUTH_SECRET
  before = await runner.run(PAGE, 0, onTables())
  after = await runner.run(PAGE, 1, onTables())
})

const me = (url: string, headers: Fields): Promise<Reply> => send(url, { path: '/api/me', headers })
const exchange = (headers: Fields, url = after): Promise<Reply> =>
  send(url, { method: 'POST', path: '/auth/exchange', headers })

/** Asks one of better-auth's own routes. */
async function ask(url: string, path: string, body: object, cookie?: Fields): Promise<Reply> {
  const { headers, ...rest } = json(body)
  const all = { ...headers, ...cookie, origin: ORIGIN }
  const reply = await send(url, { method: 'POST', path: `/api/auth${path}`, headers: all, ...rest })
  expect(reply.status, reply.text).toBe(200)
  return reply
}

/** The cookies that a browser keeps of a reply. */
function kept(reply: Reply): { readonly cookie: string } {
  const set = (reply.headers['set-cookie'] ?? []).filter((field) => !field.includes('Max-Age=0'))
  return { cookie: set.map((field) => field.split(';')[0]).join('; ') }
}

let users = 0
const password = 'correct horse battery staple'
/** Somebody new, who is signed in at better-auth. */
async function somebody(url: string) {
  const email = `user${++users}@example.com`
  const reply = await ask(url, '/sign-up/email', { email, password, name: 'Ada' })
  const { user, token } = JSON.parse(reply.text) as { user: { id: string }; token: string }
  return { email, sub: user.id, token, cookie: kept(reply), reply }
}

const again = async (email: string, given = password): Promise<Fields> =>
  kept(await ask(after, '/sign-in/email', { email, password: given }))

async function expectEnded({ token, refresh }: SignedIn): Promise<void> {
  expectReply(await me(after, bearer(token)), { status: 401, error: 'invalid_token' })
  expectReply(await send(after, refreshBy(refresh)), { status: 401, error: 'invalid_grant' })
}

describe(PAGE, () => {
  test('whoever signed in before goes on without signing in again', async () => {
    const { sub, cookie } = await somebody(before)
    expect(jsonOf(await me(before, cookie))).toEqual({ sub })

    expect((await me(after, cookie)).status).toBe(401)
    expect((await exchange({})).status).toBe(401)
    const exchanged = await exchange(cookie)
    const first = signedIn(exchanged)
    expect(jsonOf(await me(after, bearer(first.token)))).toEqual({ sub })
    const second = signedIn(await send(after, refreshBy(first.refresh)))
    const logout = { ...refreshBy(second.refresh), path: '/auth/logout' }
    expectReply(await send(after, logout), { status: 204, cookie: 'cleared' })
    expectReply(await me(after, bearer(second.token)), { status: 401, error: 'invalid_token' })

    // What was exchanged is gone: from the table, and from the browser.
    expect((await exchange(cookie)).status).toBe(401)
    expect(tables.session?.filter(({ userId }) => userId === sub)).toEqual([])
    for (const name of ['session_token', 'session_data'])
      expect(exchanged.headers['set-cookie']?.join('\n')).toMatch(
        new RegExp(`^__Secure-better-auth\\.${name}=; Max-Age=0;`, 'm'),
      )
  })

  test('whoever signs in afterwards has a session', async () => {
    const { email, sub } = await somebody(after)
    const { token } = signedIn(await exchange(await again(email)))
    expect(jsonOf(await me(after, bearer(token)))).toEqual({ sub })
  })

  test('whoever was signed out elsewhere is not let in by what the cookie remembers', async () => {
    const { email, cookie, token } = await somebody(before)
    await ask(before, '/revoke-session', { token }, await again(email))
    expect((await me(before, cookie)).status).toBe(200)
    expect((await exchange(cookie)).status).toBe(401)
  })

  test('whoever could not be signed in keeps what they have', async () => {
    const { cookie } = await somebody(before)
    const refused = await exchange({
      ...cookie,
      origin: 'https://other.example',
      'sec-fetch-site': 'cross-site',
    })
    expectReply(refused, { status: 403, error: 'cross_site_request' })
    signedIn(await exchange(cookie))
  })

  test('a new password ends every session', async () => {
    const { email, cookie } = await somebody(before)
    const changed = signedIn(await exchange(cookie))
    const newPassword = `${password}, too`
    const current = await again(email)
    const change = { currentPassword: password, newPassword, revokeOtherSessions: true }
    const successor = kept(await ask(after, '/change-password', change, current))
    await expectEnded(changed)

    const reset = signedIn(await exchange(successor))
    const elsewhere = await again(email, newPassword)
    await ask(after, '/request-password-reset', { email })
    const token = new URL(mailed).pathname.split('/').at(-1)
    await ask(after, '/reset-password', { token, newPassword: password })
    await expectEnded(reset)
    expect((await exchange(elsewhere)).status).toBe(401)
    signedIn(await exchange(await again(email)))
  })

  test('a user who is deleted has no session', async () => {
    const { email, cookie } = await somebody(before)
    const session = signedIn(await exchange(cookie))
    await ask(after, '/delete-user', { password }, await again(email))
    await expectEnded(session)
  })

  test('an app that has a token of the plugin bearer goes on', async () => {
    const [withOld, withNew] = [
      await runner.run(PAGE, 0, onTables('bearer()')),
      await runner.run(PAGE, 1, onTables('bearer()')),
    ]
    const { sub, reply } = await somebody(withOld)
    const old = bearer(`${reply.headers['set-auth-token']}`)
    expect(jsonOf(await me(withOld, old))).toEqual({ sub })

    const first = signedIn(await exchange({ ...old, 'x-token-transport': 'body' }, withNew))
    expect(jsonOf(await me(withNew, bearer(first.token)))).toEqual({ sub })
    expect((await exchange(old, withNew)).status).toBe(401)
  })
  test('a service can go on taking the tokens of the plugin jwt', async () => {
    const url = await runner.run(PAGE, 0, onTables('jwt()'))
    const { sub, cookie } = await somebody(url)
    const reply = await send(url, { path: '/api/auth/token', headers: cookie })
    const { token } = JSON.parse(reply.text) as { token: string }
    const old = { issuer: ORIGIN, audience: ORIGIN, jwks: `${url}/api/auth/jwks` }
    const service = await createSallyport({
      issuers: [{ ...old, algorithms: ['EdDSA'], untyped: true }],
    })
    expect(await service.tokens.verify(token)).toMatchObject({ kind: 'valid', auth: { subject: sub } })
    await service.close()
  })
})
