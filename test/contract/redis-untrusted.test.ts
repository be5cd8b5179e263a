import { createSallyport, type Sallyport, type SallyportOptions } from '@sallyport/core'
import { type Answer, gateOf } from '@sallyport/core/adapter'
import { redisStore } from '@sallyport/redis'
import type { Redis } from 'ioredis'
import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { settle } from '../support/settle.ts'
import { textIn } from '../support/text-in.ts'
import { viewOf } from '../unit/view.ts'

const SECRET = 'a secret of the test, with its 32 bytes'
const NEXT_SECRET = 'the secret after it, with its 32 bytes'

let redis: RedisServer
let admin: Redis
const running: Sallyport[] = []
const notices: string[] = []

beforeAll(async () => {
  redis = await startRedis()
  admin = redisClient(redis)
})
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
})
beforeEach(async () => {
  await admin.flushall()
  await settle(redis)
  notices.length = 0
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void notices.push(String(warning)))
})
afterEach(async () => {
  for (const sallyport of running.splice(0)) await sallyport.close()
  vi.restoreAllMocks()
})

async function start(options: SallyportOptions = {}): Promise<Sallyport> {
  const sallyport = await createSallyport({
    secret: SECRET,
    store: redisStore({ url: redis.url }),
    limits: { refreshes: { count: 0 }, converged: 0 },
    ...options,
  })
  running.push(sallyport)
  return sallyport
}

interface Given {
  readonly status: number
  readonly token: string
  readonly cookie: string
}

function givenBy({ status, body = '{}', cookies }: Answer): Given {
  const { access_token: token = '' } = JSON.parse(textIn(body)) as { access_token?: string }
  return { status, token, cookie: cookies[0]?.split(';')[0] ?? '' }
}

const signIn = async (sallyport: Sallyport, scope = ['read', 'write']): Promise<Given> =>
  givenBy(await gateOf(sallyport).signIn(viewOf({}), { subject: 'user-1', scope }))

async function refresh(sallyport: Sallyport, cookie: string): Promise<Given> {
  const route = gateOf(sallyport)
    .routes(['refresh'])
    .find(({ path }) => path === '/refresh')
  if (route === undefined) throw new Error('there is a route')
  return givenBy(await route.handle(viewOf({ headers: { cookie } })))
}

/** Writes into the grants of all sessions. Gives what puts them back. */
async function rewriteGrants(change: (grant: string) => string): Promise<() => Promise<void>> {
  const before: (readonly [string, Buffer, Buffer])[] = []
  for (const key of await admin.keys('*:u:*'))
    for (const field of await admin.hkeysBuffer(key)) {
      if (field.length !== 17) continue
      const grant = await admin.hgetBuffer(key, field)
      if (grant === null) continue
      before.push([key, field, grant])
      await admin.hset(key, field, Buffer.from(change(grant.toString('latin1')), 'latin1'))
    }
  expect(before).not.toEqual([])
  return async () => {
    for (const [key, field, grant] of before) await admin.hset(key, field, grant)
  }
}

test('whoever can write to Redis gets nobody another scope, and users go on once it is as it was', async () => {
  const options = { accessToken: 'reference' } as const
  const sallyport = await start(options)
  const session = await signIn(sallyport)
  const restore = await rewriteGrants((grant) => grant.replace('read write', 'read write admin'))
  const fresh = await start(options)
  for (let time = 0; time < 3; time++) {
    const refused = await refresh(sallyport, session.cookie)
    expect(refused).toEqual({ status: 503, token: '', cookie: '' })
    expect(await fresh.tokens.verify(session.token)).toEqual({
      kind: 'refused',
      problem: 'store_unavailable',
    })
  }
  expect([...(await sallyport.sessions.list('user-1'))]).toEqual([])
  const other = await signIn(sallyport)
  expect((await refresh(sallyport, other.cookie)).status).toBe(200)

  await restore()
  expect(await fresh.tokens.verify(session.token)).toMatchObject({ kind: 'valid' })
  const next = await refresh(sallyport, session.cookie)
  expect(next.status).toBe(200)
  expect((await refresh(sallyport, next.cookie)).status).toBe(200)
  const told = notices.filter((notice) => notice.includes('cannot be read'))
  // Two stores, of which one was refreshed and listed at, and the other read at.
  expect(told).toHaveLength(3)
  expect(told.join()).not.toContain('admin')
})

test('a session that is refreshed outlives the secret that it was made under', async () => {
  const first = await start()
  const session = await signIn(first)
  const both = await start({ secret: [NEXT_SECRET, SECRET] })
  const next = await refresh(both, session.cookie)
  expect(next.status).toBe(200)
  const alone = await start({ secret: NEXT_SECRET })
  await vi.waitFor(async () => expect([...(await alone.sessions.list('user-1'))]).toHaveLength(1))
  const last = await refresh(alone, next.cookie)
  expect(last.status).toBe(200)
  expect((await refresh(alone, last.cookie)).status).toBe(200)
})

test('no access token with the scope from before survives a new one, however many refreshes race it', async () => {
  const [one, two] = [await start(), await start()]
  for (let round = 0; round < 25; round++) {
    const [before, after] = [`old${round}`, `new${round}`]
    const sessions = await Promise.all(Array.from({ length: 4 }, () => signIn(one, [before])))
    const tokens = sessions.map(({ token }) => token)
    const late: Promise<Given>[] = []
    let isUnderWay = true
    const racing = sessions.map(async (session) => {
      let { cookie } = session
      while (isUnderWay) {
        const given = await refresh(two, cookie)
        expect(given.status).toBe(200)
        tokens.push(given.token)
        cookie = given.cookie
      }
      late.push(refresh(two, cookie))
    })
    await one.sessions.update('user-1', { scope: [after] })
    isUnderWay = false
    await Promise.all(racing)
    for (const { token } of await Promise.all(late)) expect(decodeJwt(token).scope).toBe(after)
    expect(tokens.length).toBeGreaterThan(sessions.length)
    for (const token of tokens) {
      if (decodeJwt(token).scope === after) continue
      expect(await one.tokens.verify(token)).toMatchObject({ kind: 'refused' })
    }
    await one.sessions.revokeAll('user-1')
  }
})
