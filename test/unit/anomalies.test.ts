import {
  type AnomalyRule,
  ConfigError,
  createSallyport,
  type EventToTell,
  memoryStore,
  type SallyportOptions,
  UnavailableError,
} from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import type { NoteOutcome, Sighting, SightingStore, Store, StoreDriver } from '@sallyport/core/store'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { configFault } from '../support/config-fault.ts'
import { textIn } from '../support/text-in.ts'
import { turnedClock } from '../support/turned-clock.ts'
import { accepted, anomaliesWorld, CHROME, failed, refreshed, started, times } from './anomalies-world.ts'
import { viewOf } from './view.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const close of closing.splice(0)) await close()
})

async function start(...args: Parameters<typeof anomaliesWorld>) {
  const world = await anomaliesWorld(...args)
  closing.push(world.sallyport.close)
  return world
}

/** A store whose part for sightings is another one. */
function storeWith(change: (sightings: SightingStore, store: Store) => Partial<SightingStore>): StoreDriver {
  const driver = memoryStore()
  return {
    ...driver,
    async open(context) {
      const store = await driver.open(context)
      const { sightings } = store
      if (sightings === undefined) throw new TypeError('the store keeps no sightings')
      return { ...store, sightings: { ...sightings, ...change(sightings, store) } }
    },
  }
}

function notices(): string[] {
  const told: string[] = []
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void told.push(String(warning)))
  return told
}

/** A meter that tells what it has counted under a name. */
function meter() {
  const counters = new Map<string, () => number | undefined>()
  const observable = (name: string) => ({
    addCallback(callback: (result: { observe(value: number): void }) => void) {
      counters.set(name, () => {
        let seen: number | undefined
        callback({
          observe(value) {
            seen = value
          },
        })
        return seen
      })
    },
  })
  return {
    meter: { createObservableCounter: observable, createObservableGauge: observable },
    count: (name: string) => counters.get(name)?.(),
  }
}

/** Signs in and gives the session, with how to use it. */
async function signedIn({ sallyport }: { sallyport: Awaited<ReturnType<typeof createSallyport>> }) {
  const gate = gateOf(sallyport)
  const answer = await gate.signIn(viewOf({ ip: '192.0.2.1' }), { subject: 'one' })
  const { access_token: token } = JSON.parse(textIn(answer.body)) as { access_token: string }
  const verdict = await sallyport.tokens.verify(token)
  if (verdict.kind !== 'valid') throw new Error('a good token')
  return { token, auth: verdict.auth, sid: verdict.auth.session ?? '' }
}

