import { ConfigError, createSallyport, memoryStore, type SallyportOptions } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import type { Store } from '@sallyport/core/store'
import { afterEach, expect, test } from 'vitest'
import { textIn } from '../support/text-in.ts'
import { turnedClock } from '../support/turned-clock.ts'
import { viewOf } from './view.ts'

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0'
const DAY = 86_400_000
let close: () => Promise<void> = async () => {}

afterEach(() => close())

interface Shown {
  readonly time: string
  readonly event: string
  readonly outcome: string
  readonly ip: string | null
  readonly device: string | null
  readonly reason: string | null
}

async function start(options: SallyportOptions = {}) {
  const clock = turnedClock()
  const sallyport = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    store: memoryStore(),
    activity: {},
    clock,
    ...options,
  })
  close = () => sallyport.close()
  const gate = gateOf(sallyport)
  const [list] = gate.routes(['activity'])
  const [refresh] = gate.routes(['refresh'])

  async function signIn(subject: string, ip = '192.0.2.1') {
    const headers = { 'user-agent': FIREFOX }
    const { body = '', cookies } = await gate.signIn(viewOf({ ip, headers }), { subject })
    const { access_token: token } = JSON.parse(textIn(body)) as { access_token: string }
    return { token, cookie: cookies.map((one) => one.split(';', 1)[0]).join('; ') }
  }
  async function shownTo(token: string): Promise<Shown[]> {
    const view = viewOf({ method: 'GET', headers: { authorization: `Bearer ${token}` } })
    const answer = await list?.handle(view)
    expect(answer?.status).toBe(200)
    return (JSON.parse(textIn(answer?.body)) as { events: Shown[] }).events
  }
  async function refreshed(cookie: string, ip: string): Promise<void> {
    const headers = { 'user-agent': FIREFOX, cookie }
    expect(await refresh?.handle(viewOf({ ip, headers }))).toMatchObject({ status: 200 })
  }
  return { sallyport, clock, signIn, shownTo, refreshed, gate }
}

test('users see what happened to them, the latest first, and nothing of others', async () => {
  const { sallyport, clock, signIn, shownTo } = await start()
  const began = clock.now()
  const { token } = await signIn('one')
  clock.turn(1000)
  await signIn('other')
  await signIn('one', '2001:db8::7')
  clock.turn(1000)
  sallyport.emit({ event: 'login.failed', outcome: 'failure', reason: 'invalid_credentials', sub: 'one' })
  sallyport.emit({ event: 'login.failed', outcome: 'failure', reason: 'invalid_credentials' })
  const device = 'Firefox on Linux'
  const at = (ms: number): string => new Date(began + ms).toISOString()
  expect(await shownTo(token)).toEqual([
    {
      time: at(2000),
      event: 'login.failed',
      outcome: 'failure',
      ip: null,
      device: null,
      reason: 'invalid_credentials',
    },
    { time: at(1000), event: 'session.started', outcome: 'success', ip: '2001:db8::7', device, reason: null },
    { time: at(0), event: 'session.started', outcome: 'success', ip: '192.0.2.1', device, reason: null },
  ])
})

test('what this process has just told is there at once', async () => {
  const { sallyport, signIn, shownTo } = await start()
  const { token } = await signIn('one')
  for (let count = 1; count <= 10; count++) {
    sallyport.emit({ event: 'password.changed', outcome: 'success', sub: 'one' })
    expect(await shownTo(token)).toHaveLength(count + 1)
  }
})

test('the latest refresh of each live session is shown, and no other', async () => {
  const { clock, signIn, shownTo, refreshed } = await start()
  const { token, cookie } = await signIn('one')
  clock.turn(20_000)
  await refreshed(cookie, '192.0.2.9')
  const [refresh, started] = await shownTo(token)
  expect(refresh).toEqual({
    ...{ time: new Date(clock.now()).toISOString(), event: 'session.refreshed', outcome: 'success' },
    ...{ ip: '192.0.2.9', device: 'Firefox on Linux', reason: null },
  })
  expect(started).toMatchObject({ event: 'session.started', ip: '192.0.2.1' })
})

