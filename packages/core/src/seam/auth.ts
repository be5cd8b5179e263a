/**
 * The claims of an access token (RFC 9068, section 2.2). All of them are there in tokens of this deployment;
 * another issuer's token may lack those that are optional here.
 */
export interface AccessClaims {
  readonly iss: string
  readonly sub: string
  readonly aud: string | readonly string[]
  /** Seconds since the epoch, like all instants here. */
  readonly exp: number
  readonly iat?: number
  readonly nbf?: number
  readonly jti?: string
  readonly client_id?: string
  /** The session that the token belongs to. */
  readonly sid?: string
  /** The session's generation that the token was issued in. */
  readonly gen?: number
  /** Scopes, separated by spaces. */
  readonly scope?: string
  readonly auth_time?: number
  readonly acr?: string
  readonly amr?: readonly string[]
  readonly [name: string]: unknown
}

/**
 * Types your own claims for the whole program, by declaration merging:
 *
 * ```ts
 * declare module '@sallyport/core' {
 *   interface Register { claims: { tenant: string } }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: applications merge into it
export interface Register {}

/** The claims of a verified access token, with those of {@link Register}. */
export type Claims = Register extends { readonly claims: infer Own } ? AccessClaims & Own : AccessClaims

/** The verified caller, as the access token says. Frozen, and shared by all requests with the same token. */
export interface Auth {
  /** Who issued the token. */
  readonly issuer: string
  /** Whether this deployment issued it. Another issuer's subject is somebody else, even if the names are equal. */
  readonly own: boolean
  readonly subject: string
  /** The session; another issuer's token may name none. */
  readonly session: string | undefined
  /** The OAuth client; another issuer's token may name none. */
  readonly client: string | undefined
  readonly scopes: readonly string[]
  /** The key that signed the token; a reference token has none. */
  readonly kid: string | undefined
  readonly claims: Claims
}

/**
 * The subject that a call concerns. Throws a `TypeError` for a caller of another issuer: its subject is not ours, even
 * if the names are equal.
 */
export function ownSubject(whom: string | Auth): string {
  if (typeof whom === 'string') return whom
  if (!whom.own) throw new TypeError(`the caller is a subject of ${whom.issuer}, not of this deployment`)
  return whom.subject
}
