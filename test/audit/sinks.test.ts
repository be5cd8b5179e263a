import { execFile } from 'node:child_process'
import { PassThrough } from 'node:stream'
import { promisify } from 'node:util'
import { SeverityNumber } from '@opentelemetry/api-logs'
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { type AuditLogger, toAll, toLog, toOpenTelemetry, toStream } from '@sallyport/audit'
import { type AuditSink, createSallyport, type SallyportEvent } from '@sallyport/core'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eventAt, eventsAt, fileSink, start, trailPath, verify } from './trail.ts'

const success = eventAt(0)
const failure = eventAt(1, { event: 'login.failed', outcome: 'failure', ip: '192.0.2.1', user_agent: 'curl' })

test('the events of a Sallyport, as a listener has them, are a trail', async () => {
  const path = await trailPath()
  const sallyport = await createSallyport({ secret: 'pVYxh3kJ9Qm2Zt8Rw5Ln7Bc4Df6Gs1HaTeUoIyPqXrE=' })
  onTestFinished(() => sallyport.close())
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => events.push(event))
  sallyport.emit({ event: 'login.failed', outcome: 'failure', user_agent: 'curl\n"}' })
  sallyport.emit({ event: 'password.changed', outcome: 'success', sub: 'alice' })
  const sink = fileSink(path)
  await sink.write(events)
  await sink.close?.()
  expect(await verify(path)).toMatchObject({ kind: 'whole', records: 2 })
})

describe('a logger', () => {
  test('gets failures as warnings, and all else as information', async () => {
    const stream = new PassThrough()
    await toLog(pino(stream)).write([success, failure])
    const lines = String(stream.read()).split('\n').slice(0, -1)
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 30, audit: success, msg: 'A user signed in', time: expect.any(Number) },
      { level: 40, audit: failure, msg: 'A sign-in failed', time: expect.any(Number) },
    ])
  })

  test('is pino on standard output if none is given', async () => {
    const code = `
      import { toLog } from '@sallyport/audit'
      await toLog().write([${JSON.stringify(success)}])
    `
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
      cwd: import.meta.dirname,
    })
    expect(JSON.parse(stdout)).toMatchObject({ level: 30, audit: success, msg: 'A user signed in' })
  })

  test('is of any kind', async () => {
    const said: unknown[] = []
    const logger: AuditLogger = {
      info: (members, message) => said.push(['info', members, message]),
      warn: (members, message) => said.push(['warn', members, message]),
    }
    await toLog(logger).write([failure])
    expect(said).toEqual([['warn', { audit: failure }, 'A sign-in failed']])
    const console: AuditLogger = globalThis.console
    expect(toLog(console).name).toBe('log')
  })
})

test('OpenTelemetry gets log records with names of its conventions', async () => {
  const exporter = new InMemoryLogRecordExporter()
  const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] })
  onTestFinished(() => provider.shutdown())
  const sink = toOpenTelemetry(provider.getLogger('sallyport'))
  await sink.write([failure, success])
  await provider.forceFlush()
  const [first, second] = exporter.getFinishedLogRecords()
  expect(first).toMatchObject({
    eventName: 'sallyport.login.failed',
    hrTime: [(start + 1 - ((start + 1) % 1000)) / 1000, 1_000_000],
    severityNumber: SeverityNumber.WARN,
    severityText: 'WARN',
    body: 'A sign-in failed',
    attributes: {
      'client.address': '192.0.2.1',
      'user_agent.original': 'curl',
      'session.id': 's1',
      'user.id': 'alice',
      'sallyport.jti': 'j1',
      'sallyport.client_id': 'web',
      'sallyport.outcome': 'failure',
      'sallyport.request_id': 'r1',
    },
  })
  expect(second).toMatchObject({
    severityNumber: SeverityNumber.INFO,
    eventName: 'sallyport.session.started',
  })
})

describe('several sinks', () => {
  /** Keeps events, and fails as often as it is told to. */
  function sinkThatFails(times: number): AuditSink & { readonly kept: SallyportEvent[]; isClosed: boolean } {
    let left = times
    return {
      name: 'test',
      kept: [],
      isClosed: false,
      async write(events) {
        if (left-- > 0) throw new Error('away')
        this.kept.push(...events)
      },
      async close() {
        this.isClosed = true
      },
    }
  }

  test('get each event once, also if one of them fails', async () => {
    const [whole, failing] = [sinkThatFails(0), sinkThatFails(2)]
    const sink = toAll(whole, failing)
    const events = eventsAt(0, 1)
    await expect(sink.write(events)).rejects.toThrow('away')
    events.push(...eventsAt(2))
    await expect(sink.write(events)).rejects.toThrow('away')
    await sink.write(events)
    await sink.write(eventsAt(3))
    for (const { kept } of [whole, failing])
      expect(kept.map(({ time }) => Date.parse(time) - start)).toEqual([0, 1, 2, 3])
    await sink.close?.()
    expect([whole.isClosed, failing.isClosed]).toEqual([true, true])
    expect(sink.name).toBe('test, test')
  })

  test('are closed after the writes that are under way, with what they lacked', async () => {
    const failing = sinkThatFails(1)
    const sink = toAll(failing)
    const written = sink.write(eventsAt(0, 1))
    const closed = sink.close?.()
    await expect(written).rejects.toThrow('away')
    await closed
    expect(failing).toMatchObject({ kept: eventsAt(0, 1), isClosed: true })
  })

  test('are no less than one', () => {
    expect(() => toAll()).toThrow('"toAll.sinks" must be at least one audit sink')
    expect(() => toAll(toStream(new PassThrough()), 1 as never)).toThrow(
      '"toAll.sinks.1" must be an audit sink',
    )
  })
})