describe('a rule of your own', () => {
  const exports: AnomalyRule<'token.revoked'> = {
    ...{ name: 'many_revocations', events: ['token.revoked'], windowSeconds: 60, most: 3 },
    observe: ({ reason }) => ({ by: [reason] }),
    judge: ({ values }) => (values.length > 2 ? { summary: 'three revocations' } : undefined),
  }

  test('counts like those of the library', async () => {
    const { raisedBy, alerts, clock } = await start({ own: [exports] })
    const revoked = { event: 'token.revoked', outcome: 'success', reason: 'x' } as const
    expect(await raisedBy(revoked, revoked, { ...revoked, reason: 'y' })).toEqual([])
    expect(await raisedBy(revoked)).toEqual(['many_revocations'])
    expect(alerts.at(-1)).toMatchObject({ severity: 'warning', summary: 'three revocations' })
    clock.turn(60_000)
    expect(await raisedBy(revoked, revoked)).toEqual([])
  })

  test('that throws, or returns nonsense, is told once and disturbs no other', async () => {
    const told = notices()
    const observe = [
      () => {
        throw new RangeError('secret')
      },
      () => null,
      () => ({ by: 7 }),
      () => ({ by: ['a'], value: 7 }),
      async () => ({ by: ['a'] }),
      () => Promise.reject(new RangeError('secret')),
    ]
    const own = observe.map(
      (one, nth) => ({ ...exports, name: `wrong_${nth}`, observe: one }) as unknown as AnomalyRule,
    )
    const judges = [
      () => {
        throw new TypeError('secret')
      },
      async () => ({ summary: 's' }),
      () => ({}),
      () => null,
      () => 'a summary',
      () => ({
        get summary() {
          throw new TypeError('secret')
        },
      }),
    ].map((judge, nth) => ({ ...exports, name: `misjudged_${nth}`, judge }) as unknown as AnomalyRule)
    const right: AnomalyRule<'token.revoked'> = { ...exports, name: 'right', judge: () => ({ summary: 's' }) }
    const { raisedBy } = await start({ own: [...own, ...judges, right] })
    const revoked = { event: 'token.revoked', outcome: 'success', reason: 'x' } as const
    expect(await raisedBy(revoked, revoked)).toEqual(['right'])
    expect(told.filter((line) => line.includes('"wrong_0" failed with RangeError'))).toHaveLength(1)
    for (const name of [
      'wrong_1',
      'wrong_2',
      'wrong_3',
      'wrong_4',
      'wrong_5',
      ...judges.map((one) => one.name),
    ])
      expect(told.filter((line) => line.includes(`"${name}" failed with TypeError`))).toHaveLength(1)
    expect(told.join()).not.toContain('secret')
  })

  test('notes a value that a store cannot keep by its hash', async () => {
    const noted: Sighting[] = []
    const store = storeWith((sightings) => ({
      note(all, at) {
        noted.push(...all)
        return sightings.note(all, at)
      },
    }))
    const observe: AnomalyRule['observe'] = ({ reason = '' }) => ({ by: ['a'], value: reason })
    const { raisedBy } = await start({ own: [{ ...exports, observe: observe as never }] }, { store })
    const reasons = ['plain', 'a blank', 'x'.repeat(65), 'Zo\u00eb', '']
    await raisedBy(
      ...reasons.map((reason) => ({ event: 'token.revoked', outcome: 'success', reason }) as const),
    )
    const values = noted.filter(({ counts }) => counts === 'latest').map(({ value }) => value)
    expect(values[0]).toBe('plain')
    expect(new Set(values).size).toBe(reasons.length)
    for (const value of values.slice(1)) expect(value).toMatch(/^[\w-]{22}$/)
  })
})

test('what the store is given names neither users nor addresses', async () => {
  const noted: Sighting[] = []
  const store = storeWith((sightings) => ({
    note(all, at) {
      noted.push(...all)
      return sightings.note(all, at)
    },
  }))
  const { raisedBy } = await start({}, { store })
  const where = { ip: '203.0.113.77', user_agent: 'canary-agent' }
  await raisedBy(
    started('canary-user', where),
    failed('203.0.113.77', { sub: 'canary-user' }),
    refreshed('canary-session', where, 'converged', 'canary-user'),
    accepted('canary-token', '203.0.113.77'),
  )
  expect(noted.length).toBeGreaterThan(6)
  expect(JSON.stringify(noted)).not.toMatch(/canary|203\.0/)
})