test('it is the newest fifty, and attempts at a locked account are not among them', async () => {
  const { sallyport, clock, signIn, shownTo, gate } = await start()
  for (let count = 0; count < 60; count++) {
    clock.turn(1000)
    sallyport.emit({ event: 'token.revoked', outcome: 'success', reason: `nr ${count}`, sub: 'one' })
  }
  const { token } = await signIn('one')
  for (let count = 0; count < 60; count++)
    await gate.lockout.guard(viewOf({}), 'one', () => false, { subject: 'one' })
  const shown = await shownTo(token)
  expect(shown).toHaveLength(50)
  const counts = shown.map(({ event }) => event)
  expect(counts.filter((event) => event === 'login.failed')).toHaveLength(5)
  expect(counts.filter((event) => event === 'account.locked')).toHaveLength(1)
  expect(shown.at(-1)?.reason).toBe('nr 17')
})

test('entries are kept for as long as the option says', async () => {
  const { sallyport, clock, signIn, shownTo } = await start({ activity: { days: 2 } })
  sallyport.emit({ event: 'password.changed', outcome: 'success', sub: 'one' })
  await signIn('other')
  clock.turn(2 * DAY - 1000)
  const { token } = await signIn('one')
  expect(await shownTo(token)).toHaveLength(2)
  await close()
  const shorter = await start({ activity: { days: 1 } })
  shorter.sallyport.emit({ event: 'password.changed', outcome: 'success', sub: 'one' })
  await shorter.signIn('other')
  shorter.clock.turn(DAY)
  const later = await shorter.signIn('one')
  expect(await shorter.shownTo(later.token)).toHaveLength(1)
})

test('without the option nothing is kept, and the endpoints are refused where they are mounted', async () => {
  const sallyport = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    store: memoryStore(),
  })
  close = () => sallyport.close()
  expect(() => gateOf(sallyport).routes(['activity'])).toThrow(
    new ConfigError('activity', {
      sentence: 'the endpoints "activity" need the option "activity", such as activity: {}',
    }),
  )
})

const changed = (change: (store: Store) => Partial<Store>): SallyportOptions['store'] => {
  const driver = memoryStore()
  return {
    ...driver,
    async open(context) {
      const store = await driver.open(context)
      return { ...store, ...change(store) } as Store
    },
  }
}

test('a store that keeps none is refused at start', async () => {
  const store = changed(() => ({ activity: undefined as never }))
  await expect(start({ store })).rejects.toThrow('"store" cannot keep the activity of users')
})

test('events that the store does not take are counted, and nobody waits for them', async () => {
  const store = changed(({ activity }) => ({
    activity: {
      ...(activity as NonNullable<Store['activity']>),
      append: () => Promise.resolve({ kind: 'unavailable' }),
    },
  }))
  const observed = new Map<string, number>()
  const observable = (name: string) => ({
    addCallback(callback: (result: { observe(value: number): void }) => void) {
      reads.push(() => callback({ observe: (value) => void observed.set(name, value) }))
    },
  })
  const reads: (() => void)[] = []
  const meter = { createObservableCounter: observable, createObservableGauge: observable }
  const { signIn, shownTo } = await start({ store, meter })
  const { token } = await signIn('one')
  await signIn('one')
  expect(await shownTo(token)).toEqual([])
  for (const read of reads) read()
  expect(observed.get('sallyport.activity.lost')).toBe(2)
})

test('nothing is done for a user whom a name means before the answer: it would take longer than for nobody', async () => {
  const appended: string[] = []
  const store = changed(({ activity }) => ({
    activity: {
      ...(activity as NonNullable<Store['activity']>),
      append: async (entries) => {
        appended.push(...entries.map(({ event }) => event))
        return { kind: 'appended' }
      },
    },
  }))
  const { gate, sallyport } = await start({ store })
  await gate.lockout.guard(viewOf({}), 'one@example.com', async () => undefined, { subject: 'one' })
  // A framework has some more to do.
  for (let step = 0; step < 100; step++) await Promise.resolve()
  expect(appended).toEqual([])
  await sallyport.close()
  expect(appended).toEqual(['login.failed'])
})

