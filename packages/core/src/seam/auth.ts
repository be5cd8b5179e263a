/**
 * The claims of an access token (RFC 9068, section 2.2). A token of this deployment has `iat`, `jti`, `client_id`, `sid`,
 * `gen`, `scope` and `auth_time`; an API key has `iat`, `jti` and `scope`; one of another issuer may have none of them.
 */
export interface AccessClaims {
  readonly iss: string
  readonly sub: string
  readonly aud: string | readonly string[]
  /** Seconds since the epoch, as are all instants here. */
  readonly exp: number
  readonly iat?: number
  readonly nbf?: number
  readonly jti?: string
  readonly client_id?: string
  /** The session that the token belongs to. */
  readonly sid?: string
  /** The session's generation when the token was issued. Each refresh increases it. */
  readonly gen?: number
  /** Scopes, separated by spaces. */
  readonly scope?: string
  readonly auth_time?: number
  readonly acr?: string
  readonly amr?: readonly string[]
  /** What the client must prove to have (RFC 7800). */
  readonly cnf?: { readonly jkt?: string; readonly 'x5t#S256'?: string }
  /** The hash of a cookie that must come with the token. */
  readonly fgp?: string
  readonly [name: string]: unknown
}

/**
 * Declare your own claims here, by declaration merging, to have them typed in the whole program:
 *
 * ```ts
 * declare module '@sallyport/core' {
 *   interface Register { claims: { tenant: string } }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: declaration merging needs an interface, and it has no members of ours
export interface Register {}

/** The claims of a verified access token, including those declared in {@link Register}. */
export type Claims = Register extends { readonly claims: infer Custom } ? AccessClaims & Custom : AccessClaims

/** What a caller has shown: an access token, or an API key (option `apiKeys`). */
export type Credential = 'access_token' | 'api_key'

/** The verified caller, from the access token. Frozen, because all requests with the same token share it. */
export interface Auth {
  /** Who issued the token. */
  readonly issuer: string
  /**
   * Whether this deployment issued the token. A subject of another issuer is somebody else, even if the names are
   * equal.
   */
  readonly own: boolean
  readonly subject: string
  readonly credential: Credential
  /** The session that the token belongs to. A token of another issuer may name none; an API key has none. */
  readonly session: string | undefined
  /** The OAuth client. A token of another issuer may name none; an API key has none. */
  readonly client: string | undefined
  readonly scopes: readonly string[]
  /** The key that signed the token. Opaque tokens and API keys have none. */
  readonly kid: string | undefined
  readonly claims: Claims
}

/**
 * Returns the subject of this deployment that a call concerns. Throws a `TypeError` if another issuer issued the
 * caller's token: its subject is somebody else, even if the names are equal.
 */
export function ownSubject(user: string | Auth): string {
  if (typeof user === 'string') return user
  if (!user.own) throw new TypeError(`the caller is a subject of ${user.issuer}, not of this deployment`)
  return user.subject
}
