import { createSallyport, type Sallyport, type Session } from '@sallyport/core'
import { type Auth, gateOf } from '@sallyport/core/adapter'
import { afterEach, beforeEach, expect, expectTypeOf, test } from 'vitest'
import { textIn } from '../support/text-in.ts'
import { viewOf } from './view.ts'

const MANY = 130

let sallyport: Sallyport
let now: number
beforeEach(async () => {
  now = Date.UTC(2026, 0, 1)
  sallyport = await createSallyport({
    secret: `${'a'.repeat(16)}0123456789abcdef`,
    limits: { sessions: 0 },
    clock: { now: () => now, monotonic: () => now },
  })
})
afterEach(() => sallyport.close())

async function signIn(): Promise<{ readonly token: string; readonly auth: Auth }> {
  now += 1000
  const { accessToken: token } = await gateOf(sallyport).sessions.start(viewOf({}), { subject: 'user-1' })
  const verdict = await sallyport.tokens.verify(token)
  if (verdict.kind !== 'valid') throw new Error('a good token')
  return { token, auth: verdict.auth }
}

/** The answer of `GET /sessions`. */
async function shown(
  token: string,
): Promise<{ sessions: { id: string; current: boolean }[]; more?: boolean }> {
  const route = gateOf(sallyport)
    .routes(['sessions'])
    .find(({ path }) => path === '/sessions')
  const headers = { authorization: `Bearer ${token}` }
  const answer = await route?.handle(viewOf({ method: 'GET', target: '/sessions', headers }))
  return JSON.parse(textIn(answer?.body))
}

test('few sessions are an array like any other, and there are no more', async () => {
  const { auth, token } = await signIn()
  const listed = await sallyport.sessions.list('user-1')
  expect(listed).toMatchObject([{ id: auth.session }])
  expect(listed).toStrictEqual([...listed])
  expect(listed.more).toBe(false)
  expect(JSON.parse(JSON.stringify(listed))).toEqual([...listed])
  expectTypeOf(listed).toExtend<readonly Session[]>()
  expect(await shown(token)).toEqual({ sessions: [expect.objectContaining({ id: auth.session })] })
})

test('of very many, the latest hundred are listed', async () => {
  const all = []
  for (let index = 0; index < MANY; index++) all.unshift((await signIn()).auth.session)
  const listed = await sallyport.sessions.list('user-1')
  expect(listed.map(({ id }) => id)).toEqual(all.slice(0, 100))
  expect(listed.more).toBe(true)
})

test('whoever asks sees their own session, however old it is', async () => {
  const { auth, token } = await signIn()
  for (let index = 0; index < 100; index++) await signIn()
  const listed = await sallyport.sessions.list(auth)
  expect(listed).toHaveLength(101)
  expect(listed.at(-1)?.id).toBe(auth.session)
  expect(listed.more).toBe(false)
  await signIn()
  const { sessions, more } = await shown(token)
  expect(sessions).toHaveLength(101)
  expect(sessions.filter(({ current }) => current)).toMatchObject([{ id: auth.session }])
  expect(more).toBe(true)
})
