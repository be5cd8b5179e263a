import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server at a port of its own. A browser takes its two names for two sites. */
export interface Site {
  readonly localhost: string
  readonly numeric: string
  /** Answers from now on; the address is known before. */
  serve(listener: RequestListener): void
  /** Breaks all connections, as a network does. */
  cut(): void
  close(): Promise<void>
}

export async function startSite(listener?: RequestListener): Promise<Site> {
  const server = createServer()
  if (listener !== undefined) server.on('request', listener)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    localhost: `http://localhost:${port}`,
    numeric: `http://127.0.0.1:${port}`,
    serve(next) {
      server.on('request', next)
    },
    cut: () => server.closeAllConnections(),
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** Answers every request with one page. */
export const html =
  (text: string): RequestListener =>
  (_request, response) => {
    response.setHeader('Content-Type', 'text/html; charset=utf-8').end(text)
  }
