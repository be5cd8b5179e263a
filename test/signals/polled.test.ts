import type { SignalsOptions } from '@sallyport/signals'
import { decodeJwt } from 'jose'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Deployment, isAccepted, type Reserved, reserve } from './deployment.ts'
import { CAEP, SSF } from './transmitter.ts'

const open: Deployment[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function startAt(at: Reserved, options: SignalsOptions, more?: object): Promise<Deployment> {
  const one = await at.start(options, more)
  open.push(one)
  return one
}

const patiently = { timeout: 15_000, interval: 20 }

/** A transmitter with a receiver that polls, one that is pushed to, and their API keys. */
async function transmitter() {
  const a = await startAt(
    await reserve(),
    {
      send: {
        receivers: [
          { audience: 'b', name: 'stream-b', reader: 'service-b' },
          {
            audience: 'c',
            name: 'stream-c',
            reader: 'service-c',
            push: { url: 'http://127.0.0.1:1/events' },
          },
        ],
      },
    },
    { outbox: {}, apiKeys: {} },
  )
  async function keyOf(subject: string, ...scope: string[]): Promise<string> {
    const created = await a.sallyport.apiKeys.create(subject, {
      name: 'signals',
      scope,
      expiresInSeconds: 3600,
    })
    return created.kind === 'created' ? created.key : ''
  }
  const manage = await keyOf('service-b', 'ssf.manage')
  async function ask(method: string, path: string, body?: object, key: string = manage) {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const answer = await fetch(`${a.url}${path}`, {
      ...{ method, headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) }
  }
  const poll = (body: object) => ask('POST', '/auth/ssf/poll/stream-b', { returnImmediately: true, ...body })
  return { a, keyOf, ask, poll, manage }
}

describe('a receiver that polls', () => {
  test('gets what ends until it has acknowledged it, page by page', async () => {
    const { a, poll } = await transmitter()
    expect(await poll({})).toEqual({ status: 200, body: { sets: {} } })
    const sids = [(await a.signIn('alice')).sid, (await a.signIn('alice')).sid, (await a.signIn('alice')).sid]
    for (const sid of sids) await a.sallyport.sessions.revoke(sid)
    const first = await poll({ maxEvents: 2 })
    expect(first.body.moreAvailable).toBe(true)
    const jtis = Object.keys(first.body.sets)
    expect(jtis).toHaveLength(2)
    for (const [jti, jwt] of Object.entries(first.body.sets))
      expect(decodeJwt(String(jwt))).toMatchObject({ jti, iss: a.url, aud: 'b' })
    expect(Object.keys((await poll({ maxEvents: 2 })).body.sets)).toEqual(jtis)
    const second = await poll({ ack: jtis })
    expect(second.body).toEqual({ sets: { [String(Object.keys(second.body.sets)[0])]: expect.any(String) } })
    const setErrs = { [String(Object.keys(second.body.sets)[0])]: { err: 'invalid_key', description: '' } }
    expect((await poll({ setErrs })).body).toEqual({ sets: {} })
    expect(await a.sallyport.outbox.deadLetters()).toEqual([
      expect.objectContaining({ reason: 'invalid_key', session: sids[2] }),
    ])
    expect(await poll({ ack: ['nonsense', 'stream-b.nonsense'], maxEvents: 0 })).toEqual({
      ...{ status: 200, body: { sets: {} } },
    })
  })

  test('waits until there is something', async () => {
    const { a, poll } = await transmitter()
    const { sid } = await a.signIn('alice')
    const answer = poll({ returnImmediately: false })
    await a.sallyport.sessions.revoke(sid)
    expect(Object.keys((await answer).body.sets)).toHaveLength(1)
  })

  test('is kept waiting even if it wants nothing, and told that there is something', async () => {
    const { a, poll } = await transmitter()
    const { sid } = await a.signIn('alice')
    const answer = poll({ maxEvents: 0, returnImmediately: false })
    await a.sallyport.sessions.revoke(sid)
    expect(await answer).toEqual({ status: 200, body: { sets: {}, moreAvailable: true } })
    expect(Object.keys((await poll({})).body.sets)).toHaveLength(1)
  })

  // RFC 8936, section 2.4.
  test.each([
    { returnImmediately: true },
    {
      ...{ ack: ['4d3559ec67504aaba65d40b0363faad8', '3d0c3cf797584bd193bd0fb1bd4e7d30'], maxEvents: 0 },
      returnImmediately: true,
    },
    {
      ack: ['3d0c3cf797584bd193bd0fb1bd4e7d30'],
      setErrs: {
        '4d3559ec67504aaba65d40b0363faad8': {
          ...{ err: 'authentication_failed', description: 'The SET could not be authenticated' },
        },
      },
      returnImmediately: true,
    },
  ])('may ask as in the example %o', async (body) => {
    const { poll } = await transmitter()
    expect(await poll(body)).toEqual({ status: 200, body: { sets: {} } })
  })

  test.each([
    { maxEvents: -1 },
    { maxEvents: 1.5 },
    { maxEvents: '1' },
    { ack: 'x' },
    { ack: [1] },
    { setErrs: [] },
    { setErrs: { a: 'x' } },
    { returnImmediately: 'yes' },
  ])('is refused %o', async (body) => {
    const { poll } = await transmitter()
    expect((await poll(body)).status).toBe(400)
  })

  test('of ours signs out here who was signed out there', async () => {
    const { a, manage } = await transmitter()
    const refusals: string[] = []
    const b = await startAt(await reserve(), {
      receive: {
        transmitters: [
          {
            ...{ issuer: a.url, audience: 'b', jwks: `${a.url}/.well-known/jwks.json` },
            poll: { url: `${a.url}/auth/ssf/poll/stream-b`, authorization: () => `Bearer ${manage}` },
          },
        ],
        subjectOf: ({ iss, sub }) => (iss === a.url ? String(sub) : undefined),
      },
    })
    expect(b.signals.receiver).toEqual([])
    b.sallyport.on('event', ({ event, reason }) => {
      if (event === 'request.refused') refusals.push(String(reason))
    })
    const { token } = await b.signIn('alice')
    await a.sallyport.sessions.revoke((await a.signIn('alice')).sid)
    await vi.waitFor(async () => expect(await isAccepted(b, token)).toBe(false), patiently)
    expect(refusals).toEqual([])
  })
})

describe('a receiver reads', () => {
  test('its own streams and their status', async () => {
    const { a, ask, manage } = await transmitter()
    const mine = {
      ...{ stream_id: 'stream-b', iss: a.url, aud: 'b' },
      delivery: { method: 'urn:ietf:rfc:8936', endpoint_url: `${a.url}/auth/ssf/poll/stream-b` },
      events_supported: [`${CAEP}session-revoked`, `${CAEP}credential-change`],
      events_requested: [`${CAEP}session-revoked`, `${CAEP}credential-change`],
      events_delivered: [`${CAEP}session-revoked`, `${CAEP}credential-change`],
      min_verification_interval: 30,
    }
    expect(await ask('GET', '/auth/ssf/stream')).toEqual({ status: 200, body: [mine] })
    expect(await ask('GET', '/auth/ssf/stream?stream_id=stream-b')).toEqual({ status: 200, body: mine })
    expect((await ask('GET', '/auth/ssf/stream?stream_id=stream-c')).status).toBe(404)
    expect(await ask('GET', '/auth/ssf/status?stream_id=stream-b')).toEqual({
      ...{ status: 200, body: { stream_id: 'stream-b', status: 'enabled' } },
    })
    expect((await ask('GET', '/auth/ssf/status?stream_id=stream-c')).status).toBe(404)
    expect((await ask('GET', '/auth/ssf/status')).status).toBe(404)
    const headers = { authorization: `Bearer ${manage}` }
    expect((await fetch(`${a.url}/auth/ssf/poll/stream-c`, { method: 'POST', headers })).status).toBe(404)
  })

  test('nothing without the scope, or without a token', async () => {
    const { a, ask, keyOf } = await transmitter()
    const read = await keyOf('service-b', 'ssf.read')
    const none = await keyOf('service-b', 'profile')
    expect((await ask('GET', '/auth/ssf/stream', undefined, read)).status).toBe(200)
    expect((await ask('POST', '/auth/ssf/poll/stream-b', {}, read)).status).toBe(403)
    expect((await ask('GET', '/auth/ssf/stream', undefined, none)).status).toBe(403)
    expect((await ask('GET', '/auth/ssf/stream', undefined, 'nonsense')).status).toBe(401)
    expect((await fetch(`${a.url}/auth/ssf/stream`)).status).toBe(401)
    const stranger = await keyOf('mallory', 'ssf.manage')
    expect((await ask('GET', '/auth/ssf/stream', undefined, stranger)).body).toEqual([])
    expect((await ask('POST', '/auth/ssf/poll/stream-b', {}, stranger)).status).toBe(404)
    const { token } = await a.signIn('service-b', ['ssf.read'])
    expect((await ask('GET', '/auth/ssf/stream', undefined, token)).status).toBe(200)
  })

  test('and changes nothing about a stream that its operator set up', async () => {
    const { ask } = await transmitter()
    // The requests of SSF 1.0, section 8.1.1.
    const wanted = {
      delivery: { method: 'urn:ietf:rfc:8935', endpoint_url: 'https://receiver.example.com/events' },
      events_requested: ['urn:example:secevent:events:type_2', 'urn:example:secevent:events:type_3'],
      description: 'Stream for Receiver A using events type_2, type_3',
    }
    const changed = { stream_id: 'stream-b', ...wanted }
    expect((await ask('POST', '/auth/ssf/stream', wanted)).status).toBe(409)
    expect((await ask('PATCH', '/auth/ssf/stream', changed)).status).toBe(403)
    expect((await ask('PUT', '/auth/ssf/stream', changed)).status).toBe(403)
    expect((await ask('DELETE', '/auth/ssf/stream?stream_id=stream-b')).status).toBe(403)
    const status = (status: string) => ask('POST', '/auth/ssf/status', { stream_id: 'stream-b', status })
    expect((await status('enabled')).status).toBe(200)
    expect((await status('paused')).status).toBe(403)
    expect((await status('asleep')).status).toBe(400)
    expect((await ask('POST', '/auth/ssf/status', { stream_id: 'x', status: 'enabled' })).status).toBe(404)
  })
})

test('a stream is verified by what is sent on it', async () => {
  const { ask, poll } = await transmitter()
  const verify = (body: object) => ask('POST', '/auth/ssf/verify', body)
  expect((await verify({ stream_id: 'stream-c' })).status).toBe(404)
  expect((await verify({})).status).toBe(400)
  expect((await verify({ stream_id: 'stream-b', state: 'x'.repeat(1001) })).status).toBe(400)
  // In JSON, each of these characters takes six bytes.
  expect((await verify({ stream_id: 'stream-b', state: '\u0001'.repeat(1000) })).status).toBe(400)
  expect(await verify({ stream_id: 'stream-b', state: 'VGhpcyBpcw==' })).toEqual({ status: 204 })
  const [jwt] = Object.values((await poll({})).body.sets)
  expect(decodeJwt(String(jwt))).toMatchObject({
    sub_id: { format: 'opaque', id: 'stream-b' },
    events: { [`${SSF}verification`]: { state: 'VGhpcyBpcw==' } },
  })
})

test('the metadata tells where everything is', async () => {
  const { a } = await transmitter()
  const answer = await fetch(`${a.url}/.well-known/ssf-configuration`)
  expect(answer.headers.get('cache-control')).toBe('public, max-age=3600')
  expect(await answer.json()).toEqual({
    spec_version: '1_0',
    issuer: a.url,
    jwks_uri: `${a.url}/.well-known/jwks.json`,
    delivery_methods_supported: ['urn:ietf:rfc:8935', 'urn:ietf:rfc:8936'],
    configuration_endpoint: `${a.url}/auth/ssf/stream`,
    status_endpoint: `${a.url}/auth/ssf/status`,
    verification_endpoint: `${a.url}/auth/ssf/verify`,
    authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6749' }],
    default_subjects: 'ALL',
  })
})
