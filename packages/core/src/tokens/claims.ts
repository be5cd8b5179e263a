import { isUtf8 } from 'node:buffer'
import * as v from 'valibot'
import type { Claims } from '../seam/auth.ts'
import type { AudienceClaim } from './source.ts'

// Each claim has a single check instead of a pipeline, because this runs for every token that is new to the process.
const isIdentifier = (claim: unknown): boolean =>
  typeof claim === 'string' && claim.length >= 1 && claim.length <= 255
const isInstant = (claim: unknown): boolean => Number.isSafeInteger(claim) && Number(claim) >= 0
const identifier = v.custom<string>(isIdentifier)
const instant = v.custom<number>(isInstant)

/** RFC 6749, appendix A.4: printable ASCII without quotes and backslashes, separated by single spaces. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/

const audience = v.union([v.string(), v.array(v.string())])
const schema = v.object({
  iss: v.string(),
  sub: identifier,
  aud: audience,
  exp: instant,
  iat: instant,
  nbf: v.optional(instant),
  jti: identifier,
  client_id: identifier,
  sid: identifier,
  gen: v.optional(v.custom<number>((claim) => isInstant(claim) && claim !== 0)),
  scope: v.optional(v.custom<string>((claim) => typeof claim === 'string' && isScope(claim))),
  auth_time: v.optional(instant),
  acr: v.optional(identifier),
  amr: v.optional(v.array(identifier)),
})

const scopes = v.custom<string | string[]>(
  (given) =>
    (typeof given === 'string' && isScope(given)) || (Array.isArray(given) && given.every(isScopeToken)),
)
/** Instants of other issuers may have fractions (RFC 7519, section 2). */
const numericDate = v.custom<number>((claim) => Number.isFinite(claim) && Number(claim) >= 0)
const foreignSchema = v.object({
  iss: v.string(),
  sub: identifier,
  aud: v.optional(audience),
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

const proofSchema = v.object({
  jti: identifier,
  htm: v.string(),
  htu: v.string(),
  iat: numericDate,
  exp: v.optional(numericDate),
  nbf: v.optional(numericDate),
  nonce: v.optional(v.string()),
  ath: v.optional(v.string()),
})

/** One scope, as it stands in an array. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/

export function isScopeToken(given: unknown): given is string {
  return typeof given === 'string' && SCOPE_TOKEN.test(given)
}

/** Whether a string is a scope as RFC 6749 spells it. The empty one is. */
export function isScope(scope: string): boolean {
  return scope === '' || SCOPE.test(scope)
}

/**
 * Reads the payload of a signed token of this deployment. It must be UTF-8 without a byte order mark, and one JSON
 * object in which every claim has its type and size; anything else gives `undefined`. Does NOT check what the claims
 * say.
 */
export function readClaims(payload: Uint8Array): Claims | undefined {
  const json = readJson(payload)
  return v.is(schema, json) ? frozen(json as Claims) : undefined
}

/**
 * Does the same as {@link readClaims} for a token of another issuer, which may lack `jti`, `sid`, `client_id` and
 * `iat`. `client_id` may also come from `azp`, and `scope` from `scp`; both `scope` and `scp` may be arrays.
 *
 * @param audienceClaim the claim that must be there. If it is `client_id`, `aud` may come from it
 */
export function readForeignClaims(payload: Uint8Array, audienceClaim: AudienceClaim): Claims | undefined {
  return foreignClaims(readJson(payload), audienceClaim)
}

/** Does the same as {@link readForeignClaims} for claims that are JSON already. */
export function foreignClaims(json: unknown, audienceClaim: AudienceClaim): Claims | undefined {
  if (!v.is(foreignSchema, json) || json[audienceClaim] === undefined) return undefined
  const { client_id = json.azp, scope = json.scp } = json
  const scopes = Array.isArray(scope) ? scope.join(' ') : scope
  return frozen({
    aud: json.client_id,
    ...json,
    ...(client_id === undefined ? {} : { client_id }),
    ...(scopes === undefined ? {} : { scope: scopes }),
  } as Claims)
}

/** The claims of a DPoP proof (RFC 9449, section 4.2). Instants are seconds since the epoch. */
export interface ProofClaims {
  readonly jti: string
  readonly htm: string
  readonly htu: string
  readonly iat: number
  readonly exp?: number
  readonly nbf?: number
  readonly nonce?: string
  /** The hash of the access token. */
  readonly ath?: string
}

/** Reads the payload of a DPoP proof; `undefined` if a claim is missing or malformed. Does NOT check what they say. */
export function readProofClaims(payload: Uint8Array): ProofClaims | undefined {
  const json = readJson(payload)
  return v.is(proofSchema, json) ? (json as ProofClaims) : undefined
}

const statementSchema = v.looseObject({
  iss: v.string(),
  aud: audience,
  iat: v.optional(numericDate),
  exp: v.optional(numericDate),
  nbf: v.optional(numericDate),
  jti: v.optional(identifier),
})

/** The claims of a JWT that is no access token, as far as every kind of them has them. Instants are seconds. */
export interface StatementClaims extends Readonly<Record<string, unknown>> {
  readonly iss: string
  readonly aud: string | readonly string[]
  readonly iat?: number
  readonly exp?: number
  readonly nbf?: number
  readonly jti?: string
}

/** Reads the payload of a JWT of any kind; `undefined` if one of these claims is missing or malformed. */
export function readStatementClaims(payload: Uint8Array): StatementClaims | undefined {
  const json = readJson(payload)
  return v.is(statementSchema, json) ? frozen(json as StatementClaims) : undefined
}

const idSchema = v.object({ jti: v.string() })

/** The `jti` of the payload of a proof that may have any other claims; `undefined` if it has none. */
export function readProofId(payload: Uint8Array): string | undefined {
  const json = readJson(payload)
  return v.is(idSchema, json) ? json.jti : undefined
}

function readJson(payload: Uint8Array): unknown {
  if (!isUtf8(payload)) return undefined
  try {
    return JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString())
  } catch {
    return undefined
  }
}

/** Freezes claims at every level, because all requests with a token share them. */
function frozen<T extends object>(value: T): T {
  for (const name in value) {
    const member = value[name]
    if (typeof member === 'object' && member !== null) frozen(member)
  }
  return Object.freeze(value)
}
