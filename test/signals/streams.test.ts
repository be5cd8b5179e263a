import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type FrameworkName, frameworkNames, ISSUER, type Managed, startManaged } from './managing.ts'
import { CAEP } from './transmitter.ts'

const open: Managed[] = []
afterAll(async () => {
  for (const one of open) await one.close()
})

const REVOKED = `${CAEP}session-revoked`
const CHANGED = `${CAEP}credential-change`
const PUSH = 'urn:ietf:rfc:8935'
const POLL = 'urn:ietf:rfc:8936'
const url = 'https://r.example.com/events'
const pushed = { method: PUSH, endpoint_url: url }

describe.each(frameworkNames)('streams on %s', (framework: FrameworkName) => {
  let one: Managed
  let token: string
  beforeEach(async () => {
    if (one !== undefined) return
    one = await startManaged({
      framework,
      receiver: { streams: { origins: ['https://r.example.com', 'http://127.0.0.1:4000'] } },
      others: [
        { audience: 'b', name: 'fixed', reader: 'service:fixed' },
        { audience: 'c', name: 'other', reader: 'service:other', streams: { most: 2 } },
      ],
    })
    open.push(one)
    token = await one.keyOf('service:other', 'ssf.manage')
  })
  afterEach(async () => {
    for (const { id } of await one.signals.streams.list())
      expect((await one.ask('DELETE', `/ssf/stream?stream_id=${id}`)).status).toBe(204)
  })

  const create = (body: object = { delivery: pushed }) => one.ask('POST', '/ssf/stream', body)
  const created = async (body?: object): Promise<string> => {
    const { status, body: stream } = await create(body)
    expect(status).toBe(201)
    return stream.stream_id
  }

  test('a receiver creates one, and reads it', async () => {
    const asked = {
      delivery: { ...pushed, authorization_header: 'Bearer agreed' },
      events_requested: [REVOKED, 'urn:example:unknown', REVOKED],
      description: 'Mine',
    }
    const { status, body, headers } = await create(asked)
    expect({ status, cache: headers.get('cache-control') }).toEqual({ status: 201, cache: 'no-store' })
    expect(body).toEqual({
      ...{ stream_id: expect.stringMatching(/^[\w-]{22}$/), iss: ISSUER, aud: 'https://r.example.com' },
      delivery: asked.delivery,
      events_supported: [REVOKED, CHANGED],
      events_requested: [REVOKED, 'urn:example:unknown'],
      events_delivered: [REVOKED],
      min_verification_interval: 30,
      description: 'Mine',
    })
    expect((await one.ask('GET', '/ssf/stream')).body).toEqual([body])
    expect((await one.ask('GET', `/ssf/stream?stream_id=${body.stream_id}`)).body).toEqual(body)
    const reading = await one.keyOf('service:receiver', 'ssf.read')
    expect((await one.ask('GET', '/ssf/stream', undefined, reading)).body).toEqual([
      { ...body, delivery: pushed },
    ])
  })

  test('without "delivery" it polls, and without "events_requested" it gets what it may', async () => {
    const { body } = await create({})
    expect(body).toMatchObject({
      delivery: { method: POLL, endpoint_url: `https://auth.example.com/auth/ssf/poll/${body.stream_id}` },
      events_requested: [REVOKED, CHANGED],
      events_delivered: [REVOKED, CHANGED],
    })
    expect((await one.ask('POST', `/ssf/poll/${body.stream_id}`, { returnImmediately: true })).status).toBe(
      200,
    )
  })

  test('no more than it may have, and nobody those of others', async () => {
    const id = await created({ delivery: { method: POLL } })
    expect((await create({})).status).toBe(409)
    const theirs = [
      await one.ask('POST', '/ssf/stream', {}, token),
      await one.ask('POST', '/ssf/stream', {}, token),
    ].map(({ body }) => body.stream_id)
    expect((await one.ask('POST', '/ssf/stream', {}, token)).status).toBe(409)
    expect(new Set([id, ...theirs]).size).toBe(3)
    expect((await one.ask('GET', '/ssf/stream', undefined, token)).body).toHaveLength(2)
    for (const [method, path, body] of [
      ['GET', `/ssf/stream?stream_id=${id}`],
      ['PATCH', '/ssf/stream', { stream_id: id }],
      ['PUT', '/ssf/stream', { stream_id: id }],
      ['DELETE', `/ssf/stream?stream_id=${id}`],
      ['GET', `/ssf/status?stream_id=${id}`],
      ['POST', '/ssf/status', { stream_id: id, status: 'paused' }],
      ['POST', '/ssf/verify', { stream_id: id }],
      ['POST', `/ssf/poll/${id}`, {}],
      ['POST', '/ssf/subjects/add', { stream_id: id, subject: { format: 'iss_sub', iss: ISSUER, sub: 'a' } }],
    ] as const)
      expect([method, path, (await one.ask(method, path, body, token)).status]).toEqual([method, path, 404])
    for (const theirId of theirs)
      await one.ask('DELETE', `/ssf/stream?stream_id=${theirId}`, undefined, token)
    expect((await one.ask('GET', '/ssf/stream', undefined, token)).body).toEqual([])
  })

  test('nobody without the scope, and no strangers', async () => {
    const reading = await one.keyOf('service:receiver', 'ssf.read')
    const stranger = await one.keyOf('mallory', 'ssf.manage')
    const fixed = await one.keyOf('service:fixed', 'ssf.manage')
    for (const [method, path, body] of [
      ['POST', '/ssf/stream', {}],
      ['PATCH', '/ssf/stream', { stream_id: 'x' }],
      ['PUT', '/ssf/stream', { stream_id: 'x' }],
      ['DELETE', '/ssf/stream?stream_id=x'],
      ['POST', '/ssf/status', { stream_id: 'x', status: 'paused' }],
      ['POST', '/ssf/verify', { stream_id: 'x' }],
      ['POST', '/ssf/subjects/add', {}],
      ['POST', '/ssf/subjects/remove', {}],
    ] as const) {
      const statuses = [
        (await one.ask(method, path, body, null)).status,
        (await one.ask(method, path, body, 'nonsense')).status,
        (await one.ask(method, path, body, reading)).status,
      ]
      expect([method, path, statuses]).toEqual([method, path, [401, 401, 403]])
    }
    expect((await one.ask('POST', '/ssf/stream', {}, stranger)).status).toBe(403)
    expect((await one.ask('GET', '/ssf/stream', undefined, stranger)).body).toEqual([])
    expect((await one.ask('POST', '/ssf/stream', {}, fixed)).status).toBe(409)
  })

  const wrongBodies: readonly (readonly [string, unknown])[] = [
    ['no JSON', '{'],
    ['an array', []],
    ['events that are no array', { events_requested: REVOKED }],
    ['events that are no strings', { events_requested: [1] }],
    [
      'more events than there may be',
      { events_requested: Array.from({ length: 101 }, (_, at) => `urn:${at}`) },
    ],
    ['a description that is none', { description: 7 }],
    ['a delivery that is none', { delivery: PUSH }],
    ['an unknown method', { delivery: { method: 'urn:ietf:rfc:9999', endpoint_url: url } }],
    ['a push to nowhere', { delivery: { method: PUSH } }],
    [
      'a push to another origin',
      { delivery: { ...pushed, endpoint_url: 'https://evil.example.com/events' } },
    ],
    [
      'a push to another port',
      { delivery: { ...pushed, endpoint_url: 'https://r.example.com:8443/events' } },
    ],
    ['a push without TLS', { delivery: { ...pushed, endpoint_url: 'http://r.example.com/events' } }],
    ['a push into the network', { delivery: { ...pushed, endpoint_url: 'https://10.0.0.1/events' } }],
    ['a push to metadata', { delivery: { ...pushed, endpoint_url: 'http://169.254.169.254/latest' } }],
    ['a push to another port here', { delivery: { ...pushed, endpoint_url: 'http://127.0.0.1:6379/' } }],
    ['credentials in a URL', { delivery: { ...pushed, endpoint_url: 'https://a:b@r.example.com/' } }],
    [
      'a host that looks alike',
      { delivery: { ...pushed, endpoint_url: 'https://r.example.com.evil.example/' } },
    ],
    ['a backslash', { delivery: { ...pushed, endpoint_url: 'https://evil.example.com\\@r.example.com/' } }],
    ['another scheme', { delivery: { ...pushed, endpoint_url: 'file:///etc/passwd' } }],
    ['a header of two lines', { delivery: { ...pushed, authorization_header: 'Bearer a\r\nHost: b' } }],
    ['an empty header', { delivery: { ...pushed, authorization_header: '' } }],
  ]

  test('none with an unknown method, which is told the known ones', async () => {
    const { body } = await create({ delivery: { method: 'push', endpoint_url: url } })
    expect(body).toEqual({
      error: 'invalid_request',
      error_description: `wrong value of "delivery.method"; the methods are ${PUSH} and ${POLL}`,
    })
  })

  test('none with a wrong configuration, however it is asked for', async () => {
    for (const [name, body] of wrongBodies)
      expect([name, (await create(body as never)).status]).toEqual([name, 400])
    const id = await created()
    const before = (await one.ask('GET', '/ssf/stream')).body
    for (const [name, body] of wrongBodies)
      for (const method of ['PATCH', 'PUT']) {
        const whole = typeof body === 'object' && !Array.isArray(body) ? { stream_id: id, ...body } : body
        expect([method, name, (await one.ask(method, '/ssf/stream', whole)).status]).toEqual([
          method,
          name,
          400,
        ])
      }
    expect((await one.ask('GET', '/ssf/stream')).body).toEqual(before)
  })

  test('PATCH changes what it names, and nothing else', async () => {
    const delivery = { ...pushed, authorization_header: 'Bearer agreed' }
    const id = await created({ delivery, events_requested: [REVOKED], description: 'Mine' })
    const patch = async (body: object) => {
      const answer = await one.ask('PATCH', '/ssf/stream', { stream_id: id, ...body })
      expect(answer.status).toBe(200)
      return answer.body
    }
    expect(await patch({})).toMatchObject({ delivery, events_requested: [REVOKED], description: 'Mine' })
    expect(await patch({ events_requested: [CHANGED] })).toMatchObject({
      ...{ delivery, events_delivered: [CHANGED], description: 'Mine' },
    })
    expect(await patch({ description: 'x'.repeat(300) })).toMatchObject({ description: 'x'.repeat(255) })
    expect(await patch({ delivery: { method: POLL } })).toMatchObject({
      delivery: { method: POLL, endpoint_url: `https://auth.example.com/auth/ssf/poll/${id}` },
      events_requested: [CHANGED],
    })
    expect(await patch({ delivery: pushed })).toMatchObject({ delivery: pushed })
    expect(await patch({ events_requested: [] })).toMatchObject({
      events_requested: [],
      events_delivered: [],
    })
  })

  test('PUT replaces all: what is missing is deleted, and what was read can be written back', async () => {
    const delivery = { ...pushed, authorization_header: 'Bearer agreed' }
    const id = await created({ delivery, events_requested: [REVOKED], description: 'Mine' })
    const read = async () => (await one.ask('GET', `/ssf/stream?stream_id=${id}`)).body
    const before = await read()
    expect(await one.ask('PUT', '/ssf/stream', before)).toMatchObject({ status: 200, body: before })
    const { status, body } = await one.ask('PUT', '/ssf/stream', { stream_id: id, delivery: pushed })
    expect(status).toBe(200)
    expect(body).toMatchObject({ delivery: pushed, events_requested: [REVOKED, CHANGED] })
    expect(body).not.toHaveProperty('description')
    expect(await read()).toEqual(body)
    const polling = await one.ask('PUT', '/ssf/stream', { stream_id: id })
    expect(polling.body).toMatchObject({ delivery: { method: POLL } })
    expect((await one.ask('PUT', '/ssf/stream', polling.body)).status).toBe(200)
  })

  test('what is the transmitter’s own must be as it is', async () => {
    const id = await created({ events_requested: [REVOKED] })
    for (const method of ['PATCH', 'PUT'])
      for (const wrong of [
        { iss: 'https://evil.example.com' },
        { aud: 'https://evil.example.com' },
        { events_supported: [REVOKED] },
        { events_delivered: [REVOKED, CHANGED] },
        { min_verification_interval: 1 },
        { inactivity_timeout: 60 },
        { delivery: { method: POLL, endpoint_url: 'https://auth.example.com/elsewhere' } },
      ])
        expect([
          method,
          wrong,
          (await one.ask(method, '/ssf/stream', { stream_id: id, ...wrong })).status,
        ]).toEqual([...[method, wrong, 400]])
    for (const method of ['PATCH', 'PUT']) {
      expect((await one.ask(method, '/ssf/stream', {})).status).toBe(400)
      expect((await one.ask(method, '/ssf/stream', { stream_id: 'x' })).status).toBe(404)
    }
  })

  test('it is deleted once, and another one can be created', async () => {
    const id = await created()
    const remove = (given: string) => one.ask('DELETE', `/ssf/stream${given}`)
    expect((await remove('')).status).toBe(404)
    expect((await remove('?stream_id=x')).status).toBe(404)
    const removed = await remove(`?stream_id=${id}`)
    expect({ ...removed, headers: undefined }).toEqual({ status: 204, body: undefined, headers: undefined })
    expect((await remove(`?stream_id=${id}`)).status).toBe(404)
    expect(await created()).not.toBe(id)
  })

  test('its status is read and set, with the reason', async () => {
    const id = await created()
    const read = async () => (await one.ask('GET', `/ssf/status?stream_id=${id}`)).body
    const set = (body: object) => one.ask('POST', '/ssf/status', { stream_id: id, ...body })
    expect(await read()).toEqual({ stream_id: id, status: 'enabled' })
    for (const status of ['paused', 'disabled', 'enabled', 'disabled', 'paused']) {
      const body = { stream_id: id, status, reason: `because ${status}` }
      expect(await set(body)).toMatchObject({ status: 200, body })
      expect(await read()).toEqual(body)
    }
    expect((await set({ status: 'enabled' })).body).toEqual({ stream_id: id, status: 'enabled' })
    expect((await set({ status: 'asleep' })).status).toBe(400)
    expect((await set({ status: 'paused', reason: 'x'.repeat(256) })).status).toBe(400)
    expect((await set({})).status).toBe(400)
    expect((await one.ask('GET', '/ssf/status')).status).toBe(404)
    expect(await read()).toEqual({ stream_id: id, status: 'enabled' })
  })

  test('it is verified no more often than it says', async () => {
    const id = await created({})
    const verify = (body: object) => one.ask('POST', '/ssf/verify', body)
    expect((await verify({})).status).toBe(400)
    expect((await verify({ stream_id: id, state: 7 })).status).toBe(400)
    expect((await verify({ stream_id: 'x' })).status).toBe(404)
    expect((await verify({ stream_id: id, state: 'a' })).status).toBe(204)
    const again = await verify({ stream_id: id })
    expect(again.status).toBe(429)
    expect(Number(again.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(Number(again.headers.get('retry-after'))).toBeLessThanOrEqual(30)
    const { body } = await one.ask('POST', `/ssf/poll/${id}`, { returnImmediately: true })
    expect(Object.keys(body.sets)).toHaveLength(1)
  })

  test('users are removed and added', async () => {
    const id = await created({})
    const change = (path: string, subject: unknown) =>
      one.ask('POST', `/ssf/subjects/${path}`, { stream_id: id, subject })
    const alice = { format: 'iss_sub', iss: ISSUER, sub: 'alice' }
    for (const subject of [alice, { format: 'complex', user: alice }]) {
      expect({ ...(await change('remove', subject)), headers: 0 }).toEqual({
        status: 204,
        body: undefined,
        headers: 0,
      })
      expect({ ...(await change('add', subject)), headers: 0 }).toEqual({
        status: 200,
        body: undefined,
        headers: 0,
      })
    }
    for (const unknown of [
      { format: 'email', email: 'a@example.com' },
      { format: 'iss_sub', iss: 'https://idp.example.com', sub: 'alice' },
      { format: 'opaque', id: 'alice' },
      { format: 'complex', user: alice, session: { format: 'opaque', id: 's' } },
      { format: 'iss_sub', iss: ISSUER, sub: 'x'.repeat(256) },
    ])
      expect([unknown, (await change('remove', unknown)).status]).toEqual([unknown, 404])
    for (const malformed of [
      undefined,
      'alice',
      [],
      {},
      { format: 'iss_sub', iss: ISSUER },
      { format: 'email' },
    ])
      expect([malformed, (await change('add', malformed)).status]).toEqual([malformed, 400])
    const stranger = { stream_id: 'x', subject: alice }
    expect((await one.ask('POST', '/ssf/subjects/add', stranger)).status).toBe(404)
  })

  test('one that the operator set up stays as it is', async () => {
    const fixed = await one.keyOf('service:fixed', 'ssf.manage')
    const subject = { format: 'iss_sub', iss: ISSUER, sub: 'a' }
    for (const [method, path, body, status] of [
      ['PATCH', '/ssf/stream', { stream_id: 'fixed', description: 'x' }, 403],
      ['PUT', '/ssf/stream', { stream_id: 'fixed' }, 403],
      ['DELETE', '/ssf/stream?stream_id=fixed', undefined, 403],
      ['POST', '/ssf/status', { stream_id: 'fixed', status: 'paused' }, 403],
      ['POST', '/ssf/status', { stream_id: 'fixed', status: 'enabled' }, 200],
      ['POST', '/ssf/subjects/remove', { stream_id: 'fixed', subject }, 403],
      ['POST', '/ssf/poll/fixed', { returnImmediately: true }, 200],
    ] as const)
      expect([method, path, (await one.ask(method, path, body, fixed)).status]).toEqual([
        method,
        path,
        status,
      ])
  })

  test('a method that there is not is refused, with those that there are', async () => {
    const answer = await one.ask('POST', '/ssf/stream?x', {})
    expect(answer.status).toBe(201)
    const refused = await fetch(`${one.url}/auth/ssf/status`, { method: 'PATCH' })
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, POST, HEAD, OPTIONS'])
  })

  test('the metadata says what there is', async () => {
    const metadata = await (await fetch(`${one.url}/.well-known/ssf-configuration`)).json()
    expect(metadata).toMatchObject({
      add_subject_endpoint: 'https://auth.example.com/auth/ssf/subjects/add',
      remove_subject_endpoint: 'https://auth.example.com/auth/ssf/subjects/remove',
      default_subjects: 'ALL',
    })
  })
})

test('a stream has no more subjects than it may', async () => {
  const one = await startManaged({ send: { maxSubjects: 2 } })
  open.push(one)
  const { body } = await one.ask('POST', '/ssf/stream', {})
  const remove = async (sub: string) => {
    const subject = { format: 'iss_sub', iss: ISSUER, sub }
    return (await one.ask('POST', '/ssf/subjects/remove', { stream_id: body.stream_id, subject })).status
  }
  expect([await remove('a'), await remove('b'), await remove('c'), await remove('a')]).toEqual([
    204, 204, 403, 204,
  ])
})

test('the operator lists streams, and names those that there are', async () => {
  const one = await startManaged()
  open.push(one)
  expect(await one.signals.streams.list()).toEqual([])
  const { body } = await one.ask('POST', '/ssf/stream', { description: 'Mine', events_requested: [CHANGED] })
  const id: string = body.stream_id
  expect(await one.signals.streams.setStatus('x', 'paused')).toBe(false)
  expect(await one.signals.streams.setStatus(id, 'paused', 'Maintenance')).toBe(true)
  const [{ receiver, ...info } = expect.fail()] = await one.signals.streams.list()
  expect(receiver).toMatch(/^[\w-]{22}$/)
  expect(info).toEqual({
    id,
    events: [CHANGED],
    status: 'paused',
    reason: 'Maintenance',
    description: 'Mine',
  })
  await expect(one.signals.streams.setStatus(id, 'asleep' as never)).rejects.toThrow(TypeError)
  await expect(one.signals.streams.setStatus(id, 'paused', 'x'.repeat(256))).rejects.toThrow(TypeError)
  const status = await one.ask('POST', '/ssf/poll/'.concat(id), { returnImmediately: true })
  expect(Object.keys(status.body.sets)).toHaveLength(1)
})
