import type { Sallyport } from '@sallyport/core'
import { type OpenApiDocument, openApi } from '@sallyport/openapi'
import { expect, test } from 'vitest'
import { type Fields, send } from '../conformance/client.ts'
import { Browser } from '../conformance/device-bound/browser.ts'
import { startWorld } from '../conformance/device-bound/world.ts'
import { bearer, json } from '../conformance/visitor.ts'
import { reserve } from '../signals/deployment.ts'
import { Described } from '../support/described.ts'

// Routes that the example servers do not mount.

const info = { title: 'Test', version: '1' }
const describe = (sallyport: Sallyport, mounted?: Parameters<typeof openApi>[1]['mounted']): Described => {
  const document: OpenApiDocument = openApi(sallyport, { info, mounted })
  return new Described(document)
}
const idsOf = (described: Described, tag: string): string[] =>
  [...described.operations()].filter(([, { tags }]) => tags.includes(tag)).map(([id]) => id)

test('a session that is bound to a key of the browser', async () => {
  const world = await startWorld()
  try {
    const described = describe(world.core)
    const browser = new Browser(world.url)
    const check = (path: string, reply: Awaited<ReturnType<Browser['send']>>) => {
      expect(described.faultOf('POST', path, reply)).toBeUndefined()
      return reply
    }
    const [REGISTRATION, PROVING] = ['/auth/dbsc/registration', '/auth/dbsc/refresh']
    check(REGISTRATION, await browser.send({ path: REGISTRATION }))
    const registered = check(REGISTRATION, await browser.begin())
    const { session_identifier: session } = JSON.parse(registered.text)
    const asked = { path: PROVING, headers: { 'sec-secure-session-id': session } }
    check(PROVING, await browser.send(asked))
    check(PROVING, await browser.prove(session))
    check(PROVING, await browser.answer(session, 'nonsense'))
    check(PROVING, await browser.send({ path: PROVING }))
    check('/auth/refresh', await browser.refresh())
    check('/auth/refresh', await browser.stolen().refresh())
    check(
      '/auth/refresh',
      await browser.send({ path: '/auth/refresh', headers: { 'secure-session-skipped': 'unreachable' } }),
    )
    const met = [...described.met]
    for (const one of [
      'registerBoundKey 200',
      'registerBoundKey 401',
      'proveBoundKey 200',
      'proveBoundKey 403',
      'proveBoundKey 404',
    ])
      expect(met).toContain(one)
  } finally {
    await world.close()
  }
})

test('a transmitter of shared signals', async () => {
  const a = await (await reserve()).start(
    { send: { receivers: [{ audience: 'b', name: 'stream-b', reader: 'service-b' }] } },
    { outbox: {} },
  )
  try {
    const described = describe(a.sallyport, {
      '/auth': a.signals.transmitter,
      '/': ['well-known', ...a.signals.wellKnown],
    })
    const manager = bearer((await a.signIn('service-b', ['ssf.manage'])).token)
    const reader = bearer((await a.signIn('service-b', ['ssf.read'])).token)
    const stranger = bearer((await a.signIn('alice')).token)
    async function drive(method: string, path: string, as: Fields, content?: object): Promise<void> {
      const { headers = {}, body } = content === undefined ? {} : json(content)
      const sent = { method, path, headers: { ...headers, ...as }, ...(body === undefined ? {} : { body }) }
      expect(described.faultOf(method, path, await send(a.url, sent))).toBeUndefined()
    }
    const stream_id = 'stream-b'
    const [stream, status, verify, poll] = ['stream', 'status', 'verify', 'poll/stream-b'].map(
      (one) => `/auth/ssf/${one}`,
    ) as [string, string, string, string]
    for (const as of [manager, reader, stranger, {}]) {
      await drive('GET', stream, as)
      await drive('GET', `${stream}?stream_id=${stream_id}`, as)
      await drive('GET', `${stream}?stream_id=none`, as)
      for (const method of ['POST', 'PATCH', 'PUT', 'DELETE']) await drive(method, stream, as, {})
      await drive('GET', `${status}?stream_id=${stream_id}`, as)
      for (const wanted of ['enabled', 'paused', 'nonsense'])
        await drive('POST', status, as, { stream_id, status: wanted })
      for (const id of [stream_id, 'none', 1]) await drive('POST', verify, as, { stream_id: id })
      await drive('POST', poll, as, { returnImmediately: true })
      await drive('POST', poll, as, { maxEvents: 'all' })
    }
    await drive('GET', '/.well-known/ssf-configuration', {})
    const met = [...described.met].map((one) => one.split(' ')[0])
    for (const id of idsOf(described, 'Shared signals')) expect(met).toContain(id)
    const given = [
      'readStreams 200',
      'readStreamStatus 200',
      'changeStreamStatus 200',
      'verifyStream 204',
      'pollStream 200',
    ]
    for (const one of given) expect([...described.met]).toContain(one)
  } finally {
    await a.close()
  }
})

