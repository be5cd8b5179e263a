import { setTimeout as after } from 'node:timers/promises'
import {
  type AuditOptions,
  createSallyport,
  memoryStore,
  type SallyportEvent,
  type SallyportOptions,
  UnavailableError,
} from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { afterEach, expect, test, vi } from 'vitest'
import { textIn } from '../support/text-in.ts'
import { turnedClock } from '../support/turned-clock.ts'
import { viewOf } from './view.ts'

let close: () => Promise<unknown> = async () => {}
afterEach(async () => {
  await close()
  vi.restoreAllMocks()
})

/** A sink that can be broken and held up. */
function controlledSink() {
  const written: SallyportEvent[] = []
  let state: 'good' | 'broken' | 'stuck' = 'good'
  let release: () => void = () => {}
  let underWay = 0
  let closed = 0
  return {
    name: 'test',
    written,
    names: () => written.map(({ event }) => event),
    async write(events: readonly SallyportEvent[]) {
      underWay++
      expect(underWay).toBe(1)
      try {
        if (state === 'stuck') await new Promise<void>((resolve) => (release = resolve))
        if (state === 'broken') throw Object.assign(new Error('a password'), { code: 'ENOSPC' })
        written.push(...events)
      } finally {
        underWay--
      }
    },
    async close() {
      closed++
    },
    closings: () => closed,
    set(next: 'good' | 'broken' | 'stuck') {
      state = next
      release()
    },
  }
}

async function start(audit: Partial<AuditOptions> = {}, options: SallyportOptions = {}) {
  const notices: string[] = []
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void notices.push(String(warning)))
  const sink = controlledSink()
  const clock = turnedClock()
  const sallyport = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    store: memoryStore(),
    audit: { sink, subjects: 'plain', ...audit },
    clock,
    ...options,
  })
  close = () => sallyport.close()
  // What no listener could hear yet.
  await vi.waitFor(() => expect(sink.names()).toEqual(['key.rotated']))
  sink.written.length = 0
  const gate = gateOf(sallyport)
  const verify = gate.verifier()
  const [refresh] = gate.routes(['refresh'])
  const [logout] = gate.routes(['logout'])
  const cookieOf = (cookies: readonly string[]) => cookies.map((one) => one.split(';', 1)[0]).join('; ')
  return {
    ...{ sallyport, gate, sink, clock, notices },
    async signIn(subject: string) {
      const { status, body = '', cookies } = await gate.signIn(viewOf({ ip: '192.0.2.1' }), { subject })
      if (status !== 200) return { status, token: '', cookie: '' }
      const { access_token: token } = JSON.parse(textIn(body)) as { access_token: string }
      return { status, token, cookie: cookieOf(cookies) }
    },
    ask: (token: string, ip = '192.0.2.1') =>
      verify(viewOf({ method: 'GET', ip, headers: { authorization: `Bearer ${token}` } })),
    async refreshed(cookie: string) {
      const answer = await refresh?.handle(viewOf({ headers: { cookie } }))
      return { status: answer?.status, cookie: cookieOf(answer?.cookies ?? []) }
    },
    loggedOut: async (cookie: string) => (await logout?.handle(viewOf({ headers: { cookie } })))?.status,
    /** When the sink has been asked for all that was told so far. */
    settled: () => after(150),
  }
}

test('every event is written, in its order and once', async () => {
  const { sallyport, sink, signIn, settled } = await start()
  const told: SallyportEvent[] = []
  sallyport.on('event', (event) => told.push(event))
  const { token } = await signIn('one')
  await sallyport.sessions.revokeAll('one')
  for (let n = 0; n < 1200; n++)
    sallyport.emit({ event: 'login.failed', outcome: 'failure', reason: `number ${n}` })
  await settled()
  expect(token).not.toBe('')
  expect(told.length).toBe(1202)
  expect(sink.written).toEqual(told)
})

test('what a sink does not take is written later, and told once', async () => {
  const { sallyport, sink, notices, signIn, ask, settled } = await start()
  sink.set('broken')
  const { status, token } = await signIn('one')
  expect(status).toBe(200)
  expect(await ask(token)).toMatchObject({ kind: 'allow' })
  sallyport.emit({ event: 'password.changed', outcome: 'success', sub: 'one' })
  await settled()
  expect(sink.written).toEqual([])
  sink.set('good')
  await vi.waitFor(() =>
    expect(sink.names()).toEqual(['session.started', 'token.accepted', 'password.changed']),
  )
  expect(notices).toEqual([
    'the audit sink "test" failed with ENOSPC: up to 10000 events wait until it is back',
    'the audit sink "test" is back',
  ])
})