describe('a store that is away', () => {
  const away = (): Promise<NoteOutcome> => Promise.resolve({ kind: 'unavailable' })

  test('loses what was to be noted, which is counted, and nothing waits for it', async () => {
    const counted = meter()
    let note: (() => Promise<NoteOutcome>) | undefined = away
    const store = storeWith((sightings) => ({
      note: (all, at) => note?.() ?? sightings.note(all, at),
    }))
    const { raisedBy } = await start({}, { store, meter: counted.meter })
    expect(await raisedBy(...times(9, () => failed('192.0.2.1')))).toEqual([])
    expect(counted.count('sallyport.anomalies.lost')).toBe(9)
    note = undefined
    expect(await raisedBy(...times(6, () => failed('192.0.2.1')))).toEqual(['failed_sign_ins'])
    expect(counted.count('sallyport.anomalies.lost')).toBe(9)
    expect(counted.count('sallyport.alerts.lost')).toBeUndefined()
  })

  test('and throws, is only away', async () => {
    const counted = meter()
    let isBroken = true
    const store = storeWith((sightings) => ({
      note(all, at) {
        if (isBroken) throw new TypeError('broken')
        return sightings.note(all, at)
      },
    }))
    const { emit, raisedBy } = await start({}, { store, meter: counted.meter })
    emit(...times(9, () => failed('192.0.2.1')))
    await vi.waitFor(() => expect(counted.count('sallyport.anomalies.lost')).toBe(9))
    isBroken = false
    expect(await raisedBy(...times(6, () => failed('192.0.2.1')))).toEqual(['failed_sign_ins'])
  })

  test('still lets be found what an event tells alone', async () => {
    const { raisedBy } = await start({}, { store: storeWith(() => ({ note: away })) })
    const theft = { event: 'refresh.reused', outcome: 'failure', reason: 'token_reused' } as const
    expect(await raisedBy({ ...theft, sub: 'one', sid: 'sid', client_id: 'web' })).toEqual(['token_theft'])
  })

  test('after a finding, makes it be told twice rather than never', async () => {
    let calls = 0
    const store = storeWith((sightings) => ({
      note(all, at) {
        calls++
        return calls === 2 ? away() : sightings.note(all, at)
      },
    }))
    const { raisedBy } = await start({}, { store })
    expect(await raisedBy(...times(6, () => failed('192.0.2.1')))).toEqual(['failed_sign_ins'])
    expect(await raisedBy(failed('192.0.2.1'))).toEqual(['failed_sign_ins'])
    expect(await raisedBy(failed('192.0.2.1'))).toEqual([])
  })

  test('is asked only once more for all that waits', async () => {
    const sizes: number[] = []
    const store = storeWith(() => ({
      note(all) {
        sizes.push(all.length)
        return away()
      },
    }))
    const { raisedBy } = await start({}, { store })
    await raisedBy(...times(3000, () => failed('192.0.2.1')))
    expect(sizes).toEqual([500, 2500])
  })

  test('that hangs makes no more wait than ten thousand events', async () => {
    const counted = meter()
    let answer: () => void = () => {}
    const asked = new Promise<void>((resolve) => {
      answer = resolve
    })
    const sizes: number[] = []
    const store = storeWith((sightings) => ({
      async note(all, at) {
        sizes.push(all.length)
        await asked
        return sightings.note(all, at)
      },
    }))
    const { emit, judged } = await start({}, { store, meter: counted.meter })
    emit(failed('192.0.2.1'))
    await vi.waitFor(() => expect(sizes).toHaveLength(1))
    emit(...times(10_050, () => failed('192.0.2.1')))
    expect(counted.count('sallyport.anomalies.lost')).toBe(50)
    answer()
    await vi.waitFor(() => expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(10_000))
    await judged()
    expect(Math.max(...sizes)).toBeLessThanOrEqual(500 + 1)
  })
})

test('events that never cease keep nobody waiting', async () => {
  let emit: () => void = () => {}
  const store = storeWith((sightings) => ({
    async note(all, at) {
      // Each batch leads to the next.
      emit()
      return sightings.note(all, at)
    },
  }))
  const world = await start({}, { store })
  let nth = 0
  emit = () => world.emit(failed(`192.0.2.${nth++ % 250}`))
  emit()
  await world.sallyport.forgetUser('one')
  emit = () => {}
  await world.judged()
})

test('many events are noted by one call', async () => {
  let calls = 0
  const store = storeWith((sightings) => ({
    note(all, at) {
      calls++
      return sightings.note(all, at)
    },
  }))
  const { raisedBy } = await start({}, { store })
  await raisedBy(...times(200, (nth) => failed(`198.51.100.${nth % 100}`)))
  expect(calls).toBe(1)
})

