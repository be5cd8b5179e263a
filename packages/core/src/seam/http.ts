import type { Claims } from '../tokens/claims.ts'

/** Header fields as Node gives them: lower-case names. */
export type HeaderFields = Readonly<Record<string, string | readonly string[] | undefined>>

/** Where a body can be had. */
export type BodySource =
  /** The bytes as they come; nobody has read them yet. */
  | { readonly kind: 'stream'; readonly stream: NodeJS.ReadableStream }
  /** Somebody (a body parser of the application's) has read and parsed it already. */
  | { readonly kind: 'parsed'; readonly value: unknown }

/**
 * All that the core sees of a request. An adapter makes one from its framework's request; members
 * that cost something should be getters, since most requests need few of them.
 */
export interface RequestView {
  readonly method: string
  /** Path and query, as received. */
  readonly target: string
  readonly headers: HeaderFields
  /** Names and values in turn, as received: tells what was sent twice. */
  readonly rawHeaders: readonly string[]
  /** The client's address, behind trusted proxies only what those vouch for. */
  readonly ip: string | undefined
  /** Whether the connection is known to be TLS, here or at a trusted proxy. */
  readonly secure: boolean
  readonly body: BodySource
  /** Values of the route's parameters, decoded. */
  readonly params: Readonly<Record<string, string>>
}

/** A finished reply: an adapter sends it as it is. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Finished `Set-Cookie` values, to be added to those that the application set. */
  readonly cookies: readonly string[]
  /** `undefined`: no body. */
  readonly body: string | undefined
}

/** Who is calling, as the access token says; verified. */
export interface Auth {
  readonly subject: string
  /** Empty where another issuer's token names none. */
  readonly session: string
  /** Likewise. */
  readonly client: string
  readonly scopes: readonly string[]
  /** The key that signed the token. */
  readonly kid: string
  readonly claims: Claims
}

/** What becomes of a request. */
export type Decision =
  | { readonly kind: 'allow'; readonly auth: Auth }
  | { readonly kind: 'refuse'; readonly answer: Answer }

/** One route of ours: where it is mounted below the router's prefix, and what it does with any method. */
export interface Route {
  /** With parameters as `:id`. */
  readonly path: string
  handle(view: RequestView): Answer | Promise<Answer>
}
