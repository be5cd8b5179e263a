import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request } from 'node:http'
import { connect, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { createSallyport as forExpress } from '@sallyport/express'
import { type Gate, gateOf, type Route } from '@sallyport/express/adapter'
import { createSallyport as forFastify } from '@sallyport/fastify'
import { createSallyport as forKoa } from '@sallyport/koa'
import express from 'express'
import fastify, { type FastifyPluginAsync } from 'fastify'
import Koa from 'koa'
import { afterEach, describe, expect, test } from 'vitest'
import { listening } from '../support/listening.ts'

/** The streams of a server, in the order in which they were asked for. */
type Streams = Readable[]

function streamRoute({ route }: Gate, streams: Streams): Route {
  return route.open('/stream', {
    GET() {
      const body = new Readable({ read() {} })
      streams.push(body)
      body.push('one\n')
      return { status: 200, headers: { 'Content-Type': 'text/event-stream' }, cookies: [], body }
    },
  })
}

interface App {
  readonly url: string
  readonly streams: Streams
  /** What the framework reported as errors of the application. */
  readonly faults: unknown[]
}

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function onExpress(): Promise<App> {
  const sallyport = await forExpress()
  const [streams, faults]: [Streams, unknown[]] = [[], []]
  const app = express().use(sallyport.router(streamRoute(gateOf(sallyport), streams)))
  app.use(((fault, _req, res, _next) => {
    faults.push(fault)
    res.end()
  }) as express.ErrorRequestHandler)
  const { url, close } = await listening(createServer(app), sallyport.close)
  closing.push(close)
  return { url, streams, faults }
}

const makeKoa = async (): Promise<Omit<App, 'url'> & { readonly app: Koa; close(): Promise<void> }> => {
  const sallyport = await forKoa()
  const [streams, faults]: [Streams, unknown[]] = [[], []]
  const app = new Koa().use(sallyport.router(streamRoute(gateOf(sallyport), streams)))
  app.on('error', (fault) => faults.push(fault))
  return { app, streams, faults, close: sallyport.close }
}

async function onKoa(): Promise<App> {
  const { app, close, ...rest } = await makeKoa()
  const running = await listening(createServer(app.callback()), close)
  closing.push(running.close)
  return { url: running.url, ...rest }
}

async function onKoaOverHttp2(): Promise<App> {
  const { app, close, ...rest } = await makeKoa()
  const server = createHttp2Server(app.callback())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(close, async () => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ...rest }
}

const makePlugin = async (): Promise<Omit<App, 'url'> & { readonly plugin: FastifyPluginAsync }> => {
  const sallyport = await forFastify()
  const [streams, faults]: [Streams, unknown[]] = [[], []]
  return {
    ...{ streams, faults },
    async plugin(app) {
      app.addHook('onError', async (_request, _reply, fault) => void faults.push(fault))
      app.register(sallyport.router(streamRoute(gateOf(sallyport), streams)))
    },
  }
}

async function onFastify(): Promise<App> {
  const { plugin, ...rest } = await makePlugin()
  const app = fastify()
  await app.register(plugin).ready()
  const { url, close } = await listening(app.server, () => app.close())
  closing.push(close)
  return { url, ...rest }
}

async function onFastifyOverHttp2(): Promise<App> {
  const { plugin, ...rest } = await makePlugin()
  const app = fastify({ http2: true })
  app.register(plugin)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  closing.push(() => app.close())
  return { url, ...rest }
}

/** What a client received, as it comes. */
interface Reading {
  readonly status: number | undefined
  readonly type: string | undefined
  /** Resolves when this much has arrived. */
  received(text: string): Promise<void>
  /** Resolves to whether the body came to its end, rather than being cut. */
  readonly complete: Promise<boolean>
  hangUp(): void
}
type Ask = (url: string, method?: string) => Promise<Reading>

function readingOf(
  status: number | undefined,
  type: string | undefined,
  body: Readable,
  hangUp: () => void,
): Reading {
  let text = ''
  body.on('data', (chunk: Uint8Array) => {
    text += Buffer.from(chunk).toString()
  })
  const complete = new Promise<boolean>((resolve) => {
    body.once('end', () => resolve(true))
    body.once('error', () => resolve(false))
    body.once('close', () => resolve(false))
  })
  return {
    ...{ status, type, complete, hangUp },
    async received(expected) {
      while (text.length < expected.length) await once(body, 'data')
      expect(text).toBe(expected)
    },
  }
}

/** `fetch` closes the connection after HEAD, which would end a stream that the server left open. */
const askHttp1: Ask = async (url, method = 'GET') => {
  const agent = new Agent({ keepAlive: true })
  const sent = request(`${url}/stream`, { method, agent }).end()
  const answer: IncomingMessage = (await once(sent, 'response'))[0]
  return readingOf(answer.statusCode, answer.headers['content-type'], answer, () => sent.destroy())
}

const askHttp2: Ask = async (url, method = 'GET') => {
  const session = connect(url)
  const stream = session.request({ ':path': '/stream', ':method': method })
  stream.once('close', () => session.close())
  const [headers] = await once(stream, 'response')
  return readingOf(headers[':status'], headers['content-type'], stream, () => session.destroy())
}

const closed = (stream: Readable | undefined): Promise<void> =>
  new Promise((resolve) => (stream?.closed === false ? stream.once('close', () => resolve()) : resolve()))

describe.each<[string, () => Promise<App>, Ask]>([
  ['Express', onExpress, askHttp1],
  ['Koa', onKoa, askHttp1],
  ['Fastify', onFastify, askHttp1],
  ['Koa over HTTP/2', onKoaOverHttp2, askHttp2],
  ['Fastify over HTTP/2', onFastifyOverHttp2, askHttp2],
])('an answer whose body is a stream, on %s', (name, start, ask) => {
  test('arrives part by part, and ends', async () => {
    const { url, streams } = await start()
    const reading = await ask(url)
    expect([reading.status, reading.type]).toEqual([200, expect.stringMatching(/^text\/event-stream/)])
    await reading.received('one\n')
    streams[0]?.push('two\n')
    await reading.received('one\ntwo\n')
    streams[0]?.push(null)
    expect(await reading.complete).toBe(true)
  })

  test('has no body where only the head is asked for, and is not left open', async () => {
    const { url, streams, faults } = await start()
    const reading = await ask(url, 'HEAD')
    expect([reading.status, reading.type]).toEqual([200, expect.stringMatching(/^text\/event-stream/)])
    expect(await reading.complete).toBe(true)
    await reading.received('')
    await closed(streams[0])
    expect(faults).toEqual([])
  })

  test('is destroyed when the client hangs up, which is nobody’s error', async () => {
    const { url, streams, faults } = await start()
    const reading = await ask(url)
    await reading.received('one\n')
    reading.hangUp()
    await closed(streams[0])
    expect(streams[0]?.destroyed).toBe(true)
    // Another request, after which whatever was to be reported has been.
    const other = await ask(url)
    streams[1]?.push(null)
    expect(await other.complete).toBe(true)
    expect(faults).toEqual([])
  })

  test('is cut where the stream fails or is given up, and the server goes on', async () => {
    const { url, streams } = await start()
    for (const fault of [new Error('the source is gone'), undefined]) {
      const reading = await ask(url)
      await reading.received('one\n')
      streams.at(-1)?.destroy(fault)
      // Fastify closes a stream of HTTP/2 without a code, so that its client takes it for the end.
      expect(await reading.complete).toBe(name === 'Fastify over HTTP/2')
    }
    const other = await ask(url)
    streams.at(-1)?.push(null)
    expect(await other.complete).toBe(true)
  })
})
