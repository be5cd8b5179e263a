import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { toAll, toFile, toLog, toOpenTelemetry, toRedisStream, toStream, verifyTrail } from '@sallyport/audit'
import { createSallyport } from '@sallyport/express'
import { redisStore } from '@sallyport/redis'
import express from 'express'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { listening } from '../support/listening.ts'
import { startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'

const ROUNDS = 2000
const PASSWORD = 'canary-password-5d21f0c7'
const SECRET = 'canary-secret-of-the-server-6be1a94d0c35'
const KEY = Buffer.from('canary-audit-key-82c5e1d7f03b6a9').subarray(0, 32)

/** Texts by which a client would write a line, a member or a colour of its own, or end a field of some format. */
const TRICKS: readonly string[] = [
  '\u2028{"event":"key.compromised"}',
  '","event":"key.compromised","x":"',
  '\\r\\n{"event":"key.compromised"}',
  '%0d%0aCEF:0|x|x|1|key.compromised|x|10|',
  '| \\| suid=root cs6=forged',
  '= \\= \\\\',
  '\u009b31m\u001b[2J',
  '\u202etxt.exe',
  '\ud800',
  '\u0000',
  '$' + '{jndi:ldap://x.test/a}',
  "=cmd|' /C calc'!A0",
  '<script>alert(1)</script>',
  '__proto__',
  'é'.repeat(300),
  '"chain":"20260101T000000-000000000000.1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}',
]
const trick = (round: number): string => TRICKS[round % TRICKS.length] ?? ''
/** A header is bytes: what HTTP does not allow cannot come. */
const asHeader = (text: string): string =>
  Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/(?!\t)[\p{Cc}]/gu, (control) => (control >= '\u0080' ? control : ''))

interface Output {
  readonly lines: Readonly<Record<string, readonly string[]>>
  /** Whatever came out anywhere. */
  readonly all: string
  readonly told: number
  readonly secrets: readonly string[]
  readonly path: string
}
let output: Output
let stop: () => Promise<unknown> = async () => {}

