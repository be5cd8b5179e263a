import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { BodySource, Peer, RequestView } from '../seam/http.ts'

/** What the requests of Node.js have in common over HTTP/1.1 and HTTP/2. */
export type NodeRequest = Readable & {
  readonly method?: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: string[]
  readonly socket: Socket
}

/** What the requests of the frameworks have in common. */
export interface FrameworkRequest {
  readonly originalUrl: string
  readonly ip?: string | undefined
  readonly host?: string | undefined
  readonly params?: unknown
}

/** A view of a framework's request. Every member is computed only when it is read. */
export abstract class NodeView<R extends FrameworkRequest> implements RequestView {
  protected readonly request: R

  constructor(request: R) {
    this.request = request
  }
  protected abstract readonly raw: NodeRequest
  /** What a body parser left on the request; `undefined` if none ran. */
  protected abstract readonly parsed: unknown
  abstract readonly secure: boolean

  get method(): string {
    return this.raw.method ?? ''
  }
  get target(): string {
    return this.request.originalUrl
  }
  get headers(): RequestView['headers'] {
    return this.raw.headers
  }
  get rawHeaders(): readonly string[] {
    return this.raw.rawHeaders
  }
  get ip(): string | undefined {
    return this.request.ip
  }
  get peer(): Peer {
    return new SocketPeer(this.raw.socket)
  }
  get host(): string | undefined {
    return this.request.host
  }
  get params(): Readonly<Record<string, string>> {
    return (this.request.params ?? {}) as Record<string, string>
  }
  get body(): BodySource {
    return bodySource(this.raw, this.parsed)
  }
}

/** @param left what the application left on the request as its body; `undefined` where nobody has read it */
function bodySource(stream: Readable, left: unknown): BodySource {
  if (left === undefined || isUnread(stream, left)) return { kind: 'stream', stream }
  if (typeof left === 'string') return { kind: 'bytes', bytes: Buffer.from(left) }
  return left instanceof Uint8Array ? { kind: 'bytes', bytes: left } : { kind: 'parsed', value: left }
}

/** A body parser may leave an empty object for a type that it does not know. */
function isUnread(stream: Readable, left: unknown): boolean {
  return (
    typeof left === 'object' && left !== null && Object.keys(left).length === 0 && !stream.readableDidRead
  )
}

/** What few requests are asked for is computed when it is read. */
class SocketPeer implements Peer {
  readonly #socket: Socket | Pick<TLSSocket, 'remoteAddress' | 'getPeerX509Certificate'>

  constructor(socket: Socket | TLSSocket) {
    this.#socket = socket
  }
  get address(): string | undefined {
    return this.#socket.remoteAddress
  }
  get certificate(): Uint8Array | undefined {
    // Over HTTP/2 the socket is a proxy of the TLS socket, and an instance of neither class.
    return 'getPeerX509Certificate' in this.#socket ? this.#socket.getPeerX509Certificate()?.raw : undefined
  }
}
