import { MemoryStore } from 'express-session'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fields, type Reply, send } from './client.ts'
import { expectReply, jsonOf } from './expectations.ts'
import { pageRunner } from './page-runner.ts'
import { bearer, json, refreshBy, signedIn } from './visitor.ts'

const runner = await pageRunner('migrations')
/** With what the reader has in Redis. */
const run = (page: string, index: 0 | 1): Promise<string> =>
  runner.run(page, index, (code) =>
    code.replaceAll('resave: false', 'resave: false, store: globalThis.oldSessions'),
  )

beforeAll(() => {
  process.env.JWT_SECRET = 'the secret of the old tokens, for as long as they live'
  process.env.COOKIE_SECRET = 'the secret of the old cookies'
})
afterAll(() => runner.stop())

const login = { method: 'POST', ...json({ username: 'ada' }) } as const
const me = (url: string, headers: Fields): Promise<Reply> => send(url, { path: '/api/me', headers })

/** What somebody has who signed in before: sent to the API, and to `/auth/exchange`. */
interface Old {
  readonly headers: Fields
  readonly shown: { readonly headers: Fields; readonly body?: string }
}

/** The table of old refresh tokens, which the reader has. */
const table = new Map<unknown, string>()
const sessions = new MemoryStore()
Object.assign(globalThis, {
  checkPassword: async (body: { username: string }) => ({ id: body.username }),
  takeOldToken: async (token: unknown) => {
    const id = table.get(token)
    table.delete(token)
    return id === undefined ? undefined : { id }
  },
  oldSessions: sessions,
})

function ofToken(reply: Reply): Old {
  const headers = bearer(`${jsonOf(reply).token}`)
  return { headers, shown: { headers } }
}

function ofCookie(reply: Reply): Old {
  const [cookie = ''] = [reply.headers['set-cookie']].flat(2)
  const headers = { cookie: `${cookie}`.split(';')[0] ?? '' }
  return { headers, shown: { headers } }
}

function ofRefreshToken(reply: Reply): Old {
  const { accessToken, refreshToken } = jsonOf(reply)
  table.set(refreshToken, 'ada')
  return { headers: bearer(`${accessToken}`), shown: json({ refreshToken }) }
}

const exchange = (url: string, { shown }: Pick<Old, 'shown'>): Promise<Reply> =>
  send(url, { method: 'POST', path: '/auth/exchange', ...shown })
const nothing = { shown: json({}) }

describe.each([
  { page: 'migrate-express-jwt.md', read: ofToken, isRepeatable: true },
  { page: 'migrate-koa-jwt.md', read: ofToken, isRepeatable: true },
  { page: 'migrate-fastify-jwt.md', read: ofToken, isRepeatable: true },
  { page: 'migrate-passport-jwt.md', read: ofToken, isRepeatable: true },
  { page: 'migrate-express-session.md', read: ofCookie, isRepeatable: false },
  { page: 'migrate-hand-written-rotation.md', read: ofRefreshToken, isRepeatable: false },
])('$page', ({ page, read, isRepeatable }) => {
  test('whoever signed in before goes on without signing in again', async () => {
    const before = await run(page, 0)
    const old = read(await send(before, { ...login, path: '/login' }))
    // The page on a rotation shows no route of the API.
    if (read !== ofRefreshToken) expect(jsonOf(await me(before, old.headers))).toEqual({ sub: 'ada' })

    const after = await run(page, 1)
    expect((await me(after, old.headers)).status).toBe(401)
    expect((await exchange(after, nothing)).status).toBe(401)
    const first = signedIn(await exchange(after, old))
    expect(jsonOf(await me(after, bearer(first.token)))).toEqual({ sub: 'ada' })
    const second = signedIn(await send(after, refreshBy(first.refresh)))
    const logout = { ...refreshBy(second.refresh), path: '/auth/logout' }
    expectReply(await send(after, logout), { status: 204, cookie: 'cleared' })
    expectReply(await me(after, bearer(second.token)), { status: 401, error: 'invalid_token' })

    expect((await exchange(after, old)).status).toBe(isRepeatable ? 200 : 401)
  })

  test('whoever signs in afterwards has a session', async () => {
    const after = await run(page, 1)
    const { token } = signedIn(await send(after, { ...login, path: '/auth/login' }))
    expect(jsonOf(await me(after, bearer(token)))).toEqual({ sub: 'ada' })
  })
})
