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
      for (const method of ['POST', 'PUT', 'DELETE']) await drive(method, stream, as, {})
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
      'pollStream_stream-b 200',
    ]
    for (const one of given) expect([...described.met]).toContain(one)
  } finally {
    await a.close()
  }
})