beforeAll(async () => {
  const spoken: string[] = []
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((text) => spoken.push(String(text)) > 0)
  vi.spyOn(process, 'emitWarning').mockImplementation((text) => void spoken.push(String(text)))

  const redis = await startRedis()
  const client = redisClient(redis)
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-hostile-'))
  const path = join(folder, 'audit.jsonl')
  const collected = {
    log: new PassThrough(),
    ecs: new PassThrough(),
    ocsf: new PassThrough(),
    cef: new PassThrough(),
  }
  for (const stream of Object.values(collected)) stream.setEncoding('utf8')
  const exporter = new InMemoryLogRecordExporter()
  const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] })
  const prometheus = new PrometheusExporter({ preventServerStart: true })
  const meters = new MeterProvider({ readers: [prometheus] })

  const sallyport = await createSallyport({
    secret: SECRET,
    store: redisStore({ url: redis.url, commandTimeoutMs: 30_000 }),
    meter: meters.getMeter('sallyport'),
    activity: {},
    lockout: { attempts: 0, networkAttempts: 0 },
    limits: { sessions: 1000 },
    audit: {
      ...{ required: true, timeoutMs: 60_000 },
      subjects: 'plain',
      sink: toAll(
        toFile({ path, key: KEY, rotate: false }),
        toStream(collected.ecs, { format: 'ecs' }),
        toStream(collected.ocsf, { format: 'ocsf' }),
        toStream(collected.cef, { format: 'cef' }),
        toLog(pino(collected.log)),
        toRedisStream(client, { key: KEY }),
        toOpenTelemetry(provider.getLogger('sallyport')),
      ),
    },
  })
  const texts = Object.fromEntries(Object.keys(collected).map((name) => [name, '']))
  for (const [name, stream] of Object.entries(collected))
    stream.on('data', (text: string) => {
      texts[name] += text
    })
  let told = 0
  sallyport.on('event', () => told++)

  const app = express()
  app.use(express.json())
  app.post('/login', async (req, res) => {
    const subject = await sallyport.guardSignIn(req, res, req.body.username, () =>
      req.body.password === PASSWORD ? 'user-1' : undefined,
    )
    if (subject === undefined) res.status(401).json({ error: 'invalid_grant' })
    else await sallyport.signIn(req, res, { subject })
  })
  app.use('/auth', sallyport.refreshRouter())
  app.get('/me', sallyport.authMiddleware(), (_req, res) => void res.json({}))
  const server = await listening(createServer(app), () => sallyport.close())

  const secrets: string[] = [KEY.toString('base64url'), Buffer.from(SECRET).toString('base64url')]
  const bodies: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const name = `canary-name-${round}-${trick(round)}`
    const headers = {
      'content-type': 'application/json',
      'user-agent': asHeader(`agent ${trick(round)}`),
      'x-request-id': asHeader(trick(round)),
    }
    const isRight = round % 40 === 0
    const body = JSON.stringify({ username: name, password: isRight ? PASSWORD : `canary-guess-${round}` })
    const answer = await fetch(`${server.url}/login`, { method: 'POST', headers, body })
    const text = await answer.text()
    expect(answer.status).toBe(isRight ? 200 : 401)
    if (!isRight) bodies.push(text)
    else {
      const { access_token: token } = JSON.parse(text) as { access_token: string }
      const [cookie = ''] = answer.headers.getSetCookie().filter((one) => one.includes('refresh'))
      const value = cookie.split(';', 1)[0]?.split('=')[1] ?? ''
      secrets.push(value, ...token.split('.').slice(1))
      const forged = { ...headers, authorization: `Bearer ${token}x` }
      bodies.push(await (await fetch(`${server.url}/me`, { headers: forged })).text())
      bodies.push(
        await (
          await fetch(`${server.url}/me`, { headers: { ...headers, authorization: `Bearer ${token}` } })
        ).text(),
      )
    }
  }
  const entries = await client.xrange('sallyport:audit', '-', '+')
  const { resourceMetrics } = await prometheus.collect()
  const metrics = new PrometheusSerializer().serialize(resourceMetrics)
  await server.close()
  vi.restoreAllMocks()

  const linesOf = (text: string): readonly string[] => text.split('\n').slice(0, -1)
  const lines = {
    file: linesOf(await readFile(path, 'utf8')),
    redis: entries.map(([, fields]) => String(fields[1])),
    ...Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, linesOf(text ?? '')])),
  }
  const heads = await Promise.all((await readdir(folder)).map((one) => readFile(join(folder, one), 'utf8')))
  const records = JSON.stringify(
    exporter.getFinishedLogRecords().map(({ body, attributes }) => [body, attributes]),
  )
  output = {
    ...{ lines, told, secrets, path },
    all: [...Object.values(lines).flat(), ...heads, ...spoken, ...bodies, records, metrics].join('\n'),
  }
  stop = async () => {
    client.disconnect()
    await redis.stop()
  }
}, 120_000)
afterAll(() => stop())

test.each(['file', 'redis', 'log', 'ecs', 'ocsf', 'cef'])(
  'one event is one line, for 2,000 hostile names and agents: %s',
  (sink) => {
    const { lines, told } = output
    expect(told).toBeGreaterThan(ROUNDS)
    // One more than was told to listeners: the key that was made at start.
    expect(lines[sink]).toHaveLength(told + 1)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be there
    for (const line of lines[sink] ?? []) expect(line).not.toMatch(/[\0-\x1f\x7f-\x9f\u2028\u2029\u202e]/)
  },
)

test.each(['file', 'redis', 'log', 'ecs', 'ocsf'])(
  'no text of a client is an event of its own: %s',
  (sink) => {
    const names = (output.lines[sink] ?? []).map((line) => {
      const { event, audit, metadata, ...others } = JSON.parse(line)
      return event ?? audit?.event ?? metadata?.event_code ?? others['event.action']
    })
    expect(new Set(names)).toEqual(
      new Set(['key.rotated', 'login.failed', 'session.started', 'token.refused', 'token.accepted']),
    )
  },
)

test('no line of CEF has more fields than its event', () => {
  for (const line of output.lines.cef ?? []) {
    expect(line).toMatch(/^CEF:0\|Sallyport\|Sallyport\|1\|[a-z.]+\|[^|]+\|\d\|rt=\d{13} /)
    expect(line).not.toMatch(/suid=root|cs6=forged/)
  }
})

test('no secret of the run, no password and no typed name is in any sink, answer, metric or output', () => {
  const { all, secrets } = output
  // Names, guesses, and what the server itself must keep.
  expect(all.match(/canary-[\w-]+/)).toBeNull()
  expect(secrets.length).toBeGreaterThan(ROUNDS / 40)
  expect(secrets.filter((secret) => secret === '' || all.includes(secret))).toEqual([])
})

test('the trail is whole', async () => {
  expect(await verifyTrail({ path: output.path, key: KEY })).toMatchObject({ kind: 'whole' })
})