test('a sink that never answers holds up nobody, and what it has no room for is counted', async () => {
  const counts = new Map<string, () => number>()
  const meter = {
    createObservableGauge: () => ({ addCallback: () => {} }),
    createObservableCounter: (name: string) => ({
      addCallback: (read: (result: { observe(value: number): void }) => void) =>
        void counts.set(name, () => {
          const values: number[] = []
          read({ observe: (value) => void values.push(value) })
          return values[0] ?? Number.NaN
        }),
    }),
  }
  const { sallyport, sink, notices, signIn, settled } = await start(
    { waiting: 100, timeoutMs: 50 },
    { meter },
  )
  sink.set('stuck')
  await signIn('one')
  await settled()
  for (let n = 0; n < 100_000; n++)
    sallyport.emit({ event: 'login.failed', outcome: 'failure', reason: `number ${n}` })
  expect(counts.get('sallyport.audit.dropped')?.()).toBe(99_901)
  expect((await signIn('two')).status).toBe(200)
  await vi.waitFor(() => expect(notices.join('\n')).toContain('the audit sink "test" does not answer'))
  expect(notices.filter((one) => one.includes('lost'))).toEqual([
    'audit events are lost: 100 wait for the sink "test" already',
  ])
  sink.set('good')
  await vi.waitFor(() => expect(sink.written.length).toBe(100))
  expect(sink.written.at(-1)).toMatchObject({ reason: 'number 98' })
})

test('what is still waiting is written at the end, and the sink is closed once', async () => {
  const { sallyport, sink, signIn } = await start()
  await signIn('one')
  await Promise.all([sallyport.close(), sallyport.close()])
  expect(sink.names()).toEqual(['session.started'])
  expect(sink.closings()).toBe(1)
})

test('the end does not wait for a sink that is away', async () => {
  const { sallyport, sink, notices, signIn, settled } = await start({ timeoutMs: 50 })
  sink.set('stuck')
  await signIn('one')
  await settled()
  await sallyport.close()
  expect(notices.at(-1)).toBe('the audit sink "test" has not taken the last 1 events')
  sink.set('good')
})

test('if it is required, an answer comes when its events are written', async () => {
  const { sallyport, sink, signIn, ask, refreshed, loggedOut } = await start({ required: true })
  const first = await signIn('one')
  expect(sink.names()).toEqual(['session.started'])
  await ask(first.token)
  expect(sink.names().at(-1)).toBe('token.accepted')
  const second = await refreshed(first.cookie)
  expect(sink.names().at(-1)).toBe('session.refreshed')
  await ask('x')
  expect(sink.names().at(-1)).toBe('token.refused')
  expect(await loggedOut(second.cookie)).toBe(204)
  expect(sink.names().at(-1)).toBe('session.ended')
  await signIn('two')
  await sallyport.sessions.revokeAll('two')
  expect(sink.names().slice(-2)).toEqual(['session.started', 'session.ended'])
})