test('where a token is used from is noted once in a while, and not with every request', async () => {
  let sightings = 0
  let isAway = true
  const store = storeWith((kept) => ({
    note(all, at) {
      sightings += all.length
      return isAway ? Promise.resolve({ kind: 'unavailable' }) : kept.note(all, at)
    },
  }))
  const { raisedBy, clock } = await start({}, { store })
  const requests = times(100, () => accepted('jti', '192.0.2.1'))
  await raisedBy(...requests)
  expect(sightings).toBe(1)
  isAway = false
  await raisedBy(...requests)
  await raisedBy(...requests)
  expect(sightings).toBe(2)
  clock.turn(30_000)
  await raisedBy(...requests, accepted('jti', '192.0.2.2'))
  expect(sightings).toBe(4)
  expect(await raisedBy(accepted('jti', '192.0.2.3'))).toEqual(['token_networks'])
})

describe('locating addresses', () => {
  const here = { latitude: 52.5, longitude: 13.4 }
  const there = { latitude: 35.7, longitude: 139.7 }

  test('may take a promise, and is asked once for each address of a batch', async () => {
    const asked: string[] = []
    const locate = async (ip: string) => {
      asked.push(ip)
      return ip === '203.0.113.1' ? here : there
    }
    const { raisedBy } = await start({ rules: { impossible_travel: { locate } } })
    const [one, two] = ['203.0.113.1', '203.0.113.2'].map((ip) => started('one', { ip }))
    if (one === undefined || two === undefined) throw new RangeError('there are two')
    expect(await raisedBy(one, one, two, failed('203.0.113.9'))).toEqual(['impossible_travel'])
    expect(asked).toEqual(['203.0.113.1', '203.0.113.2'])
  })

  test('is asked once an hour for each address, also where nobody knows it', async () => {
    const asked: string[] = []
    const locate = (ip: string) => {
      asked.push(ip)
      return ip === '203.0.113.1' ? here : undefined
    }
    const { raisedBy, clock } = await start({ rules: { impossible_travel: { locate } } })
    const both = ['203.0.113.1', '203.0.113.2'].map((ip) => started('one', { ip }))
    await raisedBy(...both)
    clock.turn(3_599_999)
    await raisedBy(...both)
    expect(asked).toEqual(['203.0.113.1', '203.0.113.2'])
    clock.turn(1)
    await raisedBy(...both)
    expect(asked).toHaveLength(4)
  })

  test('is not asked for ten seconds after it did not answer in time', async () => {
    const asked: string[] = []
    const locate = (ip: string) => {
      asked.push(ip)
      return new Promise<undefined>(() => {})
    }
    const { raisedBy, clock } = await start({ rules: { impossible_travel: { locate } } })
    await raisedBy(started('one', { ip: '203.0.113.1' }))
    await raisedBy(started('one', { ip: '203.0.113.1' }), started('one', { ip: '203.0.113.2' }))
    expect(asked).toEqual(['203.0.113.1'])
    clock.turn(10_000)
    await raisedBy(started('one', { ip: '203.0.113.2' }))
    expect(asked).toEqual(['203.0.113.1', '203.0.113.2'])
  })

  test.each([
    ['throws', () => Promise.reject(new Error('secret'))],
    [
      'throws when it is read',
      () => ({
        get latitude() {
          throw new Error('secret')
        },
      }),
    ],
    ['is nonsense', () => Promise.resolve({ latitude: 91, longitude: Number.NaN })],
    ['hangs', () => new Promise(() => {})],
  ])('finds nothing where it %s, and all else is found', async (_name, answer) => {
    notices()
    const locate = ((ip: string) => (ip === '203.0.113.1' ? here : answer())) as never
    const { raisedBy } = await start({ rules: { impossible_travel: { locate } } })
    const devices = [
      started('one', { ip: '203.0.113.1' }),
      started('one', { ip: '203.0.113.2', user_agent: CHROME }),
    ]
    expect(await raisedBy(...devices)).toEqual(['new_device'])
  })
})

