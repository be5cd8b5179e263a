import { memoryStore, type SallyportOptions } from '@sallyport/core'
import { createSallyport } from '@sallyport/express'
import { redisStore } from '@sallyport/redis'
import { afterEach, expect, test, vi } from 'vitest'
import { configFault } from '../../support/config-fault.ts'
import { startRedis } from '../../support/redis.ts'
import { settle } from '../../support/settle.ts'
import { turnedClock } from '../../support/turned-clock.ts'
import type { Reply } from '../client.ts'
import { BOUND_COOKIE, Browser, PROVING } from './browser.ts'
import { startWorld, type World, type WorldOptions } from './world.ts'

const SECOND = 1000
const SETTLED = 11 * SECOND
const UNAVAILABLE = [503, 'temporarily_unavailable']

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

async function world(options: WorldOptions = {}): Promise<World> {
  const made = await startWorld(options)
  stops.push(made.close)
  return made
}

const errorOf = (reply: Reply): readonly unknown[] => [reply.status, JSON.parse(reply.text).error]
const sessionOf = (reply: Reply): string => JSON.parse(reply.text).session_identifier

test('while Redis is away, all is answered 503 and nothing changes', async () => {
  const redis = await startRedis()
  await settle(redis)
  stops.push(redis.stop)
  const store = redisStore({ url: redis.url, time: 'caller', commandTimeoutMs: 300 })
  const here = await world({ options: { store } })
  const bound = new Browser(here.url)
  const sid = sessionOf(await bound.begin())
  const fresh = new Browser(here.url)
  const challenge = await fresh.signIn()
  here.clock.turn(SETTLED)

  redis.kill('SIGSTOP')
  const replies = [
    await fresh.register(challenge),
    await bound.prove(sid),
    await bound.answer(sid, 'eyJ.e30.AA'),
    await bound.refresh(),
  ]
  expect(replies.map(errorOf)).toEqual(replies.map(() => UNAVAILABLE))
  expect(replies.flatMap(({ headers }) => headers['set-cookie'] ?? [])).toEqual([])

  redis.kill('SIGCONT')
  await vi.waitFor(async () => expect((await bound.prove(sid)).status).toBe(200), 10_000)
  expect((await bound.refresh()).status).toBe(200)
  const sessions = await here.core.sessions.list('user-1')
  expect(sessions.map(({ boundKey }) => boundKey !== undefined).toSorted()).toEqual([false, true])
  expect((await fresh.register(challenge)).status).toBe(200)
})

test('where it is off, as by default, nothing is offered, and there is no route', async () => {
  const here = await world({ options: { deviceBoundSessions: false } })
  const browser = new Browser(here.url)
  expect(await browser.signIn()).toBe('')
  expect((await browser.register('a challenge')).status).toBe(404)
  const { headers } = await browser.send({ path: '/auth/logout' })
  expect(headers['set-cookie']).toHaveLength(1)
})

test('when it is turned off, sessions that are bound go on without the key', async () => {
  const redis = await startRedis()
  await settle(redis)
  stops.push(redis.stop)
  const clock = turnedClock()
  const at = (deviceBoundSessions: boolean) => {
    const store = redisStore({ url: redis.url, time: 'caller' })
    return world({ clock, options: { store, deviceBoundSessions } })
  }
  const [on, off] = [await at(true), await at(false)]
  const browser = new Browser(on.url)
  await browser.begin()
  clock.turn(SETTLED)
  browser.cookies.delete(BOUND_COOKIE)
  expect((await browser.refresh()).status).toBe(401)
  const elsewhere = new Browser(off.url, browser.key, browser.cookies)
  expect((await elsewhere.refresh()).status).toBe(200)
  expect((await browser.refresh()).status).toBe(401)
})

test('under a new secret, what was made under the earlier one is good, and nothing of a stranger', async () => {
  const [first, second] = ['the first secret, which has 32 bytes', 'the second secret, which has 32 bytes']
  const redis = await startRedis()
  await settle(redis)
  stops.push(redis.stop)
  const clock = turnedClock()
  const under = (secret: string | string[]) => {
    const store = redisStore({ url: redis.url, time: 'caller' })
    return world({ clock, options: { store, secret } })
  }
  const before = await under(first)
  const after = await under([second, first])
  const browser = new Browser(before.url)
  const challenge = await browser.signIn()
  const moved = new Browser(after.url, browser.key, browser.cookies)
  const sid = sessionOf(await moved.register(challenge))
  clock.turn(SETTLED)
  expect((await moved.refresh()).status).toBe(200)
  expect((await moved.prove(sid)).status).toBe(200)
})

test('the browser is told of other origins and of further paths, and of no shell', async () => {
  const here = await world({
    options: {
      origins: { allowed: ['https://app.example.test:8443', 'capacitor://localhost'] },
      deviceBoundSessions: { paths: ['/downloads'], cookieSeconds: 120 },
      paths: { auth: '/auth' },
      cookie: { boundName: '__Host-shop-bound' },
    },
  })
  const reply = await new Browser(here.url).begin()
  expect(JSON.parse(reply.text)).toMatchObject({
    allowed_refresh_initiators: ['app.example.test'],
    scope: { scope_specification: [{}, { path: '/auth/refresh' }, { type: 'include', path: '/downloads' }] },
    credentials: [{ name: '__Host-shop-bound' }],
  })
  expect(reply.headers['set-cookie']).toEqual([expect.stringMatching(/^__Host-shop-bound=.*Max-Age=120;/)])

  const browser = new Browser(here.url)
  const sid = sessionOf(await browser.begin())
  const from = { 'sec-fetch-site': 'same-site', origin: 'https://app.example.test:8443' }
  const asked = await browser.send({ path: PROVING, headers: { ...from, 'sec-secure-session-id': sid } })
  expect([asked.status, 'secure-session-challenge' in asked.headers]).toEqual([403, true])
  const stranger = { ...from, origin: 'https://blog.example.test' }
  const refused = await browser.send({
    path: PROVING,
    headers: { ...stranger, 'sec-secure-session-id': sid },
  })
  expect([refused.status, 'secure-session-challenge' in refused.headers]).toEqual([403, false])
})

test('a session that is bound to a cookie registers only with that cookie', async () => {
  const here = await world({ options: { cookie: { bindsTokens: true } } })
  const browser = new Browser(here.url)
  const challenge = await browser.signIn()
  const fingerprint = browser.cookies.get('__Host-fgp') ?? ''
  browser.cookies.delete('__Host-fgp')
  expect(errorOf(await browser.register(challenge))).toEqual([401, 'invalid_grant'])
  browser.cookies.set('__Host-fgp', fingerprint)
  expect((await browser.register(challenge)).status).toBe(200)
  here.clock.turn(SETTLED)
  expect((await browser.refresh()).status).toBe(200)
  browser.cookies.delete(BOUND_COOKIE)
  expect(errorOf(await browser.refresh())).toEqual([401, 'invalid_grant'])
})

test('a store that remembers nothing is refused at start', async () => {
  const driver = memoryStore()
  const options: SallyportOptions = {
    deviceBoundSessions: true,
    store: {
      ...driver,
      async open(context) {
        const { once: _, ...forgetful } = await driver.open(context)
        return forgetful
      },
    },
  }
  const fault = await configFault(() => createSallyport(options))
  expect(fault.message).toBe(
    '"store" cannot remember which proofs were used, which the option "deviceBoundSessions" needs',
  )
})
