import { createSallyport, memoryStore, type Sallyport, type SallyportEvent } from '@sallyport/core'
import { type Delivery, gateOf, type OutboxMessage, type PushReceiver } from '@sallyport/core/adapter'
import type { Store, StoreDriver } from '@sallyport/core/store'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { storeContext } from '../support/store-context.ts'

/** Several processes that share one store in memory. */
let store: Store
const running = new Set<Sallyport>()
/** Each attempt, by all receivers, in their order. */
let attempts: { to: string; body: string; at: number }[]
let events: SallyportEvent[]

beforeEach(async () => {
  vi.useFakeTimers()
  store = await memoryStore().open({ ...storeContext, outbox: { keptMs: 7_200_000 } })
  attempts = []
  events = []
})

afterEach(async () => {
  const closed = Promise.all([...running].map((one) => one.close()))
  await vi.advanceTimersByTimeAsync(5000)
  await closed
  running.clear()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

async function start(given: Partial<Store> = {}): Promise<Sallyport> {
  const driver: StoreDriver = {
    name: 'shared memory',
    shared: true,
    open: () => Promise.resolve({ ...store, ...given }),
  }
  const sallyport = await createSallyport({
    secret: 'abcdefghijklmnopqrstuvwxyz012345',
    store: driver,
    outbox: { giveUpAfterSeconds: 3600 },
  })
  sallyport.on('event', (event) => void events.push(event))
  running.add(sallyport)
  return sallyport
}

type Behave = (message: OutboxMessage, attempt: number, signal: AbortSignal) => Delivery | Promise<Delivery>

const DELIVERED: Delivery = { kind: 'delivered' }
const AWAY: Delivery = { kind: 'retry', reason: 'http_503' }
const kinds: ReadonlySet<string> = new Set(['change', 'session-ended'])

function receiver(
  name: string,
  behave: Behave = () => DELIVERED,
  more: Partial<PushReceiver> = {},
): PushReceiver {
  const counts = new Map<string, number>()
  return {
    ...{ name, kinds },
    async deliver(message, signal) {
      const attempt = (counts.get(message.id) ?? 0) + 1
      counts.set(message.id, attempt)
      attempts.push({ to: name, body: message.body || (message.session ?? ''), at: performance.now() })
      return behave(message, attempt, signal)
    },
    ...more,
  }
}

const bodiesTo = (name: string): string[] => attempts.filter(({ to }) => to === name).map(({ body }) => body)
const append = (sallyport: Sallyport, body: string, subject = 'user'): Promise<unknown> =>
  gateOf(sallyport).outbox.append({ kind: 'change', subject, body })
const pass = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds)
const failures = () => events.filter(({ event }) => event === 'delivery.failed')

describe('a receiver', () => {
  test('gets what was appended, and the end of a session, once', async () => {
    const sallyport = await start()
    gateOf(sallyport).outbox.push(receiver('a'))
    await append(sallyport, '1')
    await sallyport.sessions.revoke('AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')
    await pass(60_000)
    expect(bodiesTo('a')).toEqual(['1', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'])
  })

  test('that is away is tried again soon, by one message at a time, and then gets all in order', async () => {
    const sallyport = await start()
    let isUp = false
    gateOf(sallyport).outbox.push(receiver('a', () => (isUp ? DELIVERED : AWAY)))
    gateOf(sallyport).outbox.push(receiver('b'))
    for (let user = 0; user < 50; user++)
      for (const body of ['1', '2']) await append(sallyport, `${user}.${body}`, `user ${user}`)
    await pass(600_000)
    expect(bodiesTo('b')).toHaveLength(100)
    const inMinute = attempts.filter(({ to, at }) => to === 'a' && at > performance.now() - 60_000)
    // At least one in 1.5 s, and no more than that takes.
    expect(inMinute.length).toBeGreaterThanOrEqual(38)
    expect(inMinute.length).toBeLessThanOrEqual(42)
    isUp = true
    attempts = []
    await pass(2000)
    expect(bodiesTo('a')).toHaveLength(100)
    for (let user = 0; user < 50; user++)
      expect(bodiesTo('a').filter((body) => body.startsWith(`${user}.`))).toEqual([`${user}.1`, `${user}.2`])
    expect(failures()).toEqual([])
  })

  test('that stays away is tried less often, until what it missed is given up', async () => {
    const sallyport = await start()
    gateOf(sallyport).outbox.push(receiver('a', () => AWAY))
    await append(sallyport, '{}')
    await pass(3_500_000)
    expect(failures()).toEqual([])
    const lately = attempts.filter(({ at }) => at > performance.now() - 600_000)
    expect(lately.length).toBeLessThanOrEqual(12)
    await pass(200_000)
    expect(failures()).toMatchObject([
      {
        ...{ outcome: 'failure', reason: 'given_up', action: 'change', sub: 'user' },
        ...{ resource: 'receiver', resource_id: 'a' },
      },
    ])
    expect(await sallyport.outbox.deadLetters()).toMatchObject([
      { receiver: 'a', kind: 'change', subject: 'user', reason: 'given_up' },
    ])
    attempts = []
    await pass(600_000)
    expect(attempts).toEqual([])
  })

  test('that refuses a message is not asked again, and the next message follows', async () => {
    const sallyport = await start()
    gateOf(sallyport).outbox.push(
      receiver('a', ({ body }) => (body === '1' ? { kind: 'refused', reason: 'http_400' } : DELIVERED)),
    )
    for (const body of ['1', '2']) await append(sallyport, body)
    await pass(60_000)
    expect(bodiesTo('a')).toEqual(['1', '2'])
    expect(failures()).toMatchObject([{ reason: 'http_400' }])
  })

  test('that hangs, throws or rejects has not got the message, and nobody waits for it', async () => {
    const sallyport = await start()
    const signals: AbortSignal[] = []
    const hang: Behave = (_message, attempt, signal) => {
      signals.push(signal)
      return attempt > 1 ? DELIVERED : new Promise(() => {})
    }
    const { outbox } = gateOf(sallyport)
    outbox.push(receiver('hangs', hang))
    outbox.push(receiver('rejects', (_m, attempt) => (attempt > 1 ? DELIVERED : Promise.reject(new Error()))))
    outbox.push({
      ...{ name: 'throws', kinds },
      deliver() {
        attempts.push({ to: 'throws', body: '', at: performance.now() })
        if (attempts.filter(({ to }) => to === 'throws').length === 1) throw new TypeError('no')
        return Promise.resolve(DELIVERED)
      },
    })
    outbox.push(receiver('well'))
    await append(sallyport, '1')
    await pass(1000)
    expect(bodiesTo('well')).toEqual(['1'])
    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
    await pass(9000)
    expect(signals[0]?.aborted).toBe(true)
    for (const name of ['hangs', 'rejects', 'throws']) expect(bodiesTo(name)).toHaveLength(2)
    expect(failures()).toEqual([])
  })

  test('that dislikes the messages of one user gets those of the others', async () => {
    const sallyport = await start()
    gateOf(sallyport).outbox.push(receiver('a', ({ subject }) => (subject === 'bad' ? AWAY : DELIVERED)))
    await append(sallyport, 'bad', 'bad')
    await pass(60_000)
    attempts = []
    for (let user = 0; user < 100; user++) await append(sallyport, `${user}`, `user ${user}`)
    await pass(4000)
    expect(bodiesTo('a').filter((body) => body !== 'bad')).toHaveLength(100)
    expect(bodiesTo('a').filter((body) => body === 'bad').length).toBeLessThan(10)
  })

  test('that has disliked a message for long gets another one at once', async () => {
    const sallyport = await start()
    gateOf(sallyport).outbox.push(receiver('a', ({ subject }) => (subject === 'bad' ? AWAY : DELIVERED)))
    await append(sallyport, 'bad', 'bad')
    await pass(2_400_000)
    attempts = []
    for (let user = 0; user < 5; user++) {
      await append(sallyport, 'good', `user ${user}`)
      await pass(2500)
      expect(bodiesTo('a').filter((body) => body === 'good')).toHaveLength(user + 1)
    }
  })

  test('that dislikes many messages gets what comes after them', async () => {
    const sallyport = await start()
    gateOf(sallyport).outbox.push(receiver('a', ({ body }) => (body === 'bad' ? AWAY : DELIVERED)))
    for (let user = 0; user < 140; user++) await append(sallyport, 'bad', `user ${user}`)
    await pass(60_000)
    attempts = []
    for (let user = 0; user < 5; user++) {
      await append(sallyport, 'good', `another ${user}`)
      await pass(5000)
      expect(bodiesTo('a').filter((body) => body === 'good')).toHaveLength(user + 1)
    }
  })

  test('that asks for patience is left alone for so long, at most a minute', async () => {
    const sallyport = await start()
    const patience: Delivery = { kind: 'retry', reason: 'http_429', afterMs: 3_600_000 }
    gateOf(sallyport).outbox.push(receiver('a', (_message, attempt) => (attempt > 1 ? DELIVERED : patience)))
    await append(sallyport, '1')
    await pass(59_000)
    expect(attempts).toHaveLength(1)
    await pass(2000)
    expect(attempts).toHaveLength(2)
  })

  test('gets only its kinds; messages without an order go out together', async () => {
    const sallyport = await start()
    const never: Behave = () => new Promise(() => {})
    gateOf(sallyport).outbox.push(receiver('none', undefined, { kinds: new Set(['other']) }))
    gateOf(sallyport).outbox.push(receiver('any', never, { order: 'any' }))
    gateOf(sallyport).outbox.push(receiver('ordered', never))
    for (const body of ['1', '2', '3']) await append(sallyport, body)
    await pass(500)
    expect(bodiesTo('none')).toEqual([])
    expect(bodiesTo('any')).toEqual(['1', '2', '3'])
    expect(bodiesTo('ordered')).toEqual(['1'])
  })
})

describe('several processes', () => {
  test('send each message once, whoever appends it', async () => {
    const all = [await start(), await start(), await start()]
    for (const one of all) gateOf(one).outbox.push(receiver('a'))
    await pass(1000)
    for (let index = 0; index < 60; index++) {
      const one = all[index % 3]
      if (one !== undefined) await append(one, `${index}`, `user ${index}`)
      if (index % 7 === 0) await pass(20)
    }
    await pass(3000)
    expect(bodiesTo('a').sort()).toEqual(Array.from({ length: 60 }, (_, index) => `${index}`).sort())
  })

  test('what a process appended that then hung is sent by another, within seconds', async () => {
    // Its claims and reads never come back, as if it had been stopped.
    const stuck = await start({
      outbox: {
        ...(store.outbox as NonNullable<Store['outbox']>),
        settle: () => new Promise(() => {}),
      },
    })
    gateOf(stuck).outbox.push(receiver('a'))
    await pass(100)
    await append(stuck, '1')
    await pass(100)
    running.delete(stuck)
    const other = await start()
    gateOf(other).outbox.push(receiver('a'))
    await pass(20_000)
    // Nobody can know whether the first attempt was settled.
    expect(bodiesTo('a')).toEqual(['1', '1'])
  })

  test('one that reaches nobody, or cannot send, leaves it to another', async () => {
    for (const [failure, withinMs] of [
      [AWAY, 20_000],
      [{ kind: 'unable' }, 10_000],
    ] as const) {
      const [faulty, well] = [await start(), await start()]
      gateOf(faulty).outbox.push(receiver('a', () => failure))
      await pass(100)
      for (const body of ['1', '2']) await append(faulty, body)
      await pass(100)
      const delivered: string[] = []
      gateOf(well).outbox.push(
        receiver('a', ({ body }) => {
          delivered.push(body)
          return DELIVERED
        }),
      )
      await pass(withinMs)
      expect(delivered).toEqual(['1', '2'])
      await Promise.all([faulty, well].map((one) => Promise.all([one.close(), pass(2000)])))
    }
  })

  test('the only one that cannot send tries again within two seconds, and not all the time', async () => {
    const sallyport = await start()
    let isAble = false
    gateOf(sallyport).outbox.push(receiver('a', () => (isAble ? DELIVERED : { kind: 'unable' })))
    await append(sallyport, '1')
    await pass(60_000)
    expect(attempts.length).toBeGreaterThan(25)
    expect(attempts.length).toBeLessThan(60)
    attempts = []
    isAble = true
    await pass(2000)
    expect(bodiesTo('a')).toEqual(['1'])
  })

  test('however much there is to read, the right to send is looked after', async () => {
    const real = store.outbox as NonNullable<Store['outbox']>
    let [reads, most] = [0, 0]
    const sallyport = await start({
      outbox: {
        ...real,
        read(query) {
          most = Math.max(most, ++reads)
          return real.read(query)
        },
        settle(what) {
          reads = 0
          return real.settle(what)
        },
      },
    })
    for (let user = 0; user < 2000; user++)
      await real.append({ kind: 'change', subject: `user ${user}`, body: '' }, Date.now())
    gateOf(sallyport).outbox.push(receiver('a', undefined, { kinds: new Set(['other']) }))
    await pass(500)
    expect(most).toBe(8)
    expect(await real.heads()).toEqual({ kind: 'heads', heads: new Map() })
  })

  test('one that hung for longer than it has the right to send sends no more', async () => {
    const sallyport = await start()
    for (const body of ['1', '2']) await append(sallyport, body)
    const { now } = performance
    let hungMs = 0
    vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + hungMs)
    gateOf(sallyport).outbox.push(
      receiver('a', () => {
        // Nothing in this process ran for so long, so another one sends.
        hungMs = 6000
        void store.outbox?.claim('another', 60_000, Date.now() + hungMs)
        return DELIVERED
      }),
    )
    await pass(20_000)
    expect(bodiesTo('a')).toEqual(['1'])
  })

  test('a store that is away for a while loses nothing', async () => {
    let isAway = false
    const real = store.outbox as NonNullable<Store['outbox']>
    const away = { kind: 'unavailable' } as const
    const sallyport = await start({
      outbox: {
        ...real,
        enroll: (name) => (isAway ? Promise.resolve(away) : real.enroll(name)),
        claim: (...args) => (isAway ? Promise.resolve(away) : real.claim(...args)),
        heads: () => (isAway ? Promise.resolve(away) : real.heads()),
        read: (query) => (isAway ? Promise.resolve(away) : real.read(query)),
        settle: (what) => (isAway ? Promise.resolve(away) : real.settle(what)),
      },
    })
    gateOf(sallyport).outbox.push(receiver('a'))
    await pass(100)
    isAway = true
    await append(sallyport, '1')
    await pass(20_000)
    isAway = false
    await pass(2000)
    expect(bodiesTo('a')).toEqual(['1'])
    await pass(20_000)
    expect(bodiesTo('a')).toEqual(['1'])
  })

  test('cost the store next to nothing while nothing is sent', async () => {
    let calls = 0
    const real = store.outbox as NonNullable<Store['outbox']>
    const counted = Object.fromEntries(
      Object.entries(real).map(([name, step]) => [
        name,
        (...args: unknown[]) => {
          calls++
          return (step as (...all: unknown[]) => unknown)(...args)
        },
      ]),
    ) as unknown as typeof real
    const sallyport = await start({ outbox: counted })
    gateOf(sallyport).outbox.push(receiver('a'))
    await append(sallyport, '1')
    await pass(10_000)
    calls = 0
    await pass(600_000)
    expect(calls).toBeLessThanOrEqual(60)
  })
})

describe('whoever comes and asks', () => {
  test('gets the same messages until they are acknowledged, and is asked for no more', async () => {
    const sallyport = await start()
    const poll = gateOf(sallyport).outbox.poll('p', kinds)
    await pass(10)
    for (const body of ['1', '2', '3']) await append(sallyport, body)
    const bodies = async (most: number) => {
      const reading = await poll.read(most)
      if (reading.kind === 'unavailable') throw new TypeError('away')
      return [reading.messages.map(({ body }) => body), reading.more, reading.messages] as const
    }
    const [first, isMore, messages] = await bodies(2)
    expect([first, isMore]).toEqual([['1', '2'], true])
    expect((await bodies(2)).slice(0, 2)).toEqual([['1', '2'], true])
    expect((await bodies(0)).slice(0, 2)).toEqual([[], true])
    await poll.acknowledge(messages.slice(0, 1).map(({ id }) => id))
    await poll.refuse(messages[1]?.id ?? '', 'not_for_me')
    expect((await bodies(5)).slice(0, 2)).toEqual([['3'], false])
    expect(failures()).toMatchObject([{ reason: 'not_for_me', resource_id: 'p', sub: 'user' }])
  })

  test('gets what it missed for as long as that is kept; what was given up is told once a day', async () => {
    const all = [await start(), await start()]
    const [poll] = all.map((one) => gateOf(one).outbox.poll('p', kinds))
    const [sallyport] = all
    if (poll === undefined || sallyport === undefined) throw new TypeError('two processes')
    for (let user = 0; user < 300; user++) await append(sallyport, `${user}`, `user ${user}`)
    await pass(3_590_000)
    expect(await poll.read(1)).toMatchObject({ messages: [{ body: '0' }], more: true })
    await append(sallyport, 'late')
    expect(failures()).toEqual([])
    await pass(700_000)
    expect(await poll.read(5)).toMatchObject({ messages: [{ body: 'late' }], more: false })
    const [event, ...more] = failures()
    expect(more).toEqual([])
    expect(event).toMatchObject({ action: 'change', reason: 'not_fetched', resource_id: 'p' })
    expect(event).not.toHaveProperty('sub')
    expect(await sallyport.outbox.deadLetters()).toEqual([
      expect.objectContaining({ receiver: 'p', reason: 'not_fetched' }),
    ])
    for (const events of [1, 2]) {
      vi.setSystemTime(Date.now() + 3_600_001)
      await pass(700_000)
      expect(failures()).toHaveLength(events)
      vi.setSystemTime(Date.now() + 86_400_000)
      await append(sallyport, 'missed')
    }
  })

  test('does not make a process that only answers ask the store more than each ten seconds', async () => {
    let calls = 0
    const real = store.outbox as NonNullable<Store['outbox']>
    const count =
      <Args extends unknown[], Result>(step: (...args: Args) => Result) =>
      (...args: Args): Result => {
        calls++
        return step(...args)
      }
    const counted = { ...real, heads: count(real.heads), claim: count(real.claim), read: count(real.read) }
    const sallyport = await start({ outbox: counted })
    gateOf(sallyport).outbox.poll('p', kinds)
    await append(sallyport, '1')
    await pass(60_000)
    calls = 0
    await pass(1_200_000)
    expect(calls).toBeLessThanOrEqual(120 + 2 * 3 + 4)
  })
})

describe('what is refused', () => {
  test('a second receiver of one name, a body that is too long, and an outbox that is not set up', async () => {
    const sallyport = await start()
    const { outbox } = gateOf(sallyport)
    outbox.push(receiver('a'))
    expect(() => outbox.push(receiver('a'))).toThrow('the outbox has a receiver "a" already')
    await expect(append(sallyport, 'x'.repeat(4097))).rejects.toThrow('more than 4096 bytes')
    const without = await createSallyport({ store: memoryStore() })
    running.add(without)
    expect(() => gateOf(without).outbox.push(receiver('a'))).toThrow('"outbox" is required')
    expect(await without.outbox.deadLetters()).toEqual([])
    const { outbox: _outbox, ...less } = store
    const driver = { name: 'less', shared: true, open: () => Promise.resolve(less) }
    await expect(createSallyport({ store: driver, outbox: {} })).rejects.toThrow(
      'needs a store that keeps messages',
    )
  })
})

test('a process that lets others send for a moment, or waits for them, is closed at once', async () => {
  const [one, other] = [await start(), await start()]
  for (const sallyport of [one, other])
    gateOf(sallyport).outbox.push(receiver('a', () => ({ kind: 'unable' })))
  await gateOf(one).outbox.append({ kind: 'change', subject: 'alice' })
  await gateOf(other).outbox.append({ kind: 'change', subject: 'alice' })
  let closed = 0
  for (const sallyport of [one, other]) {
    await vi.advanceTimersByTimeAsync(500)
    void sallyport.close().then(() => closed++)
    await vi.advanceTimersByTimeAsync(0)
  }
  expect(closed).toBe(2)
})