describe('responses', () => {
  const theft = (sid: string) =>
    ({
      ...({ event: 'refresh.reused', outcome: 'failure', reason: 'token_reused' } as const),
      ...{ sub: 'one', sid, client_id: 'web', ip: '192.0.2.9', request_id: 'request-1' },
    }) as const

  test('revoke ends the session, by the name of the rule, for the request that was noticed', async () => {
    const world = await start({ rules: { token_theft: { revoke: true } } })
    const { sid, token } = await signedIn(world)
    const ended: object[] = []
    const revoked: object[] = []
    world.sallyport.on('revoked', (revocation) => revoked.push(revocation))
    world.sallyport.on('event', (event) => event.event === 'session.ended' && ended.push(event))
    await world.raisedBy(theft(sid))
    expect(ended).toMatchObject([
      { sid, sub: 'one', reason: 'token_theft', ip: '192.0.2.9', request_id: 'request-1' },
    ])
    expect(await world.sallyport.tokens.verify(token)).toMatchObject({ problem: 'token_revoked' })
    expect(await world.raisedBy({ ...theft('a session of another issuer'), sub: 'two' })).toEqual([
      'token_theft',
    ])
    expect(ended).toHaveLength(1)
    expect(revoked).toEqual([{ kind: 'session', session: sid }])
  })

  test('a thief who comes again while the alert is quiet loses that session as well', async () => {
    const places: Readonly<Record<string, { latitude: number; longitude: number }>> = {
      '192.0.2.1': { latitude: 52.5, longitude: 13.4 },
      '203.0.113.1': { latitude: 35.7, longitude: 139.7 },
    }
    const impossible_travel = { locate: (ip: string) => places[ip], revoke: true, risk: 80 }
    const world = await start({ rules: { impossible_travel, new_device: false } })
    const signIn = async (ip: string): Promise<string> => {
      const known = new Set((await world.sallyport.sessions.list('one')).map(({ id }) => id))
      await gateOf(world.sallyport).signIn(viewOf({ ip }), { subject: 'one' })
      const opened = (await world.sallyport.sessions.list('one')).find(({ id }) => !known.has(id))
      await world.judged()
      return opened?.id ?? ''
    }
    const owner = await signIn('192.0.2.1')
    const thefts = [await signIn('203.0.113.1'), await signIn('203.0.113.1')]
    expect(world.alerts.map(({ rule }) => rule)).toEqual(['impossible_travel'])
    expect((await world.sallyport.sessions.list('one')).map(({ id }) => id)).toEqual([owner])
    for (const sid of thefts) expect(await world.sallyport.risk.of(sid)).toBe(80)
  })

  test('lock refuses strangers who sign in to the account, and nobody else', async () => {
    const world = await start({ rules: { token_theft: { lock: true } } })
    const { lockout, signIn } = gateOf(world.sallyport)
    const attempt = (subject: string) => lockout.guard(viewOf({}), '', () => true, { subject })
    await signIn(viewOf({}), { subject: 'one' })
    const locked: object[] = []
    world.sallyport.on('event', (event) => event.event === 'account.locked' && locked.push(event))
    const foreign = { ...theft('a'), sub: 'https://issuer.example two' }
    await world.raisedBy(theft('a session of another issuer'), foreign)
    expect(locked).toMatchObject([
      { sub: 'one', reason: 'token_theft', ip: '192.0.2.9', request_id: 'request-1' },
    ])
    expect(await attempt('one')).toMatchObject({ kind: 'refused', problem: 'sign_in_locked' })
    expect(await attempt('two')).toMatchObject({ kind: 'passed' })
    expect(await world.sallyport.sessions.list('one')).toHaveLength(1)
  })

  test('a rule about locks locks nothing again, or it would never end', async () => {
    const rule: AnomalyRule = {
      ...{
        name: 'locked_often',
        events: ['account.locked', 'login.failed'],
        windowSeconds: 86_400,
        most: 1,
        lock: true,
      },
      observe: () => ({ by: 'user' }),
      judge: ({ values }) => (values.length > 1 ? { summary: 'locked often' } : undefined),
    }
    const world = await start({ own: [rule] })
    const locked: object[] = []
    world.sallyport.on('event', (event) => event.event === 'account.locked' && locked.push(event))
    for (const _ of [1, 2, 3]) {
      await world.sallyport.lockout.lock('ada', { subject: 'one' })
      await world.judged()
    }
    expect(locked).toHaveLength(3)
  })

  test('a store that does not lock it is told of', async () => {
    const told = notices()
    const driver = memoryStore()
    const store: StoreDriver = {
      ...driver,
      async open(context) {
        const opened = await driver.open(context)
        const block = () => Promise.resolve({ kind: 'unavailable' } as const)
        return { ...opened, ...(opened.counters && { counters: { ...opened.counters, block } }) }
      },
    }
    const world = await start({ rules: { token_theft: { lock: true } } }, { store })
    await world.raisedBy(theft('sid'))
    expect(told.filter((line) => line.includes('"token_theft" should lock is open'))).toHaveLength(1)
  })

  test('a store that does not end it is told of', async () => {
    const told = notices()
    const driver = memoryStore()
    const store: StoreDriver = {
      ...driver,
      async open(context) {
        const opened = await driver.open(context)
        const end = () => Promise.resolve({ kind: 'unavailable' } as const)
        return { ...opened, sessions: { ...opened.sessions, end } }
      },
    }
    const world = await start({ rules: { token_theft: { revoke: true } } }, { store })
    const { sid } = await signedIn(world)
    await world.raisedBy(theft(sid))
    expect(told.filter((line) => line.includes('"token_theft" should end lives on'))).toHaveLength(1)
  })

  test('without any, the event is all that is told', async () => {
    const { raisedBy, alerts } = await start({ rules: { token_theft: { alert: false } } })
    expect(await raisedBy(theft('sid'))).toEqual(['token_theft'])
    expect(alerts).toEqual([])
  })

  test('a hook that throws or rejects is told once, and disturbs nobody', async () => {
    const told = notices()
    const { raisedBy } = await start({ onAlert: () => Promise.reject(new RangeError('secret')) })
    expect(await raisedBy(theft('a'), { ...theft('b'), sub: 'two' })).toEqual(['token_theft', 'token_theft'])
    expect(told.filter((line) => line.includes('"anomalies.onAlert" failed with RangeError'))).toHaveLength(1)
  })

  test('the risk of a session is the sum of its rules, each counted once, for a day', async () => {
    const rules = {
      token_theft: { risk: 30 },
      refresh_rate: { most: 1, risk: 80 },
      token_networks: { most: 1, risk: 5 },
    }
    const world = await start({ rules })
    const { sid } = await signedIn(world)
    const { risk } = world.sallyport
    expect(await risk.of(sid)).toBe(0)
    await world.raisedBy(theft(sid), theft(sid), refreshed(sid, { ip: '203.0.113.1' }))
    expect(await risk.of(sid)).toBe(30)
    await world.raisedBy(refreshed(sid, { ip: '203.0.113.2' }))
    expect(await risk.of(sid)).toBe(100)
    expect(await risk.of('another')).toBe(0)
    world.clock.turn(86_400_000)
    expect(await risk.of(sid)).toBe(0)
    await expect(risk.of('')).rejects.toThrow(TypeError)
  })

  test('a guard asks for a low risk', async () => {
    let isAway = false
    const store = storeWith((sightings) => ({
      read: (...args) => (isAway ? Promise.resolve({ kind: 'unavailable' }) : sightings.read(...args)),
    }))
    const world = await start({ rules: { token_theft: { risk: 50 } } }, { store })
    const { auth, sid } = await signedIn(world)
    const gate = gateOf(world.sallyport)
    const check = gate.check(gate.guards.requireRiskBelow(50))
    expect(await check(auth, viewOf({}))).toBeUndefined()
    expect(await check({ ...auth, own: false }, viewOf({}))).toMatchObject({ status: 403 })
    expect(await check({ ...auth, session: undefined }, viewOf({}))).toMatchObject({ status: 403 })
    await world.raisedBy(theft(sid))
    expect(await check(auth, viewOf({}))).toMatchObject({ status: 403 })
    expect(await gate.check(gate.guards.requireRiskBelow(51))(auth, viewOf({}))).toBeUndefined()
    isAway = true
    expect(await check(auth, viewOf({}))).toMatchObject({ status: 503 })
    await expect(world.sallyport.risk.of(sid)).rejects.toThrow(UnavailableError)
    for (const score of [0, 101, 1.5, '50'])
      expect(() => gate.guards.requireRiskBelow(score as number)).toThrow(TypeError)
  })
})

