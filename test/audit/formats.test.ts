import { readFileSync } from 'node:fs'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type FormatName, toStream } from '@sallyport/audit'
import type { EventName, SallyportEvent } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { age, eventAt, fileSink, filesOf, key, linesOf, start, trailPath, verify } from './trail.ts'

const source = readFileSync(
  fileURLToPath(new URL('../../packages/core/src/watch/event.ts', import.meta.url)),
  'utf8',
)
const [, told = ''] = /^interface Told \{$([\s\S]*?)^\}$/m.exec(source) ?? []
const names = [...told.matchAll(/^ {2}'([^']+)'/gm)].map(([, name = '']) => name as EventName)
const formats: readonly FormatName[] = ['json', 'ecs', 'ocsf', 'cef']

async function lineOf(event: SallyportEvent, format: FormatName): Promise<string> {
  const stream = new PassThrough()
  await toStream(stream, { format }).write([event])
  return String(stream.read()).slice(0, -1)
}

const jsonOf = async (event: SallyportEvent, format: FormatName): Promise<Record<string, unknown>> =>
  JSON.parse(await lineOf(event, format))

const failure = eventAt(0, {
  ...{ event: 'login.failed', outcome: 'failure', reason: 'invalid_credentials' },
  ...{ ip: '192.0.2.1', user_agent: 'curl', request_id: 'r1' },
})

test('the network that a trail with pseudonyms has is in no field for addresses', async () => {
  for (const ip of ['192.0.2.0/24', '2001:db8::/48', 'unknown']) {
    const event = { ...failure, ip, sealed: 'c2VhbGVk' }
    const ecs = await jsonOf(event, 'ecs')
    expect(ecs).toMatchObject({ 'source.address': ip, 'sallyport.sealed': 'c2VhbGVk' })
    expect(ecs).not.toHaveProperty(['source.ip'])
    const ocsf = await jsonOf(event, 'ocsf')
    expect(ocsf).toMatchObject({ src_endpoint: { name: ip }, unmapped: { sealed: 'c2VhbGVk' } })
    const cef = await lineOf(event, 'cef')
    expect(cef).toContain(` sallyportnetwork=${ip} `)
    expect(cef).not.toMatch(/ src=| c6a2=/)
  }
})

test('there are as many events as one would think', () => {
  expect(names.length).toBeGreaterThan(10)
})

describe('ECS', () => {
  test('has the fields of the schema', async () => {
    expect(await jsonOf(failure, 'ecs')).toEqual({
      '@timestamp': '2026-11-29T12:00:00.000Z',
      'event.action': 'login.failed',
      'event.outcome': 'failure',
      'event.reason': 'invalid_credentials',
      'event.kind': 'event',
      'event.category': ['authentication'],
      'event.type': ['start'],
      'event.module': 'sallyport',
      'event.dataset': 'sallyport.audit',
      'http.request.id': 'r1',
      'user.id': 'alice',
      'source.ip': '192.0.2.1',
      'user_agent.original': 'curl',
      'sallyport.sid': 's1',
      'sallyport.jti': 'j1',
      'sallyport.client_id': 'web',
      message: 'A sign-in failed',
      'ecs.version': '8.17.0',
    })
  })

  /** Which types the schema expects for a category: https://www.elastic.co/docs/reference/ecs/ecs-allowed-values-event-category */
  const EXPECTED: Readonly<Record<string, readonly string[]>> = {
    authentication: ['start', 'end', 'info'],
    session: ['start', 'end', 'info'],
    iam: ['admin', 'change', 'creation', 'deletion', 'group', 'info', 'user'],
    configuration: ['access', 'change', 'creation', 'deletion', 'info'],
    web: ['access', 'error', 'info'],
  }

  test.each(names)('has a category for %s, and types that go with it', async (event) => {
    const line = await jsonOf(eventAt(0, { event }), 'ecs')
    const categories = line['event.category'] as readonly string[]
    expect(categories.length).toBeGreaterThan(0)
    for (const category of categories)
      expect(EXPECTED[category]).toEqual(expect.arrayContaining(line['event.type'] as string[]))
    expect(line.message).not.toBe(event)
  })
})

describe('OCSF', () => {
  test('has the attributes of the class', async () => {
    expect(await jsonOf(failure, 'ocsf')).toEqual({
      ...{ time: start, class_uid: 3002, category_uid: 3, activity_id: 1, activity_name: 'Logon' },
      ...{ type_uid: 300201, severity_id: 2, status_id: 2, status_detail: 'invalid_credentials' },
      message: 'A sign-in failed',
      src_endpoint: { ip: '192.0.2.1' },
      http_request: { uid: 'r1', user_agent: 'curl' },
      user: { uid: 'alice', type_id: 1 },
      session: { uid: 's1' },
      service: { name: 'Sallyport' },
      metadata: {
        ...{ version: '1.2.0', product: { name: 'Sallyport', vendor_name: 'Sallyport' } },
        ...{ log_name: 'audit', event_code: 'login.failed', correlation_uid: 'r1' },
      },
      unmapped: { jti: 'j1', client_id: 'web', outcome: 'failure' },
    })
  })

  /** What the classes require, beside what all events have: https://schema.ocsf.io/1.2.0/classes */
  const REQUIRED: Readonly<Record<number, readonly string[]>> = {
    2004: ['finding_info'],
    3001: ['user'],
    3002: ['user', 'service'],
    3004: ['entity'],
    6003: ['actor', 'api', 'src_endpoint'],
  }

  test.each(names)('has a class for %s, with all that it requires', async (event) => {
    for (const subject of ['alice', undefined]) {
      const about = eventAt(0, { event, sub: subject, sid: undefined })
      const line = await jsonOf(about, 'ocsf')
      const { class_uid, activity_id, type_uid, category_uid } = line as Record<string, number>
      expect(type_uid).toBe(Number(class_uid) * 100 + Number(activity_id))
      expect(category_uid).toBe(Math.floor(Number(class_uid) / 1000))
      const all = ['time', 'severity_id', 'status_id', 'metadata', 'message', 'activity_name']
      expect(Object.keys(line)).toEqual(
        expect.arrayContaining([...all, ...(REQUIRED[Number(class_uid)] ?? ['?'])]),
      )
    }
  })
})

