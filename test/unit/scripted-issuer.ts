import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { IssuerSettings } from '../../packages/core/src/issuers/remote.ts'

/** What a server does with a request. */
export type Answer = RequestListener

/** A real HTTP server that answers as it is told, and counts. */
export interface ScriptedIssuer {
  /** Without a slash at its end. */
  readonly origin: string
  /** The paths that were asked for since the last `forget`. */
  readonly asked: string[]
  /** What is answered at a path; elsewhere 404. */
  readonly answers: Map<string, Answer>
  /** Bytes that it could hand to the connections, once the clients have closed them all. */
  sent(): Promise<number>
  /** Resolves when it has been asked so many times. */
  wasAsked(times: number): Promise<void>
  close(): Promise<void>
}

export async function scriptedIssuer(): Promise<ScriptedIssuer> {
  const asked: string[] = []
  const answers = new Map<string, Answer>()
  const sockets = new Set<Socket>()
  const waiting: (() => void)[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(path)
    for (const look of waiting) look()
    const answer = answers.get(path) ?? status(404)
    answer(request, response)
  })
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    asked,
    answers,
    async sent() {
      const closed = [...sockets].map(
        (socket) => socket.destroyed || new Promise<unknown>((resolve) => socket.once('close', resolve)),
      )
      await Promise.all(closed)
      return [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, 0)
    },
    wasAsked(times) {
      return new Promise((resolve) => {
        const look = (): void => {
          if (asked.length >= times) resolve()
        }
        waiting.push(look)
        look()
      })
    },
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** Keys of that issuer at `/jwks`, fetched at most every 30 seconds, good for 10 minutes, and an hour in need. */
export function settingsFor(issuer: ScriptedIssuer, more: Partial<IssuerSettings> = {}): IssuerSettings {
  return {
    issuer: issuer.origin,
    keys: { kind: 'jwks', url: new URL(`${issuer.origin}/jwks`) },
    algorithms: ['EdDSA', 'ES256'],
    timeoutMs: 20_000,
    cooldownSeconds: 30,
    maxAgeSeconds: 600,
    maxStaleSeconds: 3600,
    ...more,
  }
}

export const text =
  (body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): Answer =>
  (_request, response) =>
    response.writeHead(200, headers).end(body)
export const json = (value: unknown): Answer =>
  text(JSON.stringify(value), { 'content-type': 'application/json' })
export const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  (_request, response) =>
    response.writeHead(code, headers).end('{"keys":[]}')
/** Never answers. */
export const silence: Answer = () => {}
/** Begins a body and leaves it at that. */
export const halfBody: Answer = (_request, response) => response.writeHead(200).write('{"keys":[')
/** Breaks the connection, before the answer or in the middle of it. */
export const reset: Answer = (request) => request.socket.resetAndDestroy()
export const cutOff: Answer = (_request, response) => {
  response.writeHead(200, { 'content-length': '1000' })
  response.write('{"keys":[', () => response.destroy())
}
/** White space without end, in pieces of this size, as fast as it is taken. */
export const endless =
  (bytes: number): Answer =>
  (_request, response) => {
    response.writeHead(200)
    pour(response, Buffer.alloc(bytes, ' '))
  }
/** One byte after the other, without end. */
export const drip: Answer = (_request, response) => {
  response.writeHead(200)
  const timer = setInterval(() => response.write(' '), 5)
  response.on('close', () => clearInterval(timer))
}

function pour(response: ServerResponse, piece: Buffer): void {
  if (response.destroyed) return
  if (response.write(piece)) setImmediate(pour, response, piece)
  else response.once('drain', () => pour(response, piece))
}