test('whoever asks does not wait for what is told meanwhile', async () => {
  const store = changed(({ activity }) => ({
    activity: {
      ...(activity as NonNullable<Store['activity']>),
      append: async () => {
        await new Promise((resolve) => setTimeout(resolve, 5))
        return { kind: 'appended' }
      },
    },
  }))
  const { sallyport, signIn, shownTo } = await start({ store })
  const { token } = await signIn('one')
  const busy = setInterval(
    () => sallyport.emit({ event: 'password.changed', outcome: 'success', sub: 'other' }),
    1,
  )
  expect(await shownTo(token)).toEqual([])
  clearInterval(busy)
})

test('neither failures nor refreshes push out what else happened', async () => {
  const { sallyport, clock, signIn, shownTo, refreshed } = await start()
  sallyport.emit({ event: 'password.changed', outcome: 'success', sub: 'one' })
  const sessions = await Promise.all(Array.from({ length: 30 }, () => signIn('one')))
  clock.turn(20_000)
  for (const { cookie } of sessions) await refreshed(cookie, '192.0.2.9')
  for (let count = 0; count < 200; count++)
    sallyport.emit({ event: 'login.failed', outcome: 'failure', sub: 'one' })
  const events = (await shownTo(sessions[0]?.token ?? '')).map(({ event }) => event)
  const count = (name: string): number => events.filter((event) => event === name).length
  expect(count('login.failed')).toBe(20)
  expect(count('session.refreshed')).toBe(10)
  expect(count('session.started')).toBe(20)
})

test('what was told last is kept when everything closes', async () => {
  let kept = 0
  const store = changed(({ activity }) => ({
    activity: {
      ...(activity as NonNullable<Store['activity']>),
      append: async (entries) => {
        await new Promise((resolve) => setTimeout(resolve, 5))
        kept += entries.length
        return { kind: 'appended' }
      },
    },
  }))
  const { sallyport } = await start({ store })
  for (let index = 0; index < 3; index++) {
    sallyport.emit({ event: 'password.changed', outcome: 'success', sub: 'one' })
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await sallyport.close()
  expect(kept).toBe(3)
})

test('while the store is away, it is answered 503', async () => {
  const store = changed(({ activity }) => ({
    activity: {
      ...(activity as NonNullable<Store['activity']>),
      read: () => Promise.resolve({ kind: 'unavailable' }),
    },
  }))
  const { signIn, gate } = await start({ store })
  const { token } = await signIn('one')
  const [list] = gate.routes(['activity'])
  const view = viewOf({ method: 'GET', headers: { authorization: `Bearer ${token}` } })
  expect(await list?.handle(view)).toMatchObject({ status: 503 })
})

test('what others wrote into the store is shown as text, or not at all', async () => {
  const entry = { at: Date.UTC(2026, 0, 1), event: 'session.started', outcome: 'success', kind: 'sign_in' }
  const store = changed(({ activity }) => ({
    activity: {
      ...(activity as NonNullable<Store['activity']>),
      read: (tag) =>
        Promise.resolve({
          kind: 'read',
          entries: [
            { ...entry, tag, ip: 'a\u001b[31m', device: 'x'.repeat(9999) } as never,
            { ...entry, tag, at: Number.NaN } as never,
            { ...entry, tag, at: 1e300 } as never,
            { ...entry, tag, at: -1 } as never,
          ],
        }),
    },
  }))
  const { signIn, shownTo } = await start({ store })
  const { token } = await signIn('one')
  expect(await shownTo(token)).toEqual([
    {
      ...{ time: '2026-01-01T00:00:00.000Z', event: 'session.started', outcome: 'success' },
      ...{ ip: 'a?[31m', device: 'x'.repeat(255), reason: null },
    },
  ])
})