test('whatever a listener or a rule does to what it is given, no other notices', async () => {
  notices()
  const orders: string[] = []
  const base = { windowSeconds: 60, most: 5, events: ['login.failed'] } as const
  const spoils: AnomalyRule = {
    ...{ ...base, name: 'spoils' },
    observe(event) {
      Reflect.deleteProperty(event, 'ip')
      return undefined
    },
    judge: () => undefined,
  }
  const reverses: AnomalyRule<'login.failed'> = {
    ...{ ...base, name: 'reverses' },
    observe: ({ reason = '' }) => ({ by: ['one'], value: reason }),
    judge({ values }) {
      orders.push(values.map(({ value }) => value).join(''))
      ;(values as unknown[]).reverse()
      return undefined
    },
  }
  const world = await start({ own: [spoils, reverses] })
  world.sallyport.on('event', (event) => void Reflect.deleteProperty(event, 'ip'))
  for (const reason of 'abc') {
    await world.raisedBy(failed('192.0.2.1', { reason }))
    world.clock.turn(1)
  }
  expect(orders).toEqual(['a', 'ba', 'cba'])
  expect(await world.raisedBy(...times(3, () => failed('192.0.2.1')))).toEqual(['failed_sign_ins'])
  expect(world.alerts[0]?.event.ip).toBe('192.0.2.1')
})

