import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { listen } from './listen.ts'

/** An application: of Express, Koa or Fastify, a server of node:http, or the URL of one that runs already. */
export type TestedApp =
  | string
  | URL
  | Server
  | Listener
  | { callback(): Listener }
  | { ready(): PromiseLike<unknown>; readonly server: Server }

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

export interface RunningApp {
  readonly url: URL
  /** Ends what was started for the test. What ran before goes on. */
  close(): Promise<void>
}

/** Lets an application listen on a free port, unless it listens already. */
export async function running(app: TestedApp): Promise<RunningApp> {
  if (typeof app === 'string' || app instanceof URL) return elsewhere(new URL(app))
  const server = await serverOf(app)
  const wasListening = server.listening
  const port = wasListening ? (server.address() as AddressInfo).port : await listen(server)
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    async close() {
      if (wasListening) return
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** Timers of ours keep no process alive, so something else has to, until the test has ended. */
async function elsewhere(url: URL): Promise<RunningApp> {
  const holding = createServer()
  await listen(holding)
  return { url, close: async () => void holding.close() }
}

async function serverOf(app: Exclude<TestedApp, string | URL>): Promise<Server> {
  if (typeof app === 'function') return createServer((request, response) => void app(request, response))
  if ('callback' in app) {
    const listener = app.callback()
    return createServer((request, response) => void listener(request, response))
  }
  if (!('ready' in app)) return app
  await app.ready()
  return app.server
}
