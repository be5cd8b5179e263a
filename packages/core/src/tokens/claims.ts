import { isUtf8 } from 'node:buffer'
import * as v from 'valibot'

/** The claims of our access tokens (RFC 9068, section 2.2). */
export interface AccessClaims {
  readonly iss: string
  readonly sub: string
  readonly aud: string | readonly string[]
  /** Seconds since the epoch, as all instants here. */
  readonly exp: number
  readonly iat: number
  readonly nbf?: number
  readonly jti: string
  readonly client_id: string
  /** The session that the token belongs to. */
  readonly sid: string
  /** The session's generation that the token was issued in. */
  readonly gen?: number
  /** Scopes, with spaces between them. */
  readonly scope?: string
  readonly auth_time?: number
  readonly acr?: string
  readonly amr?: readonly string[]
  readonly [name: string]: unknown
}

/**
 * Claims of your own, typed for the whole program by merging:
 *
 * ```ts
 * declare module '@sallyport/core' {
 *   interface Register { claims: { tenant: string } }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is there to be merged into
export interface Register {}

/** The claims of a verified access token, with those of {@link Register}. */
export type Claims = Register extends { readonly claims: infer Own } ? AccessClaims & Own : AccessClaims

// One look a claim: this runs for each token that comes for the first time.
const isIdentifier = (given: unknown): boolean =>
  typeof given === 'string' && given.length >= 1 && given.length <= 255
const isInstant = (given: unknown): boolean => Number.isSafeInteger(given) && Number(given) >= 0
const identifier = v.custom<string>(isIdentifier)
const instant = v.custom<number>(isInstant)

/** RFC 6749, appendix A.4: printable ASCII without quote and backslash, one space between. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/

const schema = v.object({
  iss: v.string(),
  sub: identifier,
  aud: v.union([v.string(), v.array(v.string())]),
  exp: instant,
  iat: instant,
  nbf: v.optional(instant),
  jti: identifier,
  client_id: identifier,
  sid: identifier,
  gen: v.optional(v.custom<number>((given) => isInstant(given) && given !== 0)),
  scope: v.optional(v.custom<string>((given) => typeof given === 'string' && isScope(given))),
  auth_time: v.optional(instant),
  acr: v.optional(identifier),
  amr: v.optional(v.array(identifier)),
})

const scopes = v.custom<string | string[]>(
  (given) =>
    (typeof given === 'string' && isScope(given)) ||
    (Array.isArray(given) && given.every((one) => typeof one === 'string' && one !== '' && isScope(one))),
)
/** Instants of other issuers may have fractions (RFC 7519, section 2). */
const numericDate = v.custom<number>((given) => Number.isFinite(given) && Number(given) >= 0)
const foreignSchema = v.object({
  iss: v.string(),
  sub: identifier,
  aud: v.union([v.string(), v.array(v.string())]),
  exp: numericDate,
  iat: v.optional(numericDate),
  nbf: v.optional(numericDate),
  jti: v.optional(identifier),
  client_id: v.optional(identifier),
  azp: v.optional(identifier),
  sid: v.optional(identifier),
  scope: v.optional(scopes),
  scp: v.optional(scopes),
  auth_time: v.optional(numericDate),
  acr: v.optional(identifier),
  amr: v.optional(v.array(identifier)),
})

/** Whether a text is a scope as RFC 6749 spells it; the empty one counts. */
export function isScope(text: string): boolean {
  return text === '' || SCOPE.test(text)
}

/**
 * Reads the payload of a signed token: UTF-8 without a byte order mark, one JSON object, every claim of
 * its type and size. `undefined` for anything else. Says nothing about whether the claims hold.
 */
export function readClaims(payload: Uint8Array): Claims | undefined {
  const json = readJson(payload)
  return v.is(schema, json) ? frozen(json as Claims) : undefined
}

/**
 * As {@link readClaims}, for a token of somebody else's issuer. What such tokens may lack is empty: `jti`, `sid`,
 * `client_id` (or else `azp`), and `iat` 0; a `scope` is also taken from a list, and from `scp`.
 */
export function readForeignClaims(payload: Uint8Array): Claims | undefined {
  const json = readJson(payload)
  if (!v.is(foreignSchema, json)) return undefined
  const { jti = '', sid = '', client_id = json.azp ?? '', iat = 0, scope = json.scp } = json
  const scopes = Array.isArray(scope) ? scope.join(' ') : scope
  const named = { ...json, jti, sid, client_id, iat }
  return frozen((scopes === undefined ? named : { ...named, scope: scopes }) as Claims)
}

function readJson(payload: Uint8Array): unknown {
  if (!isUtf8(payload)) return undefined
  try {
    return JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString())
  } catch {
    return undefined
  }
}

/** Claims are shared by all requests that come with their token. */
export function frozen<T extends object>(value: T): T {
  for (const name in value) {
    const member = value[name]
    if (typeof member === 'object' && member !== null) frozen(member)
  }
  return Object.freeze(value)
}
