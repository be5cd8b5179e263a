import { request as ask, type IncomingHttpHeaders } from 'node:http'
import { startSite } from '../site.ts'

/** A request that reached the server, and how it was answered. */
export interface Seen {
  readonly method: string
  /** Without a query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly status: number
  readonly answered: IncomingHttpHeaders
}

/** A server whose requests are seen. */
export interface Watched {
  /** By the name `localhost`, for which browsers keep the cookie. */
  readonly url: string
  /** All that was answered so far. */
  readonly seen: readonly Seen[]
  close(): Promise<void>
}

/** Passes everything on as it is, the host included. */
export async function startWatched(target: string): Promise<Watched> {
  const seen: Seen[] = []
  const site = await startSite((incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming
    const [path = ''] = url.split('?', 1)
    const passed = ask(new URL(url, target), { method, headers, agent: false }, (answer) => {
      const { statusCode: status = 0, headers: answered } = answer
      seen.push({ method, path, headers, status, answered })
      answer.pipe(outgoing.writeHead(status, answer.rawHeaders))
    })
    passed.on('error', () => outgoing.destroy())
    incoming.pipe(passed)
  })
  return { url: site.localhost, seen, close: site.close }
}
