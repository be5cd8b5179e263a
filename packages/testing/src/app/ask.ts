import { type IncomingHttpHeaders, request as overHttp } from 'node:http'
import { request as overHttps } from 'node:https'
import type { Headers } from '../callers/exchange.ts'

/** What came back; `status` is 0 if nothing did. */
export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const TIMEOUT_MS = 10_000

/**
 * Sends a request on a connection of its own, and resolves whatever becomes of it. `fetch` would add and withhold header
 * fields.
 */
export function ask(url: URL, method: string, headers: Headers): Promise<Reply> {
  return new Promise((resolve) => {
    const failed = (): void => resolve({ status: 0, headers: {}, body: '' })
    const request = url.protocol === 'https:' ? overHttps : overHttp
    const sent = request(url, { method, headers, agent: false, timeout: TIMEOUT_MS }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        body += chunk
      })
      response.on('error', failed)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    sent.on('timeout', () => sent.destroy())
    sent.on('error', failed)
    sent.end()
  })
}