test('if it is required and away, nothing begins, and everything goes on as soon as it is back', async () => {
  const { sallyport, gate, sink, notices, signIn, ask, refreshed, loggedOut, settled } = await start(
    { required: true },
    { refresh: { graceSeconds: 0 } },
  )
  const { token, cookie } = await signIn('one')
  expect(await ask(token)).toMatchObject({ kind: 'allow' })
  sink.set('broken')
  sallyport.emit({ event: 'login.failed', outcome: 'failure' })
  await settled()
  expect((await signIn('two')).status).toBe(503)
  expect(await ask(token)).toMatchObject({ kind: 'refuse', answer: { status: 503 } })
  expect(await ask('x')).toMatchObject({ kind: 'refuse', answer: { status: 503 } })
  expect(await refreshed(cookie)).toMatchObject({ status: 503 })
  expect(await loggedOut(cookie)).toBe(503)
  const away = {
    name: 'UnavailableError',
    status: 503,
    message: 'the audit trail cannot be written; try again',
  }
  const view = viewOf({})
  const check = vi.fn(() => 'somebody')
  await expect(sallyport.sessions.revokeAll('one')).rejects.toMatchObject(away)
  await expect(sallyport.sessions.revoke('nobody')).rejects.toBeInstanceOf(UnavailableError)
  await expect(sallyport.tokens.revoke('a-token')).rejects.toMatchObject(away)
  await expect(sallyport.keys.rotate()).rejects.toMatchObject(away)
  await expect(sallyport.revokeAll()).rejects.toMatchObject(away)
  await expect(sallyport.forgetUser('one')).rejects.toMatchObject(away)
  await expect(sallyport.lockout.unlock('one')).rejects.toMatchObject(away)
  await expect(gate.sessions.start(view, { subject: 'one' })).rejects.toMatchObject(away)
  await expect(gate.sessions.end(viewOf({ headers: { cookie } }))).rejects.toMatchObject(away)
  expect(await gate.lockout.guard(view, 'one', check)).toEqual({
    kind: 'refused',
    problem: 'audit_unavailable',
  })
  expect(check).not.toHaveBeenCalled()
  expect(await sallyport.sessions.list('one')).toHaveLength(1)
  expect(await sallyport.sessions.list('two')).toHaveLength(0)

  sink.set('good')
  await vi.waitFor(() => expect(sink.names()).toContain('login.failed'))
  expect(await ask(token)).toMatchObject({ kind: 'allow' })
  expect((await refreshed(cookie)).status).toBe(200)
  expect(notices[0]).toBe(
    'the audit sink "test" failed with ENOSPC: requests are refused with 503 until it is back',
  )
})

test('if it is required, what happened meanwhile is written in the end, and its answer is 503', async () => {
  const { sink, signIn, refreshed } = await start({ required: true })
  const { cookie } = await signIn('one')
  sink.set('broken')
  expect((await refreshed(cookie)).status).toBe(503)
  sink.set('good')
  await vi.waitFor(() => expect(sink.names()).toEqual(['session.started', 'session.refreshed']))
  // The client, which has had no answer, asks again within the grace.
  expect((await refreshed(cookie)).status).toBe(200)
})

test('if it is required, nothing is dropped: requests are refused while too much waits', async () => {
  const { sallyport, sink, signIn, ask } = await start({ required: true, waiting: 100, timeoutMs: 60_000 })
  const { token } = await signIn('one')
  await ask(token)
  for (let n = 0; n < 5000; n++)
    sallyport.emit({ event: 'login.failed', outcome: 'failure', reason: `number ${n}` })
  expect(await ask(token)).toMatchObject({ kind: 'refuse', answer: { status: 503 } })
  await vi.waitFor(() => expect(sink.written.length).toBe(5002))
  expect(await ask(token)).toMatchObject({ kind: 'allow' })
})

test('if it is required, a sink that does not answer in time is away', async () => {
  const { sink, signIn, ask } = await start({ required: true, timeoutMs: 50 })
  const { token } = await signIn('one')
  sink.set('stuck')
  expect((await signIn('two')).status).toBe(503)
  expect(await ask(token)).toMatchObject({ kind: 'refuse', answer: { status: 503 } })
  sink.set('good')
  await vi.waitFor(async () => expect(await ask(token)).toMatchObject({ kind: 'allow' }))
  expect(sink.names()).toEqual(['session.started', 'session.started', 'token.accepted'])
})

test('who may use a good token without an event is up to a policy', async () => {
  async function toldOf(verifications: AuditOptions['verifications']): Promise<number> {
    const { sink, signIn, ask, settled } = await start(verifications === undefined ? {} : { verifications })
    const { token } = await signIn('one')
    const other = (await signIn('two')).token
    for (let n = 0; n < 10; n++) {
      await ask(token)
      await ask(other)
    }
    await settled()
    await close()
    return sink.names().filter((name) => name === 'token.accepted').length
  }
  expect(await toldOf(undefined)).toBe(2)
  expect(await toldOf('first')).toBe(2)
  expect(await toldOf('none')).toBe(0)
  expect(await toldOf('all')).toBe(20)
  expect(await toldOf(0.25)).toBe(5)
  expect(await toldOf(0)).toBe(0)
  expect(await toldOf(1)).toBe(20)
})

