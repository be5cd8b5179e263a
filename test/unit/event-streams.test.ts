import { PassThrough, pipeline } from 'node:stream'
import type { Auth } from '@sallyport/core'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createEventStreams, type EventStream } from '../../packages/core/src/gate/answers/event-stream.ts'
import type { Answer } from '../../packages/core/src/seam/http.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

const BEAT_MS = 15_000
const MEGABYTE = 1_048_576
const auth: Auth = {
  ...{ issuer: 'https://auth.example.com', own: true, subject: 'user-1', credential: 'access_token' },
  ...{ session: 'session-1', client: undefined, scopes: [], kid: undefined },
  claims: { iss: 'https://auth.example.com', sub: 'user-1', aud: 'api', exp: 2_000_000_000 },
}

function world() {
  const ends = new Set<() => void>()
  const streams = createEventStreams((_auth, end) => {
    ends.add(end)
    return () => ends.delete(end)
  })
  return {
    ...{ streams, ends },
    endAll: () => {
      for (const end of [...ends]) end()
    },
  }
}

/** Somebody who reads a stream, or does not. */
function sent({ body }: Answer, highWaterMark = 16_384) {
  if (typeof body !== 'object') throw new TypeError('the body is no stream')
  const reader = new PassThrough({ highWaterMark })
  pipeline(body, reader, () => {})
  const closed = new Promise<void>((resolve) => body.once('close', resolve))
  return { body, reader, closed, read: (): string => String(reader.read() ?? '') }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('one timer keeps all streams open, and there is none without streams', async () => {
  const { streams } = world()
  const [one, two] = [sent(streams.open(auth)), sent(streams.open(auth))]
  await turn()
  expect([one.read(), two.read()]).toEqual([':\n\n', ':\n\n'])
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersByTime(BEAT_MS)
  await turn()
  expect([one.read(), two.read()]).toEqual([':\n\n', ':\n\n'])
  one.reader.destroy()
  two.reader.destroy()
  await Promise.all([one.closed, two.closed])
  expect(vi.getTimerCount()).toBe(0)
})

test('an event is one line of JSON, whatever is in it', async () => {
  const { streams } = world()
  let stream: EventStream | undefined
  const { read } = sent(
    streams.open(auth, (given) => {
      stream = given
      return () => {}
    }),
  )
  stream?.send('told', { agent: 'x\n\nevent: forged\ndata: {}\r\r' })
  await turn()
  expect(read()).toBe(
    `:\n\nevent: told\ndata: ${JSON.stringify({ agent: 'x\n\nevent: forged\ndata: {}\r\r' })}\n\n`,
  )
})

test('a reader who is a megabyte behind is dropped, and nothing more is kept for it', async () => {
  const { streams, ends } = world()
  let stream: EventStream | undefined
  let isFollowed = true
  const { body, closed } = sent(
    streams.open(auth, (given) => {
      stream = given
      return () => {
        isFollowed = false
      }
    }),
  )
  const content = { text: 'x'.repeat(1000) }
  let count = 0
  while (!body.destroyed && count++ < 10_000) {
    stream?.send('told', content)
    await Promise.resolve()
  }
  expect(body.readableLength).toBeLessThan(MEGABYTE + 2000)
  expect(count).toBeGreaterThan(1000)
  await closed
  expect([isFollowed, ends.size]).toEqual([false, 0])
  stream?.send('told', content)
})

test('who is behind when the session ends gets nothing more', async () => {
  const { streams, endAll } = world()
  let stream: EventStream | undefined
  const { body, read, closed } = sent(
    streams.open(auth, (given) => {
      stream = given
      return () => {}
    }),
    16,
  )
  for (let count = 0; count < 100; count++) stream?.send('told', { count })
  await turn()
  expect(body.readableLength).toBeGreaterThan(0)
  endAll()
  await closed
  expect(read()).not.toContain('"count":99')
})

test('a stream whose end nobody reads is closed at the next beat', async () => {
  const { streams, endAll } = world()
  const { body } = streams.open(auth)
  if (typeof body !== 'object') throw new TypeError('the body is no stream')
  endAll()
  expect(body.destroyed).toBe(false)
  vi.advanceTimersByTime(BEAT_MS)
  expect(body.destroyed).toBe(true)
})

test('a listener that throws at once leaves no stream behind', async () => {
  const { streams, ends } = world()
  const odd = (): never => {
    throw new RangeError('odd')
  }
  for (let count = 0; count < 20; count++) {
    expect(() => streams.open(auth, odd)).toThrow('odd')
    await turn()
  }
  expect(ends.size).toBe(0)
  expect(streams.open(auth).status).toBe(200)
})

test('whoever has read everything is told of the end, and of nothing after it', async () => {
  const { streams, endAll } = world()
  let stream: EventStream | undefined
  const { read, reader, closed } = sent(
    streams.open(auth, (given) => {
      stream = given
      return () => {}
    }),
  )
  stream?.send('told', {})
  await turn()
  expect(read()).toBe(':\n\nevent: told\ndata: {}\n\n')
  endAll()
  stream?.send('told', { late: true })
  await turn()
  expect(read()).toBe('event: end\ndata: {}\n\n')
  reader.resume()
  await closed
})

test('a session may have ten streams, and another one has its own', async () => {
  const { streams } = world()
  const other = { ...auth, session: 'session-2' }
  const nameless = { ...auth, session: undefined }
  const first = sent(streams.open(auth))
  for (let count = 1; count < 10; count++) expect(streams.open(auth).status).toBe(200)
  expect(streams.open(auth).status).toBe(429)
  for (const one of [other, nameless]) expect(streams.open(one).status).toBe(200)
  first.reader.destroy()
  await first.closed
  expect([streams.open(auth).status, streams.open(auth).status]).toEqual([200, 429])
  // Without a session, the streams of a subject are counted.
  for (let count = 1; count < 10; count++) expect(streams.open(nameless).status).toBe(200)
  expect(streams.open(nameless).status).toBe(429)
})

test('the answer says that it is a stream, which nothing on the way may keep or hold back', () => {
  const { status, headers, cookies } = world().streams.open(auth)
  expect({ status, headers, cookies }).toEqual({
    status: 200,
    headers: {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
    },
    cookies: [],
  })
})
