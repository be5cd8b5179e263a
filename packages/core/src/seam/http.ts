import type { Auth } from './auth.ts'

/** Header fields as Node gives them, with lower-case names. */
export type HeaderFields = Readonly<Record<string, string | readonly string[] | undefined>>

/** Where the body is. */
export type BodySource =
  /** Nobody has read it yet. */
  | { readonly kind: 'stream'; readonly stream: NodeJS.ReadableStream }
  /** A body parser of the application has read it already. */
  | { readonly kind: 'parsed'; readonly value: unknown }

/** @param parsed what a body parser left on the request; `undefined` where none ran */
export function bodySource(stream: NodeJS.ReadableStream, parsed: unknown): BodySource {
  return parsed === undefined ? { kind: 'stream', stream } : { kind: 'parsed', value: parsed }
}

/**
 * All that the core sees of a request. An adapter makes one from its framework's request. Members that are
 * not free should be getters, since most requests need only a few of them.
 */
export interface RequestView {
  readonly method: string
  /** Path and query, as received. */
  readonly target: string
  readonly headers: HeaderFields
  /** Names and values in turn, as received: shows what was sent twice. */
  readonly rawHeaders: readonly string[]
  /** The client's address; behind proxies, what the trusted ones vouch for. */
  readonly ip: string | undefined
  /** Whether the connection is known to use TLS, here or at a trusted proxy. */
  readonly secure: boolean
  readonly body: BodySource
  /** Values of the route's parameters, decoded. */
  readonly params: Readonly<Record<string, string>>
}

/** A finished reply, which an adapter sends as it is. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Finished `Set-Cookie` values, to be added to those that the application set. */
  readonly cookies: readonly string[]
  /** `undefined`: no body. */
  readonly body: string | undefined
}

/** What becomes of a request. */
export type Decision =
  | { readonly kind: 'allow'; readonly auth: Auth }
  | { readonly kind: 'refuse'; readonly answer: Answer }

/** A route: its path below the router's prefix, and what it answers to any method. */
export interface Route {
  /** Parameters are written `:id`. */
  readonly path: string
  handle(view: RequestView): Answer | Promise<Answer>
}