test('uses of a share are told together, with the time of each, and before whatever is told later', async () => {
  const { sallyport, sink, clock, signIn, gate } = await start({ verifications: 1 })
  const verify = gate.verifier()
  const { token } = await signIn('one')
  const told: SallyportEvent[] = []
  sallyport.on('event', (event) => told.push(event))
  const times: string[] = []
  const headers = { authorization: `Bearer ${token}`, 'user-agent': 'Firefox', 'x-request-id': 'request-1' }
  for (let n = 0; n < 3; n++) {
    let ip: string | undefined = `192.0.2.${n}`
    times.push(new Date(clock.now()).toISOString())
    await verify({
      ...viewOf({ method: 'GET', headers }),
      get ip() {
        return ip
      },
    })
    // As that of a connection that has been closed.
    ip = undefined
    clock.turn(10)
  }
  expect(told).toEqual([])
  sallyport.emit({ event: 'login.failed', outcome: 'failure' })
  expect(told.map(({ event }) => event)).toEqual([...times.map(() => 'token.accepted'), 'login.failed'])
  for (const [n, time] of times.entries())
    expect(told[n]).toMatchObject({
      time,
      ip: `192.0.2.${n}`,
      user_agent: 'Firefox',
      request_id: 'request-1',
      sub: 'one',
    })
  await vi.waitFor(() => expect(sink.written).toEqual(expect.arrayContaining(told)))
})

test('nobody has to tell anything for the uses of a share to be told, in time or at the end', async () => {
  const { sallyport, sink, signIn, ask } = await start({ verifications: 1 })
  const { token } = await signIn('one')
  await ask(token)
  await vi.waitFor(() => expect(sink.names()).toEqual(['session.started', 'token.accepted']))
  await ask(token)
  await sallyport.close()
  expect(sink.names()).toEqual(['session.started', 'token.accepted', 'token.accepted'])
})

test('no more uses wait than a thousand', async () => {
  const { sallyport, signIn, ask } = await start({ verifications: 1 })
  const { token } = await signIn('one')
  let told = 0
  sallyport.on('event', () => told++)
  // From now on nothing has to be waited for.
  await ask(token)
  for (let n = 1; n < 999; n++) void ask(token)
  expect(told).toBe(0)
  void ask(token)
  expect(told).toBe(1000)
})

test('with "required", a use of a share is written before its answer', async () => {
  const { sink, signIn, ask } = await start({ verifications: 1, required: true })
  const { token } = await signIn('one')
  sink.written.length = 0
  await ask(token)
  expect(sink.names()).toEqual(['token.accepted'])
})

test('whenever the address of a token changes, its use is told, each address once in 30 seconds', async () => {
  const { sink, clock, signIn, ask, settled } = await start()
  const { token } = await signIn('one')
  const toldFrom = async (...hosts: readonly number[]): Promise<number[]> => {
    const before = sink.written.length
    for (const host of hosts) await ask(token, `192.0.2.${host}`)
    await settled()
    return sink.written.slice(before).map(({ ip = '' }) => Number(ip.split('.').at(-1)))
  }
  await settled()
  expect(await toldFrom(1, 1, 2, 1, 2, 2, 1)).toEqual([1, 2])
  clock.turn(29_999)
  expect(await toldFrom(2, 1)).toEqual([])
  clock.turn(1)
  // Nobody else has used it meanwhile.
  expect(await toldFrom(1, 1)).toEqual([])
  expect(await toldFrom(2, 1, 2)).toEqual([2, 1])
  // A thief with many addresses causes no more events than these.
  expect(await toldFrom(...Array.from({ length: 40 }, (_, n) => 10 + (n % 20)))).toHaveLength(6)
  expect(sink.written.at(-1)).toMatchObject({ event: 'token.accepted', outcome: 'success', sub: 'one' })
  expect(sink.written.at(-1)?.sid).toBeDefined()
  expect(sink.written.at(-1)?.jti).toBeDefined()
})

test('the end takes as long as the sink goes on, and the sink is closed after its last write', async () => {
  const order: string[] = []
  const slow = {
    name: 'slow',
    async write(events: readonly SallyportEvent[]) {
      await after(40)
      order.push(`wrote ${events.length}`)
    },
    async close() {
      order.push('closed')
    },
  }
  const sallyport = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    store: memoryStore(),
    audit: { sink: slow, timeoutMs: 100, subjects: 'plain' },
  })
  for (let n = 0; n < 3000; n++) sallyport.emit({ event: 'login.failed', outcome: 'failure' })
  await sallyport.close()
  expect(order.at(-1)).toBe('closed')
  expect(order.filter((one) => one.startsWith('wrote')).length).toBeGreaterThanOrEqual(6)
})

