import { metrics as api } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { createSallyport, type Meter, memoryStore, type SallyportOptions } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { afterEach, expect, expectTypeOf, test } from 'vitest'
import { textIn } from '../support/text-in.ts'
import { turnedClock } from '../support/turned-clock.ts'
import { viewOf } from './view.ts'

let close: () => Promise<unknown> = async () => {}
afterEach(() => close())

interface Point {
  readonly value: number
  readonly attributes: Readonly<Record<string, unknown>>
}

async function start(options: SallyportOptions = {}) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 })
  const provider = new MeterProvider({ readers: [reader] })
  const clock = turnedClock()
  const sallyport = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    store: memoryStore(),
    clock,
    meter: provider.getMeter('sallyport'),
    ...options,
  })
  close = () => Promise.all([sallyport.close(), provider.shutdown()])
  const { verifier, signIn } = gateOf(sallyport)
  return {
    sallyport,
    clock,
    async signIn(subject: string) {
      const answer = await signIn(viewOf({}), { subject })
      return (JSON.parse(textIn(answer.body)) as { access_token: string }).access_token
    },
    ask: (token: string) => verifier()(viewOf({ headers: { authorization: `Bearer ${token}` } })),
    async read(): Promise<ReadonlyMap<string, readonly Point[]>> {
      await reader.forceFlush()
      const { scopeMetrics = [] } = exporter.getMetrics().at(-1) ?? {}
      return new Map(
        scopeMetrics.flatMap(({ metrics }) =>
          metrics.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints as Point[]] as const),
        ),
      )
    },
  }
}

test('a meter of the OpenTelemetry API is one', () => {
  expectTypeOf(api.getMeter('sallyport')).toExtend<Meter>()
})

test('every event is counted, by its name, outcome and reason', async () => {
  const { sallyport, signIn, ask, read } = await start()
  await signIn('one')
  await signIn('one')
  await ask('x')
  await sallyport.sessions.revokeAll('one')
  const points = (await read()).get('sallyport.events') ?? []
  const counted = points.map(({ attributes, value }) => ({ ...attributes, value }))
  expect(counted).toContainEqual({ event: 'session.started', outcome: 'success', value: 2 })
  expect(counted).toContainEqual({
    ...{ event: 'session.ended', outcome: 'success', value: 2 },
    reason: 'revoked_by_application',
  })
  expect(counted).toContainEqual({
    ...{ event: 'token.refused', outcome: 'failure', value: 1 },
    reason: 'token_malformed',
  })
})

test('requests are counted without an event, and which tokens were known', async () => {
  const { signIn, ask, read, sallyport } = await start()
  const events: string[] = []
  const token = await signIn('one')
  sallyport.on('event', ({ event }) => events.push(event))
  for (let count = 0; count < 5; count++) expect(await ask(token)).toMatchObject({ kind: 'allow' })
  await sallyport.sessions.revokeAll('one')
  expect(await ask(token)).toMatchObject({ kind: 'refuse' })
  const all = await read()
  expect(all.get('sallyport.requests.allowed')?.map(({ value }) => value)).toEqual([5])
  const inspected = new Map(
    all.get('sallyport.tokens.inspected')?.map(({ attributes, value }) => [attributes.known, value]),
  )
  expect(inspected).toEqual(
    new Map([
      ['true', 5],
      ['false', 1],
    ]),
  )
  expect(events.filter((event) => event !== 'session.ended')).toEqual(['token.refused'])
})

test('what this process holds is observed', async () => {
  const { sallyport, clock, signIn, read } = await start()
  const verdict = await sallyport.tokens.verify(await signIn('one'))
  if (verdict.kind !== 'valid') throw new Error('a good token')
  sallyport.endOnRevocation(verdict.auth, () => {})
  await sallyport.tokens.revoke('some token')
  await sallyport.sessions.revokeAll('another')
  await signIn('two')
  clock.turn(3000)
  const all = await read()
  const only = (name: string): number | undefined => all.get(`sallyport.${name}`)?.[0]?.value
  expect(only('connections.open')).toBe(1)
  expect(only('revocations.held')).toBe(2)
  expect(only('revocations.staleness')).toBe(3)
  expect(only('keys.age')).toBe(3)
  expect(all.get('sallyport.keys.age')?.[0]?.attributes).toEqual({ kid: expect.any(String), state: 'active' })
})

test('the longest way of a revocation is reported once', async () => {
  const waits = [1500, 500]
  const memory = memoryStore()
  const { sallyport, clock, read } = await start({
    store: {
      ...memory,
      async open(context) {
        const { revocations, ...others } = await memory.open(context)
        const onNews: typeof revocations.onNews = (listener) =>
          revocations.onNews((news) => {
            clock.turn(waits.shift() ?? 0)
            listener(news)
          })
        return { ...others, revocations: { ...revocations, onNews } }
      },
    },
  })
  const lag = async (): Promise<number | undefined> =>
    (await read()).get('sallyport.revocations.lag')?.[0]?.value
  await sallyport.tokens.revoke('one')
  await sallyport.tokens.revoke('another')
  expect(await lag()).toBe(1.5)
  expect(await lag()).toBe(0)
})

test('no more reasons are told apart than a hundred', async () => {
  const { sallyport, read } = await start()
  for (let index = 0; index < 300; index++)
    sallyport.emit({ event: 'login.failed', outcome: 'failure', reason: `reason ${index}` })
  const points = (await read()).get('sallyport.events') ?? []
  const failed = points.filter(({ attributes }) => attributes.event === 'login.failed')
  expect(failed).toHaveLength(101)
  expect(failed.find(({ attributes }) => attributes.reason === 'other')?.value).toBe(200)
})

test('a meter without a memory of its own asks for all of it each time', async () => {
  const reads: (() => Point[])[] = []
  const observable = {
    addCallback(callback: (result: { observe(value: number, attributes?: object): void }) => void) {
      reads.push(() => {
        const points: Point[] = []
        callback({
          observe: (value, attributes = {}) => points.push({ value, attributes: { ...attributes } }),
        })
        return points
      })
    },
  }
  const meter: Meter = { createObservableCounter: () => observable, createObservableGauge: () => observable }
  const { signIn } = await start({ meter })
  for (const value of [1, 2]) {
    await signIn('one')
    expect(reads.flatMap((read) => read())).toContainEqual({
      value,
      attributes: { event: 'session.started', outcome: 'success' },
    })
  }
})