test('a summary is read once', async () => {
  let read = 0
  const finding = {
    get summary() {
      if (read++ > 0) throw new Error('it is read once')
      return 'once'
    },
  }
  const rule: AnomalyRule = {
    ...{ name: 'once', events: ['login.failed'], windowSeconds: 1, most: 1 },
    ...{ observe: () => ({}), judge: () => finding },
  }
  const { raisedBy, alerts } = await start({ own: [rule] })
  expect(await raisedBy(failed('192.0.2.1'))).toEqual(['once'])
  expect(alerts).toMatchObject([{ summary: 'once' }])
})

test('an event whose members are no texts costs no other', async () => {
  const counted = meter()
  const { raisedBy } = await start({}, { meter: counted.meter })
  const broken = { ...failed('x'), previous_ip: { toString: undefined } } as never
  expect(await raisedBy(broken, ...times(6, () => failed('192.0.2.1')), broken)).toEqual(['failed_sign_ins'])
  expect(counted.count('sallyport.anomalies.lost')).toBe(0)
})

test('a response that fails costs no other', async () => {
  const told = notices()
  const store = storeWith((sightings) => ({
    note(all, at) {
      if (all.some(({ value }) => value.startsWith('7.'))) throw new RangeError('secret')
      return sightings.note(all, at)
    },
  }))
  const rules = { new_device: { risk: 7, revoke: true }, long_silence: false } as const
  const world = await start({ rules }, { store })
  const { sid } = await signedIn(world)
  const ended: string[] = []
  world.sallyport.on('event', (event) => event.event === 'session.ended' && ended.push(event.sid))
  const elsewhere = { ...started('one', { user_agent: CHROME }), sid } as EventToTell
  expect(await world.raisedBy(elsewhere, ...times(6, () => failed('192.0.2.1')))).toEqual([
    'new_device',
    'failed_sign_ins',
  ])
  await vi.waitFor(() => expect(ended).toEqual([sid]))
  expect(told.filter((line) => line.includes('the response to an alert failed'))).toHaveLength(1)
})