describe('CEF', () => {
  test('has a header and an extension', async () => {
    expect(await lineOf(failure, 'cef')).toBe(
      `CEF:0|Sallyport|Sallyport|1|login.failed|A sign-in failed|4|rt=${start} cs5Label=request_id cs5=r1 ` +
        'outcome=failure suid=alice cs1Label=sid cs1=s1 cs2Label=jti cs2=j1 cs4Label=client_id cs4=web ' +
        'reason=invalid_credentials src=192.0.2.1 requestClientApplication=curl',
    )
  })

  test('escapes what would end a value, a header or a line', async () => {
    const line = await lineOf(
      eventAt(0, { event: 'a|b\\c\nd', sub: 'a=b\\c\nd\re|f', ip: '2001:db8::1' }),
      'cef',
    )
    expect(line).toContain('|a\\|b\\\\c d|a\\|b\\\\c d|4|')
    expect(line).toContain(' suid=a\\=b\\\\c\\nd\\re|f ')
    expect(line).toContain(' c6a2Label=Source IPv6 Address c6a2=2001:db8::1')
    expect(line).not.toMatch(/[\r\n]/)
  })

  test.each(names)('has a name for %s', async (event) => {
    const line = await lineOf(eventAt(0, { event }), 'cef')
    expect(line).toMatch(
      new RegExp(`^CEF:0\\|Sallyport\\|Sallyport\\|1\\|${event}\\|[A-Z][^|]+\\|[148]\\|rt=`),
    )
  })
})

describe.each(formats)('a trail as %s', (format) => {
  test('verifies whatever the size of an event', async () => {
    const path = await trailPath()
    const sink = fileSink(path, { format })
    const texts = Array.from({ length: 6000 }, () => 'x'.repeat(200))
    const members = Object.fromEntries(texts.map((text, index) => [`member${index}`, `\u0000${text}`]))
    await sink.write([
      ...[{ detail: texts }, { detail: texts.join() }, { ['x'.repeat(2_000_000)]: 1 }, members, {}].map(
        (more) => eventAt(0, more),
      ),
    ])
    await sink.close?.()
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 5 })
    for (const line of await linesOf(path)) expect(line).toContain('session.started')
  })

  test('verifies, is deleted by its age, and has its element at the end', async () => {
    const path = await trailPath()
    const sink = fileSink(path, { format, rotate: { hours: 24 }, retentionDays: 1 })
    for (let day = 0; day < 4; day++) {
      await age(path)
      await sink.write(names.map((event) => eventAt(day * 86_400_000, { event })))
    }
    await sink.close?.()
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: names.length * 2 })
    const elements = {
      json: /,"chain":"[^"]+"\}$/,
      ecs: /,"sallyport\.chain":"[^"]+"\}$/,
      ocsf: /,"unmapped":\{.*,"chain":"[^"]+"\}\}$/,
      cef: / cs6Label=chain cs6=\S+$/,
    }
    for (const line of await linesOf(path)) expect(line).toMatch(elements[format])
  })

  test('vouches for every byte of a line', async () => {
    const path = await trailPath()
    const sink = fileSink(path, { format })
    await sink.write([failure, failure, failure].map((event) => ({ ...event })))
    await sink.close?.()
    const [file = ''] = await filesOf(path, '.jsonl')
    await chmod(file, 0o640)
    const text = await readFile(file)
    const second = text.indexOf('\n') + 1
    for (let at = second; at < text.indexOf('\n', second); at++) {
      const edited = Buffer.from(text)
      edited[at] = edited[at] === 0x61 ? 0x62 : 0x61
      await writeFile(file, edited)
      const fault = { kind: 'edited', file, line: 2, number: 2 }
      expect(await verify(path), `byte ${at}`).toMatchObject({ kind: 'broken', fault })
    }
  })

  test('keeps an event of any name, with any members', async () => {
    const stream = new PassThrough()
    const sink = toStream(stream, { format, key })
    const circular: Record<string, unknown> = {}
    circular.self = circular
    const odd = { ...failure, event: 'app.own', big: 1n, circular, plan: 'pro' } as unknown as SallyportEvent
    await sink.write([odd, failure])
    const lines = String(stream.read()).split('\n').slice(0, -1)
    expect(lines).toHaveLength(2)
    for (const part of ['app.own', 'pro', 'alice', 's1', 'j1', 'web', 'invalid_credentials', 'curl'])
      expect(lines[0]).toContain(part)
  })
})
