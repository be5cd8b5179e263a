import { createSallyport } from '@sallyport/fastify'
import fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readEvents } from '../support/event-reader.ts'
import { type Host, type HostName, type Hosts, startHosts } from '../support/hosts.ts'
import { bearer, Visitor } from './visitor.ts'

const names = ['express on memory', 'koa on memory', 'fastify on memory'] as const satisfies HostName[]
const MOST_OF_ONE_SESSION = 10

let hosts: Hosts
let visitors = 0
beforeAll(async () => {
  hosts = await startHosts({}, names)
})
afterAll(() => hosts?.close())

const live = (host: Host, token: string) => readEvents(`${host.url}/auth/live`, token)

describe.each(names)('GET /auth/live of %s', (name) => {
  const visit = (): Visitor => new Visitor(hosts.named(name), 900 + visitors++)

  test('is a stream that no cache keeps and no proxy holds back', async () => {
    const visitor = visit()
    const { token } = await visitor.signIn()
    const stream = await live(visitor.host, token)
    expect(stream.status).toBe(200)
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    })
    await stream.until(({ text }) => text() === ':\n\n')
    stream.hangUp()
  })

  test('ends with the session, and no other does', async () => {
    const visitor = visit()
    const [own, theirs] = [await visitor.signIn(), await visitor.signIn(visitor.other)]
    const [ends, stays] = [await live(visitor.host, own.token), await live(visitor.host, theirs.token)]
    await visitor.send({ method: 'POST', path: '/auth/logout', headers: bearer(own.token) })
    expect(await ends.complete).toBe(true)
    expect(ends.events()).toEqual([{ name: 'end', content: {} }])
    await visitor.send({ method: 'POST', path: '/auth/logout-all', headers: bearer(theirs.token) })
    expect(await stays.complete).toBe(true)
  })

  test('is for callers with a good access token, and for GET', async () => {
    const visitor = visit()
    const { token } = await visitor.signIn()
    await visitor.expect({ path: '/auth/live' }, { status: 401, challenge: 'bare' })
    await visitor.expect(
      { path: '/auth/live', headers: bearer('x.y.z') },
      { status: 401, error: 'invalid_token' },
    )
    await visitor.expect({ method: 'POST', path: '/auth/live', headers: bearer(token) }, { status: 405 })
    await visitor.send({ method: 'POST', path: '/auth/logout', headers: bearer(token) })
    await visitor.expect(
      { path: '/auth/live', headers: bearer(token) },
      { status: 401, error: 'invalid_token' },
    )
  })

  test('is open ten times for one session, and the next request is answered 429', async () => {
    const visitor = visit()
    const [own, theirs] = [await visitor.signIn(), await visitor.signIn(visitor.other)]
    const { url } = visitor.host
    const heads = Array.from({ length: MOST_OF_ONE_SESSION }, () =>
      fetch(`${url}/auth/live`, { method: 'HEAD', headers: { authorization: `Bearer ${own.token}` } }),
    )
    expect((await Promise.all(heads)).map(({ status }) => status)).toEqual(heads.map(() => 200))

    const streams = []
    for (let count = 0; count < MOST_OF_ONE_SESSION; count++)
      streams.push(await live(visitor.host, own.token))
    const request = { path: '/auth/live', headers: bearer(own.token) }
    await visitor.expect(request, {
      ...{ status: 429, error: 'too_many_requests' },
      headers: { 'retry-after': '15' },
    })
    const others = await live(visitor.host, theirs.token)
    expect(others.status).toBe(200)

    streams[0]?.hangUp()
    let again = await live(visitor.host, own.token)
    // The server learns of it a moment later.
    while (again.status === 429) again = await live(visitor.host, own.token)
    expect(again.status).toBe(200)
    for (const stream of [...streams, others, again]) stream.hangUp()
  })
})

test.each(names)('a stream of %s ends with its access token', async (name) => {
  // A token's times are whole seconds: one of a single second may be over before the stream is asked for.
  const brief = await startHosts({ ACCESS_TTL: '2' }, [name])
  try {
    const visitor = new Visitor(brief.named(name), 1)
    const stream = await live(visitor.host, (await visitor.signIn()).token)
    expect(await stream.complete).toBe(true)
    expect(stream.events()).toEqual([{ name: 'end', content: {} }])
  } finally {
    await brief.close()
  }
})

test.each(names)('a server on %s that shuts down ends its streams itself', async (name) => {
  const stopping = await startHosts({}, [name])
  const visitor = new Visitor(stopping.named(name), 1)
  const stream = await live(visitor.host, (await visitor.signIn()).token)
  await stopping.close()
  // Its deadline would have cut the stream.
  expect(await stream.complete).toBe(true)
  expect(stream.events()).toEqual([{ name: 'end', content: {} }])
})

test('a Fastify server that is closed ends its streams before it waits for them', async () => {
  const sallyport = await createSallyport()
  const app = fastify()
  app.post('/sign-in', async (request, reply) => sallyport.signIn(request, reply, { subject: 'user-1' }))
  app.register(sallyport.router('live'), { prefix: '/auth' })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const answer = await fetch(`${url}/sign-in`, { method: 'POST' })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  const stream = await readEvents(`${url}/auth/live`, token)
  await app.close()
  expect(await stream.complete).toBe(true)
})
