import { createSallyport, memoryStore, type SallyportOptions } from '@sallyport/core'
import { createSallyport as onExpress } from '@sallyport/express'
import { redisStore } from '@sallyport/redis'
import { type TestCaller, type TestSettings, testClock, testSallyport } from '@sallyport/testing'
import express from 'express'
import supertest from 'supertest'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { settle } from '../support/settle.ts'

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})
async function opening(options: SallyportOptions, settings?: TestSettings) {
  const one = await testSallyport(createSallyport, options, settings)
  closing.push(one.close)
  return one
}

let prefixes = 0
const stores = {
  memory: async () => memoryStore(),
  async redis() {
    const keyPrefix = `clock${++prefixes}`
    await settle(redis, [keyPrefix])
    return redisStore({ url: redis.url, keyPrefix, time: 'caller' })
  },
}

const refused = { name: 'AnswerError', status: 401, error: 'invalid_grant' }
const statusOf = (step: Promise<TestCaller>): Promise<unknown> =>
  step.then(
    () => 200,
    (error: { status?: number }) => error.status,
  )

describe.each(Object.entries(stores))('by the clock go, with the store in %s,', (_name, store) => {
  test('access tokens', async () => {
    const { sallyport, clock, signIn } = await opening(
      { access: { ttlSeconds: 300 } },
      { store: await store() },
    )
    const { accessToken } = await signIn('ada')
    clock.advance({ minutes: 4, seconds: 59 })
    expect(await sallyport.tokens.verify(accessToken)).toMatchObject({ kind: 'valid' })
    clock.advance({ seconds: 1 })
    expect(await sallyport.tokens.verify(accessToken)).toMatchObject({ problem: 'token_expired' })
  })

  test('sessions, idle and in total', async () => {
    const refresh = { idleSeconds: 86_400, absoluteSeconds: 2 * 86_400 }
    const { clock, signIn } = await opening({ refresh }, { store: await store() })
    const idle = await signIn('ada')
    const busy = await signIn('bob')
    clock.advance({ hours: 23 })
    const first = await busy.refresh()
    clock.advance({ hours: 1 })
    await expect(idle.refresh()).rejects.toMatchObject(refused)
    clock.advance({ hours: 22 })
    const second = await first.refresh()
    clock.advance({ hours: 2 })
    await expect(second.refresh()).rejects.toMatchObject(refused)
  })

  test('the grace of a refresh', async () => {
    const { clock, signIn } = await opening({ refresh: { graceSeconds: 5 } }, { store: await store() })
    const ada = await signIn('ada')
    const next = await ada.refresh()
    clock.advance({ seconds: 4 })
    expect((await ada.refresh()).cookies).toEqual(next.cookies)
    const { session } = await next.refresh()
    clock.advance({ seconds: 6 })
    await expect(ada.refresh()).rejects.toMatchObject(refused)
    await expect(next.refresh()).rejects.toMatchObject(refused)
    expect(session).toBe(ada.session)
  })

  test('the window of a limit', async () => {
    const limits = { refreshes: { count: 2, windowSeconds: 60 } }
    const { clock, signIn } = await opening({ limits }, { store: await store() })
    const ada = await (await (await signIn('ada')).refresh()).refresh()
    expect(await statusOf(ada.refresh())).toBe(429)
    clock.advance({ seconds: 61 })
    expect(await statusOf(ada.refresh())).toBe(200)
  })
})

test('the keys rotate by the clock', async () => {
  const { sallyport, clock } = await opening({ access: { rotationSeconds: 3600 } })
  const [first] = sallyport.keys.list()
  const next = await sallyport.keys.rotate()
  expect(sallyport.keys.list().find(({ state }) => state === 'active')?.kid).toBe(first?.kid)
  clock.advance({ minutes: 7 })
  expect(sallyport.keys.list().find(({ state }) => state === 'active')?.kid).toBe(next.kid)
})

test('a lockout is over when the clock says so', async () => {
  const lockout = { attempts: 2, windowSeconds: 600, durationSeconds: 900 }
  const { sallyport, clock, close } = await testSallyport(onExpress, { lockout })
  closing.push(close)
  const app = express()
  app.post('/login', async (req, res) => {
    await sallyport.guardSignIn(req, res, 'ada', () => undefined)
    res.sendStatus(401)
  })
  const attempt = async (): Promise<number> => (await supertest(app).post('/login')).status
  expect([await attempt(), await attempt(), await attempt()]).toEqual([401, 401, 429])
  clock.advance({ minutes: 15 })
  expect(await attempt()).toBe(401)
})

describe('a clock', () => {
  test('advances by the sum of what it is given', () => {
    const clock = testClock(new Date('2026-01-01T00:00:00Z'))
    clock.advance({ days: 1, hours: 2, minutes: 3, seconds: 4, milliseconds: 5 })
    expect(new Date(clock.now()).toISOString()).toBe('2026-01-02T02:03:04.005Z')
    expect(clock.monotonic()).toBe(93_784_005)
  })

  test('is set without any time passing', () => {
    const clock = testClock(1000)
    clock.set(new Date(0))
    expect([clock.now(), clock.monotonic()]).toEqual([0, 0])
  })

  test('shows another time to a step, and to nobody else', async () => {
    const clock = testClock(1000)
    const step = clock.at(5000, async () => {
      await new Promise(setImmediate)
      clock.advance({ seconds: 1 })
      return clock.now()
    })
    expect(clock.now()).toBe(1000)
    expect(await step).toBe(6000)
    expect(clock.now()).toBe(2000)
  })

  test.each([
    [{ seconds: -1 }, /"seconds" must be 0 or more/],
    [{ minutes: Number.NaN }, /"minutes" must be 0 or more/],
    [{ minute: 1 }, /unknown member "minute": take days, hours, minutes, seconds, milliseconds/],
  ])('refuses to advance by %o', (by: object, message) => {
    expect(() => testClock(0).advance(by)).toThrow(message)
  })

  test('refuses an instant that is none', () => {
    expect(() => testClock(new Date('tomorrow'))).toThrow(TypeError)
  })
})
