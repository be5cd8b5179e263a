import { Agent, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'

/** Header fields by lower-case name; a list is sent as so many fields of that name, an empty one not at all. */
export type Fields = Readonly<Record<string, string | readonly string[]>>

export interface Send {
  /** Default GET. */
  readonly method?: string
  /** The request target, sent as it is. */
  readonly path: string
  readonly headers?: Fields
  readonly body?: string | Uint8Array
  /** Sends the body in chunks, without telling its length. */
  readonly chunked?: boolean
}

/** A request, byte for byte; it has to ask for the end of the connection. */
export interface SendBytes {
  readonly bytes: string
}

export interface Reply {
  /** 0: the connection ended without a reply. */
  readonly status: number
  /** By lower-case name, sorted. */
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly text: string
}

const agent = new Agent({ keepAlive: true, timeout: 3000 })
const WITHOUT_BODY = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'DELETE'])

/** Sends a request with exactly these header fields besides Host, Connection and framing. */
export function send(base: string, { method = 'GET', path, headers = {}, ...rest }: Send): Promise<Reply> {
  const { hostname, port, host } = new URL(base)
  const bytes = rest.body === undefined ? undefined : Buffer.from(rest.body)
  const framed = 'content-length' in headers || 'transfer-encoding' in headers
  const framing: Record<string, string> = {}
  if (rest.chunked === true) framing['transfer-encoding'] = 'chunked'
  else if (!framed && (bytes !== undefined || !WITHOUT_BODY.has(method)))
    framing['content-length'] = String(bytes?.length ?? 0)
  const fields = Object.entries({ host, ...framing, ...headers }).flatMap(([name, value]) =>
    [value].flat().flatMap((one) => [name, one]),
  )
  return new Promise((resolve, reject) => {
    const sent = request({ agent, hostname, port, method, path, headers: fields }, (response) =>
      resolve(readReply(response)),
    )
    sent.once('error', reject)
    sent.end(bytes)
  })
}

async function readReply(response: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const headers: [string, string][] = []
  for (let at = 0; at < response.rawHeaders.length; at += 2)
    headers.push([response.rawHeaders[at] ?? '', response.rawHeaders[at + 1] ?? ''])
  return {
    status: response.statusCode ?? 0,
    headers: grouped(headers),
    text: Buffer.concat(chunks).toString(),
  }
}

/** Sends bytes and reads until the server ends the connection. */
export function sendBytes(base: string, bytes: string): Promise<Reply> {
  const { hostname, port } = new URL(base)
  return new Promise((resolve, reject) => {
    let received = ''
    const socket = connect(Number(port), hostname)
    socket.setTimeout(10_000, () => socket.destroy(new Error('the server left the connection open')))
    socket.once('error', reject)
    socket.once('close', () => resolve(parseReply(received)))
    socket.on('data', (chunk) => {
      received += chunk.toString()
    })
    socket.write(bytes, 'latin1')
  })
}

function parseReply(received: string): Reply {
  const end = received.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = received.slice(0, Math.max(end, 0)).split('\r\n')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? 0)
  const fields = grouped(headers)
  const body = received.slice(end + 4)
  return { status, headers: fields, text: 'transfer-encoding' in fields ? unchunked(body) : body }
}

function unchunked(body: string): string {
  const end = body.indexOf('\r\n')
  const length = Number.parseInt(body, 16)
  if (!(length > 0)) return ''
  const start = end + 2
  return body.slice(start, start + length) + unchunked(body.slice(start + length + 2))
}

function grouped(fields: readonly (readonly [name: string, value: string])[]): Reply['headers'] {
  const byName = new Map<string, string[]>()
  for (const [name, value] of fields) {
    const key = name.toLowerCase()
    byName.set(key, [...(byName.get(key) ?? []), value])
  }
  return Object.fromEntries([...byName].sort(([a], [b]) => (a < b ? -1 : 1)))
}
