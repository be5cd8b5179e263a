import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { createSallyport, memoryStore, type SallyportOptions, type Tracer } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { afterAll, afterEach, beforeAll, expect, expectTypeOf, test } from 'vitest'
import { viewOf } from './view.ts'

let close: () => Promise<unknown> = async () => {}
beforeAll(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()))
afterEach(() => close())
afterAll(() => context.disable())

async function start(options: SallyportOptions = {}) {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  const tracer = provider.getTracer('sallyport')
  const sallyport = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    store: memoryStore(),
    tracer,
    ...options,
  })
  close = () => Promise.all([sallyport.close(), provider.shutdown()])
  const gate = gateOf(sallyport)
  const [refresh] = gate.routes(['refresh'])
  return {
    ...{ sallyport, tracer, exporter },
    async signIn() {
      const answer = await gate.signIn(viewOf({ ip: '192.0.2.1' }), { subject: 'user-1' })
      return answer.cookies.map((one) => one.split(';', 1)[0]).join('; ')
    },
    refreshed: async (cookie: string) => (await refresh?.handle(viewOf({ headers: { cookie } })))?.status,
  }
}

test('a tracer of the OpenTelemetry API is one', () => {
  expectTypeOf(trace.getTracer('sallyport')).toExtend<Tracer>()
})

test('sign-ins and refreshes are spans of the request, with their outcome and no name', async () => {
  const { tracer, exporter, signIn, refreshed } = await start()
  await tracer.startActiveSpan('request', async (request) => {
    const cookie = await signIn()
    expect(await refreshed(cookie)).toBe(200)
    request.end()
  })
  const spans = exporter.getFinishedSpans()
  expect(spans.map(({ name, attributes, status }) => [name, attributes, status.code])).toEqual([
    ['sallyport.sign_in', { 'sallyport.outcome': 'issued' }, 0],
    ['sallyport.refresh', { 'sallyport.outcome': 'issued' }, 0],
    ['request', {}, 0],
  ])
  const request = spans.at(-1)?.spanContext()
  for (const span of spans.slice(0, 2)) {
    expect(span.spanContext().traceId).toBe(request?.traceId)
    expect(span.parentSpanContext?.spanId).toBe(request?.spanId)
  }
})

test('theft is no error of the server, a store that is away is', async () => {
  let isAway = false
  const memory = memoryStore()
  const { exporter, signIn, refreshed } = await start({
    refresh: { graceSeconds: 0 },
    store: {
      ...memory,
      async open(storeContext) {
        const store = await memory.open(storeContext)
        const { rotate } = store.sessions
        const sessions = {
          ...store.sessions,
          rotate: async (rotation: Parameters<typeof rotate>[0]) =>
            isAway ? ({ kind: 'unavailable' } as const) : rotate(rotation),
        }
        return { ...store, sessions }
      },
    },
  })
  const cookie = await signIn()
  await refreshed(cookie)
  isAway = true
  expect(await refreshed(cookie)).toBe(503)
  isAway = false
  expect(await refreshed(cookie)).toBe(401)
  const outcomes = exporter
    .getFinishedSpans()
    .map(({ attributes, status }) => [attributes['sallyport.outcome'], status.code])
  expect(outcomes).toEqual([
    ['issued', 0],
    ['issued', 0],
    ['unavailable', 2],
    ['reused', 0],
  ])
})

test.each<[string, Tracer]>([
  [
    'before the step',
    {
      startActiveSpan() {
        throw new Error('broken')
      },
    },
  ],
  [
    'after the step',
    {
      startActiveSpan(_name, run) {
        run({ setAttribute() {}, setStatus() {}, end() {} })
        throw new Error('broken')
      },
    },
  ],
  [
    'in the span',
    {
      startActiveSpan: (_name, run) =>
        run({
          setAttribute() {
            throw new Error('broken')
          },
          setStatus() {},
          end() {},
        }),
    },
  ],
  ['without a call', { startActiveSpan() {} }],
  [
    'and calls twice',
    {
      startActiveSpan(_name, run) {
        for (let nth = 0; nth < 2; nth++) run({ setAttribute() {}, setStatus() {}, end() {} })
      },
    },
  ],
  [
    'and calls later',
    {
      startActiveSpan: (_name, run) =>
        setImmediate(() => run({ setAttribute() {}, setStatus() {}, end() {} })),
    },
  ],
  [
    'with promises that reject',
    {
      startActiveSpan(_name, run) {
        const reject = () => Promise.reject(new Error('broken'))
        run({ setAttribute: reject, setStatus: reject, end: reject as never })
        return reject()
      },
    },
  ],
])('a tracer that fails %s changes nothing: each step is taken once', async (_when, tracer) => {
  const { sallyport, signIn, refreshed } = await start({ tracer })
  expect(await refreshed(await signIn())).toBe(200)
  await new Promise(setImmediate)
  expect(await sallyport.sessions.list('user-1')).toHaveLength(1)
})
