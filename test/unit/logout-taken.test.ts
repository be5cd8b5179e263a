import {
  createSallyport,
  type LogoutIssuerOptions,
  memoryStore,
  type Sallyport,
  type StoreDriver,
} from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import type { Store } from '@sallyport/core/store'
import { SignJWT } from 'jose'
import { describe, expect, test, vi } from 'vitest'
import { keyPair } from '../support/key-pair.ts'
import { viewOf } from './view.ts'

const ISSUER = 'https://login.example.com'
const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} }
const keys = keyPair('ec', { namedCurve: 'P-256' })
const jwks = { keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: 'one' }] }

type Sessions = NonNullable<LogoutIssuerOptions['sessions']>
type Step = 'ends' | 'mark' | 'look'

/** Processes of one deployment, whose store can refuse some of its steps. */
async function deployment(sessions: Sessions) {
  const away = new Set<Step>()
  let shared: Store | undefined
  const unless = <Outcome>(step: Step, answer: () => Promise<Outcome>) =>
    away.has(step) ? Promise.resolve({ kind: 'unavailable' } as const) : answer()
  const store: StoreDriver = {
    ...memoryStore(),
    async open(context) {
      shared ??= await memoryStore().open(context)
      const { sessions: ends, once, ...rest } = shared
      if (once === undefined) throw new TypeError('the store remembers nothing')
      return {
        ...rest,
        sessions: { ...ends, endSubject: (asked) => unless('ends', () => ends.endSubject(asked)) },
        once: {
          mark: (mark) => unless('mark', () => once.mark(mark)),
          look: (name) => unless('look', () => once.look(name)),
        },
      }
    },
  }
  const process = () =>
    createSallyport({
      secret: 'a secret of the test, with its 32 bytes',
      store,
      backchannelLogout: { issuers: [{ issuer: ISSUER, audience: 'us', jwks, sessions }] },
    })
  return { away, one: await process(), other: await process() }
}

let tokens = 0
function logoutOf(claims: object): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const all = { iss: ISSUER, aud: 'us', iat: now, exp: now + 60, jti: `t${tokens++}`, events: EVENTS }
  return new SignJWT({ ...all, ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'logout+jwt', kid: 'one' })
    .sign(keys.privateKey)
}

async function take(sallyport: Sallyport, token: string): Promise<number | undefined> {
  const [route] = gateOf(sallyport).routes(['backchannel-logout'])
  const answer = await route?.handle(viewOf({ body: { kind: 'parsed', value: { logout_token: token } } }))
  return answer?.status
}
const signIn = (sallyport: Sallyport) => gateOf(sallyport).signIn(viewOf({}), { subject: 'alice' })
const alive = async (sallyport: Sallyport) => (await sallyport.sessions.list('alice')).length

test.each<[string, Sessions, Step]>([
  ['of a user', 'same', 'ends'],
  ['of a user', 'same', 'mark'],
  ['that a function looks into', ({ sub = '' }) => ({ subjects: [sub] }), 'ends'],
])('a token %s (%s) is finished by any process after a 503 (%s)', async (_what, sessions, step) => {
  const { away, one, other } = await deployment(sessions)
  await signIn(one)
  const token = await logoutOf({ sub: 'alice' })
  away.add(step)
  expect(await take(one, token)).toBe(503)
  away.clear()
  expect(await take(other, token)).toBe(200)
  expect(await alive(other)).toBe(0)
  await signIn(one)
  for (const sallyport of [one, other]) expect(await take(sallyport, token)).toBe(400)
  expect(await alive(one)).toBe(1)
})

test('a copy of which it is not known whether it was used comes again', async () => {
  const { away, one, other } = await deployment('same')
  await signIn(one)
  const token = await logoutOf({ sub: 'alice' })
  for (const step of ['ends', 'look'] as const) {
    away.clear()
    away.add(step)
    expect(await take(one, token)).toBe(503)
  }
  away.clear()
  expect(await take(other, token)).toBe(200)
  expect(await alive(other)).toBe(0)
})

test('of copies at once, at several processes, one is taken', async () => {
  const { one, other } = await deployment('same')
  await signIn(one)
  const token = await logoutOf({ sub: 'alice' })
  const answers = await Promise.all([one, other, one, other, one].map((at) => take(at, token)))
  expect(answers.sort()).toEqual([200, 400, 400, 400, 400])
  expect(await alive(one)).toBe(0)
})

test('a copy whose search takes long ends nothing of a user who has signed in again meanwhile', async () => {
  const searches: (() => void)[] = []
  const { one, other } = await deployment(async ({ sub = '' }) => {
    await new Promise<void>((resolve) => void searches.push(resolve))
    return { subjects: [sub] }
  })
  await signIn(one)
  const token = await logoutOf({ sub: 'alice' })
  const answers = [take(one, token), take(other, token)]
  await expect.poll(() => searches.length).toBe(2)
  searches[0]?.()
  await expect.poll(() => alive(one)).toBe(0)
  await expect(Promise.race(answers)).resolves.toBe(200)
  await signIn(one)
  searches[1]?.()
  expect((await Promise.all(answers)).sort()).toEqual([200, 400])
  expect(await alive(one)).toBe(1)
})

describe('a function of the application', () => {
  const wrong: Readonly<Record<string, () => unknown>> = {
    throws: () => {
      throw new RangeError('db')
    },
    rejects: () => Promise.reject(new RangeError('db')),
    'returns text': () => 'alice',
    'returns text for sessions': () => ({ sessions: 'alice' }),
    'returns numbers for users': () => ({ subjects: [7] }),
    'returns something that throws': () => ({
      get subjects() {
        throw new RangeError('db')
      },
    }),
  }
  test.each(Object.entries(wrong))('that %s is told once, and uses up no token', async (_what, fails) => {
    const notices: string[] = []
    const told = (warning: Error) => notices.push(warning.message)
    process.on('warning', told)
    let isWrong = true
    const find = () => (isWrong ? fails() : { subjects: ['alice'] })
    const { one } = await deployment(find as Sessions)
    await signIn(one)
    const token = await logoutOf({ sub: 'alice' })
    expect([await take(one, token), await take(one, token)]).toEqual([503, 503])
    isWrong = false
    expect(await take(one, token)).toBe(200)
    expect(await alive(one)).toBe(0)
    process.off('warning', told)
    expect(notices.filter((notice) => notice.includes('"backchannelLogout"'))).toHaveLength(1)
  })

  test.each([undefined, null, {}])('that returns %s has found nobody', async (nothing) => {
    const { one } = await deployment((() => nothing) as Sessions)
    expect(await take(one, await logoutOf({ sub: 'alice' }))).toBe(200)
  })

  test('that does not answer is waited for no longer than 5 seconds', async () => {
    const find = vi.fn(() => new Promise<never>(() => {}))
    const { one } = await deployment(find)
    const token = await logoutOf({ sub: 'alice' })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const answer = take(one, token)
    await vi.waitFor(() => expect(find).toHaveBeenCalled())
    await vi.advanceTimersByTimeAsync(5000)
    vi.useRealTimers()
    expect(await answer).toBe(503)
  })
})
