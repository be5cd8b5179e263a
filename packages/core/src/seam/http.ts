import type { Readable } from 'node:stream'
import type { Auth } from './auth.ts'

/** Header fields in the form of Node.js, with lower-case names. */
export type HeaderFields = Readonly<Record<string, string | readonly string[] | undefined>>

export type BodySource =
  /** The body has not been read yet. */
  | { readonly kind: 'stream'; readonly stream: NodeJS.ReadableStream }
  /** The application has read it already, but not parsed it. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** A body parser of the application has read it already. */
  | { readonly kind: 'parsed'; readonly value: unknown }

/** The other end of the connection, whatever headers say of others behind it. */
export interface Peer {
  readonly address: string | undefined
  /** The certificate that it has shown over TLS, in DER. */
  readonly certificate: Uint8Array | undefined
}

/**
 * What the core sees of a request. Each adapter makes one from its framework's request. Most requests need only a few
 * of the members, so a member that takes work to compute should be a getter.
 */
export interface RequestView {
  readonly method: string
  /** Path and query, as received. */
  readonly target: string
  readonly headers: HeaderFields
  /** Alternating names and values as received, in which repeated headers can be seen. */
  readonly rawHeaders: readonly string[]
  /** The client's address; behind proxies, the one that the trusted proxies report. */
  readonly ip: string | undefined
  readonly peer: Peer
  /** The host that was asked, with its port, as the framework computes it behind trusted proxies and over HTTP/2. */
  readonly host: string | undefined
  /** Whether the connection is known to use TLS, here or at a trusted proxy. */
  readonly secure: boolean
  readonly body: BodySource
  /** Values of the route's parameters, decoded. */
  readonly params: Readonly<Record<string, string>>
}

/** A complete response, which an adapter sends unchanged. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Complete `Set-Cookie` values. The adapter appends them to those that the application has set. */
  readonly cookies: readonly string[]
  /** `undefined` for a response without a body. A stream is destroyed when the client hangs up. */
  readonly body: string | Readable | undefined
}

/** Whether a request may reach its handler. */
export type Decision =
  /** With `headers`, if any, on whatever the handler answers. */
  | { readonly kind: 'allow'; readonly auth: Auth; readonly headers?: Answer['headers'] }
  /** Nobody in particular, where the route is open to guests. */
  | { readonly kind: 'guest'; readonly auth: null }
  | { readonly kind: 'refuse'; readonly answer: Answer }

export interface Route {
  /** The path below the router's prefix. A parameter is written `:id`. */
  readonly path: string
  /** Answers a request of any method. */
  handle(view: RequestView): Answer | Promise<Answer>
}
