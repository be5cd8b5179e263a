import type { Auth } from './auth.ts'

/** Header fields in the form of Node.js, with lower-case names. */
export type HeaderFields = Readonly<Record<string, string | readonly string[] | undefined>>

export type BodySource =
  /** The body has not been read yet. */
  | { readonly kind: 'stream'; readonly stream: NodeJS.ReadableStream }
  /** A body parser of the application has already read the body. */
  | { readonly kind: 'parsed'; readonly value: unknown }

/** @param parsed what a body parser left on the request; `undefined` if none ran */
export function bodySource(stream: NodeJS.ReadableStream, parsed: unknown): BodySource {
  return parsed === undefined ? { kind: 'stream', stream } : { kind: 'parsed', value: parsed }
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
  /** Whether the connection is known to use TLS, either here or at a trusted proxy. */
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
  /** `undefined` for a response without a body. */
  readonly body: string | undefined
}

/** Whether a request may reach its handler. */
export type Decision =
  | { readonly kind: 'allow'; readonly auth: Auth }
  | { readonly kind: 'refuse'; readonly answer: Answer }

export interface Route {
  /** The path below the router's prefix. A parameter is written `:id`. */
  readonly path: string
  /** Answers a request of any method. */
  handle(view: RequestView): Answer | Promise<Answer>
}