test('a sink that answers after the end is closed after it has', async () => {
  const { sallyport, sink, signIn, settled } = await start({ timeoutMs: 50 })
  sink.set('stuck')
  await signIn('one')
  await settled()
  await sallyport.close()
  expect(sink.closings()).toBe(0)
  sink.set('good')
  await vi.waitFor(() => expect(sink.closings()).toBe(1))
  expect(sink.names()).toEqual(['session.started'])
})

test('if it is required, nothing is answered whose event comes after the end', async () => {
  const { sallyport, sink, signIn } = await start({ required: true })
  const closing = sallyport.close()
  const during = await signIn('one')
  await closing
  expect(during.status === 503 || sink.names().includes('session.started')).toBe(true)
  expect((await signIn('two')).status).toBe(503)
  await expect(sallyport.sessions.revokeAll('one')).rejects.toBeInstanceOf(UnavailableError)
})

test('if it is required and away, what a page of another site sends is told by nobody', async () => {
  const { sallyport, gate, sink, settled } = await start({ required: true })
  sink.set('broken')
  sallyport.emit({ event: 'login.failed', outcome: 'failure' })
  await settled()
  const told: string[] = []
  sallyport.on('event', ({ event }) => told.push(event))
  const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
  const route = gate.route.cookie('/page', {
    GET: () => ({ status: 200, headers: {}, cookies: [], body: undefined }),
  })
  expect(await route.handle(viewOf({ method: 'GET', headers }))).toMatchObject({ status: 503 })
  await expect(gate.sessions.end(viewOf({ headers }))).rejects.toBeInstanceOf(UnavailableError)
  expect(told).toEqual([])
})

test('if it is required, a call that rejects does so when its events are written', async () => {
  const { sallyport, sink, signIn } = await start(
    { required: true, subjects: 'pseudonyms' },
    {
      store: {
        ...memoryStore(),
        async open(context) {
          const store = await memoryStore().open(context)
          return { ...store, sessions: { ...store.sessions, erase: async () => ({ kind: 'unavailable' }) } }
        },
      },
    },
  )
  await signIn('one')
  await expect(sallyport.forgetUser('one')).rejects.toBeInstanceOf(UnavailableError)
  expect(sink.names()).toContain('session.ended')
})

test('no listener can change what is written', async () => {
  const { sallyport, sink, signIn, settled } = await start()
  sallyport.on('event', (event) => {
    Object.assign(event, { email: 'alice@example.com', outcome: 'failure' })
  })
  await signIn('one')
  await settled()
  expect(sink.written[0]).toMatchObject({ event: 'session.started', outcome: 'success' })
  expect(sink.written[0]).not.toHaveProperty('email')
})

test('whatever an application tells, texts are written, and addresses in one form', async () => {
  const { sallyport, sink, settled } = await start()
  const odd = {
    ...{ event: 'login.failed', outcome: 'failure', sub: 42n, sid: null, user_agent: 7 },
    ...{ ip: '::ffff:192.0.2.1', reason: Symbol('why'), jti: { toString: () => 'a jti' } },
    kid: Object.create(null) as unknown,
  }
  sallyport.emit(odd as never)
  await settled()
  expect(sink.written).toEqual([
    {
      ...{
        time: expect.any(String),
        request_id: expect.any(String),
        event: 'login.failed',
        outcome: 'failure',
      },
      ...{ sub: '42', user_agent: '7', ip: '192.0.2.1', reason: 'Symbol(why)', jti: 'a jti' },
    },
  ])
})

test('without a trail, the use of a good token is no event', async () => {
  const sallyport = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    store: memoryStore(),
  })
  close = () => sallyport.close()
  const told: string[] = []
  sallyport.on('event', ({ event }) => told.push(event))
  const { signIn, verifier } = gateOf(sallyport)
  const { body = '' } = await signIn(viewOf({}), { subject: 'one' })
  const { access_token: token } = JSON.parse(textIn(body)) as { access_token: string }
  const view = viewOf({ method: 'GET', headers: { authorization: `Bearer ${token}` } })
  expect(await verifier()(view)).toMatchObject({ kind: 'allow' })
  expect(told).toEqual(['session.started'])
})
