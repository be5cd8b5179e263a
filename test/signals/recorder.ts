import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose'
import { type Listening, listening } from '../support/listening.ts'

/** A receiver of somebody else, which writes down what is pushed to it. */
export interface Recorder extends Listening {
  readonly received: readonly Received[]
  /** What it answers from now on. Default: 202. */
  answer(status: number, body?: object, headers?: Readonly<Record<string, string>>): void
}

export interface Received {
  readonly jwt: string
  readonly claims: JWTPayload & { readonly events: Readonly<Record<string, object>>; readonly sub_id: object }
  readonly header: object
  readonly contentType: string | undefined
  readonly authorization: string | undefined
  /** What it was answered. */
  readonly status: number
}

export async function startRecorder(): Promise<Recorder> {
  const received: Received[] = []
  let next: { status: number; body: object | undefined; headers: Readonly<Record<string, string>> } = {
    ...{ status: 202, body: undefined, headers: {} },
  }
  const server = createServer(async (req, res) => {
    const jwt = await text(req)
    const { status, body, headers } = next
    received.push({
      ...{ jwt, header: decodeProtectedHeader(jwt), status },
      claims: decodeJwt(jwt),
      contentType: req.headers['content-type'],
      authorization: req.headers.authorization,
    })
    res.writeHead(status, { 'content-type': 'application/json', ...headers })
    res.end(body === undefined ? undefined : JSON.stringify(body))
  })
  return {
    ...(await listening(server, () => Promise.resolve())),
    received,
    answer(status, body, headers = {}) {
      next = { status, body, headers }
    },
  }
}