describe('a user who is forgotten', () => {
  test('begins anew', async () => {
    const world = await start()
    await world.raisedBy(started('one'), started('other'))
    await world.sallyport.forgetUser('one')
    const raised = await world.raisedBy(
      started('one', { user_agent: CHROME }),
      started('other', { user_agent: CHROME }),
    )
    expect(raised).toEqual(['new_device'])
  })

  test('even if something still waits to be noted', async () => {
    const world = await start()
    world.emit(started('one'))
    await world.sallyport.forgetUser('one')
    expect(await world.raisedBy(started('one', { user_agent: CHROME }))).toEqual([])
  })
})

test('after a new secret all users begin anew, and none has a new device', async () => {
  const driver = memoryStore()
  const opened = new Map<string, Store>()
  const store: StoreDriver = {
    ...driver,
    async open(context) {
      const known = opened.get('one') ?? { ...(await driver.open(context)), close: async () => {} }
      opened.set('one', known)
      return known
    },
  }
  const first = 'a secret of the test, with its 32 bytes'
  const before = await start({}, { store, secret: first })
  await before.raisedBy(started('one'))
  const same = await start({}, { store, secret: first })
  expect(await same.raisedBy(started('one', { user_agent: CHROME }))).toEqual(['new_device'])
  const next = await start({}, { store, secret: ['another secret, also with its 32 bytes', first] })
  expect(await next.raisedBy(started('one', { user_agent: 'Another/1.0' }))).toEqual([])
})

test('what was told last is judged before it is closed', async () => {
  const world = await anomaliesWorld()
  world.emit(...times(6, () => failed('192.0.2.1')))
  await world.sallyport.close()
  expect(world.alerts.map(({ rule }) => rule)).toEqual(['failed_sign_ins'])
})

describe('without the option', () => {
  const options: SallyportOptions = {
    secret: 'a secret of the test, with its 32 bytes',
    clock: turnedClock(),
  }

  test('nothing is noted, and whatever needs it says so', async () => {
    let calls = 0
    const store = storeWith(() => ({
      note() {
        calls++
        return Promise.resolve({ kind: 'unavailable' })
      },
    }))
    const sallyport = await createSallyport({ ...options, store })
    closing.push(sallyport.close)
    for (const event of times(9, () => failed('192.0.2.1'))) sallyport.emit(event)
    await sallyport.forgetUser('nobody')
    expect(calls).toBe(0)
    await expect(sallyport.risk.of('session')).rejects.toThrow(ConfigError)
    expect(() => gateOf(sallyport).guards.requireRiskBelow(50)).toThrow(ConfigError)
  })

  test('a store needs no sightings; with it, it does', async () => {
    const driver = memoryStore()
    const store: StoreDriver = {
      ...driver,
      async open(context) {
        const { sightings: _sightings, ...rest } = await driver.open(context)
        return rest
      },
    }
    const sallyport = await createSallyport({ ...options, store })
    await sallyport.close()
    const fault = await configFault(() => createSallyport({ ...options, store, anomalies: {} }))
    expect(fault.message).toBe('"store" cannot keep what is seen, which the option "anomalies" needs')
  })
})
