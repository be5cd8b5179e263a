import type { Leak } from './leak.ts'
import { leaksOf, shownPath } from './leaks.ts'
import { type Member, walk } from './walk.ts'

/** A token travels in a request header, and Node.js accepts 16 KiB of headers in all. */
const MAX_BYTES = 16_384

/** What an application may put into its access tokens. */
export interface ClaimsPolicy {
  /** Names of the claims at the top level that are allowed. Default: any name. */
  readonly allowed?: ReadonlySet<string> | undefined
  /**
   * Claims, by name or by a path such as `profile.contacts.0`, that are not searched for leaks, nor is anything
   * inside them. The other rules still apply to them. Default: none.
   */
  readonly exempt?: ReadonlySet<string>
  /** The most bytes that the claims may have as JSON. A limit above 16,384 counts as 16,384. */
  readonly maxBytes: number
}

/** What `judgeClaims` finds. It names claims by their paths and contains nothing of their values. */
export type ClaimsVerdict =
  /** The claims satisfy every rule of the policy. */
  | { readonly kind: 'fit' }
  /** Some claims look like personal data or secrets. */
  | { readonly kind: 'leaking'; readonly leaks: readonly Leak[] }
  /** Some claims at the top level are missing from `allowed`. */
  | { readonly kind: 'not_allowed'; readonly claims: readonly string[] }
  /** The claims exceed the limit. `bytes` is their size as JSON, or a lower bound of it. */
  | { readonly kind: 'too_large'; readonly bytes: number }
  /** Some names are those of claims that Sallyport writes itself, or have a meaning in JavaScript. */
  | { readonly kind: 'reserved'; readonly claims: readonly string[] }
  /**
   * A member cannot be written as JSON, or lies too deep. `claim` is the path of the first one; it is empty where
   * the claims as a whole are at fault.
   */
  | { readonly kind: 'not_json'; readonly claim: string }

const reservedNames: ReadonlySet<string> = new Set(
  'iss sub aud exp iat nbf jti client_id sid gen scope auth_time acr amr cnf fgp kid'.split(' '),
)
const prototypeNames: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Judges the claims that an application wants in an access token. A JWT is signed, not encrypted, so whoever sees
 * the token can read its claims (RFC 7519, section 12).
 *
 * The verdict is the first that applies: `not_json`, `reserved`, `not_allowed`, `too_large`, `leaking`. The work is
 * bounded for any input, because at most 1000 members, 8 levels and 16,384 bytes are inspected.
 *
 * Personal names, postal addresses, dates of birth and genders are recognised by the names of their claims only. A
 * secret without a distinctive form is recognised by the name of its claim only. Values that are encrypted,
 * compressed or encoded in Base64 more than once are not decoded.
 *
 * @see [RFC 8725, section 3.12](https://www.rfc-editor.org/rfc/rfc8725.html)
 */
export function judgeClaims(claims: Readonly<Record<string, unknown>>, policy: ClaimsPolicy): ClaimsVerdict {
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims))
    return { kind: 'not_json', claim: '' }
  const walked = walk(claims)
  if (walked.kind === 'not_json') return { kind: 'not_json', claim: shownPath(walked.path) }
  const { members, chars } = walked

  const reserved = members.filter(isReserved)
  if (reserved.length > 0) return { kind: 'reserved', claims: reserved.map(({ path }) => shownPath(path)) }

  const notAllowed = members.filter(({ path }) => path.length === 1 && !isAllowed(path, policy))
  if (notAllowed.length > 0)
    return { kind: 'not_allowed', claims: notAllowed.map(({ path }) => shownPath(path)) }

  const limit = Math.min(policy.maxBytes, MAX_BYTES)
  const bytes = chars > limit ? chars : Buffer.byteLength(JSON.stringify(claims))
  if (bytes > limit) return { kind: 'too_large', bytes }

  const leaks = leaksOf(members.filter(({ path }) => !isExempt(path, policy)))
  return leaks.length > 0 ? { kind: 'leaking', leaks } : { kind: 'fit' }
}

function isReserved({ path }: Member): boolean {
  const name = path.at(-1) ?? ''
  return prototypeNames.has(name) || (path.length === 1 && reservedNames.has(name))
}

function isAllowed([name = '']: readonly string[], { allowed }: ClaimsPolicy): boolean {
  return allowed === undefined || allowed.has(name)
}

function isExempt(path: readonly string[], { exempt }: ClaimsPolicy): boolean {
  return exempt !== undefined && path.some((_name, at) => exempt.has(path.slice(0, at + 1).join('.')))
}