test('a transmitter whose receivers set up streams', async () => {
  const streams = { origins: ['https://receiver.example.com'] }
  const a = await (await reserve()).start(
    { send: { receivers: [{ audience: 'b', name: 'b', reader: 'service-b', streams }] } },
    { outbox: {} },
  )
  try {
    const described = describe(a.sallyport, {
      '/auth': a.signals.transmitter,
      '/': ['well-known', ...a.signals.wellKnown],
    })
    const as = bearer((await a.signIn('service-b', ['ssf.manage'])).token)
    async function drive(method: string, path: string, content?: object): Promise<string> {
      const { headers = {}, body } = content === undefined ? {} : json(content)
      const sent = { method, path, headers: { ...headers, ...as }, ...(body === undefined ? {} : { body }) }
      const reply = await send(a.url, sent)
      expect(described.faultOf(method, path, reply)).toBeUndefined()
      return reply.text
    }
    const stream = '/auth/ssf/stream'
    for (const wrong of [{ delivery: 1 }, { delivery: { method: 'x' } }]) await drive('POST', stream, wrong)
    const { stream_id } = JSON.parse(await drive('POST', stream, { description: 'one' }))
    await drive('POST', stream, {})
    for (const method of ['PATCH', 'PUT'])
      for (const more of [{ description: 'two' }, { iss: 'https://else.example.com' }])
        await drive(method, stream, { stream_id, ...more })
    for (const status of ['paused', 'disabled', 'enabled'])
      await drive('POST', '/auth/ssf/status', { stream_id, status, reason: 'why' })
    await drive('GET', `/auth/ssf/status?stream_id=${stream_id}`)
    for (let times = 0; times < 2; times++) await drive('POST', '/auth/ssf/verify', { stream_id })
    const users = [
      { format: 'iss_sub', iss: a.url, sub: 'alice' },
      { format: 'email', email: 'a@b.example' },
      {},
    ]
    for (const subject of users)
      for (const way of ['add', 'remove'])
        await drive('POST', `/auth/ssf/subjects/${way}`, { stream_id, subject })
    await drive('POST', `/auth/ssf/poll/${stream_id}`, { returnImmediately: true })
    await drive('DELETE', `${stream}?stream_id=${stream_id}`)
    expect([...described.met]).toEqual(
      expect.arrayContaining([
        ...[
          'createStream 201',
          'createStream 409',
          'createStream 400',
          'updateStream 200',
          'updateStream 400',
        ],
        ...['replaceStream 200', 'replaceStream 400', 'changeStreamStatus 200', 'readStreamStatus 200'],
        ...['verifyStream 204', 'verifyStream 429', 'addSubject 404', 'removeSubject 404', 'pollStream 200'],
        'deleteStream 204',
      ]),
    )
  } finally {
    await a.close()
  }
})
