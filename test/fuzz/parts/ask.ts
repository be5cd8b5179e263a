import { type Agent, type IncomingHttpHeaders, request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Message } from './message.ts'
import { must, tellsOf } from './must.ts'

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Empty for a stream that never ends. */
  readonly body: string
}

/** Sends a message over HTTP. */
export function ask(at: string, agent: Agent, message: Message): Promise<Reply> {
  const { method, url, headers, body } = message
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(at)
    const sent = request({ agent, method, hostname, port, path: url, headers }, (answer) => {
      const reply = { status: answer.statusCode ?? 0, headers: answer.headers }
      const isEndless = answer.headers['content-type']?.startsWith('text/event-stream')
      if (isEndless) {
        resolve({ ...reply, body: '' })
        answer.destroy()
      } else text(answer).then((read) => resolve({ ...reply, body: read }), reject)
    })
    sent.on('error', (cause) => {
      // The server may close an idle connection just when it is used again.
      if (sent.reusedSocket && 'code' in cause && cause.code === 'ECONNRESET')
        resolve(ask(at, agent, message))
      else reject(cause)
    })
    sent.end(body)
  })
}

/** An answer is no fault of the server, is JSON where it says so, and shows nothing of a credential that was not enough. */
export function mustBeFine(
  { method, url }: Message,
  { status, headers, body }: Reply,
  credential: string,
): void {
  must(status < 500 || status === 501, `${method} ${url} is answered ${status}`)
  if (String(headers['content-type']).includes('json') && body !== '') JSON.parse(body)
  // Frameworks show the path of a page that is not there.
  if (status >= 400 && !tellsOf(url, credential))
    must(!tellsOf(body + JSON.stringify(headers), credential), 'a refusal shows a credential')
}
