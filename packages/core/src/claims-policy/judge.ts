import type { Leak } from './leak.ts'
import { leaksOf, shownPath } from './leaks.ts'
import { type Member, walk } from './walk.ts'

export type { Leak, LeakKind } from './leak.ts'

/** A token goes with each request in its header, of which Node.js takes 16 KiB in all. */
const MAX_BYTES = 16_384

/** What an application may put into its access tokens. */
export interface ClaimsPolicy {
  /** Names of the claims that there may be; `undefined`: any. */
  readonly allowed: ReadonlySet<string> | undefined
  /** Claims, by name or by path as `profile.contacts.0`, that leaks are not looked for in, nor in what they hold. */
  readonly exempt?: ReadonlySet<string>
  /** Most bytes of the claims as JSON. More than 16,384 counts as 16,384. */
  readonly maxBytes: number
}

export type ClaimsVerdict =
  | { readonly kind: 'fit' }
  | { readonly kind: 'leaking'; readonly leaks: readonly Leak[] }
  | { readonly kind: 'not_allowed'; readonly claims: readonly string[] }
  /** `bytes` may be less than there are, once there are too many. */
  | { readonly kind: 'too_large'; readonly bytes: number }
  /** Claims that this library writes itself, and names that mean something to JavaScript. */
  | { readonly kind: 'reserved'; readonly claims: readonly string[] }
  /** The first member that JSON cannot say, or that is too deep; empty for the claims as a whole. */
  | { readonly kind: 'not_json'; readonly claim: string }

const reserved: ReadonlySet<string> = new Set(
  'iss sub aud exp iat nbf jti client_id sid gen scope auth_time acr amr cnf kid'.split(' '),
)
const ofPrototypes: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Judges the claims that an application wants in an access token: a JWT is signed, not encrypted, so
 * whoever sees it reads them (RFC 7519, section 12). Nothing of a value is in the verdict.
 *
 * The first that applies: `not_json`, `reserved`, `not_allowed`, `too_large`, `leaking`. Bounded in time,
 * whatever it is given: at most 1000 members, 8 levels and 16,384 bytes are looked at.
 *
 * @see [RFC 8725, section 3.12](https://www.rfc-editor.org/rfc/rfc8725.html)
 */
export function judgeClaims(claims: Readonly<Record<string, unknown>>, policy: ClaimsPolicy): ClaimsVerdict {
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims))
    return { kind: 'not_json', claim: '' }
  const walked = walk(claims)
  if (walked.kind === 'not_json') return { kind: 'not_json', claim: shownPath(walked.path) }
  const { members, chars } = walked

  const taken = members.filter(isReserved)
  if (taken.length > 0) return { kind: 'reserved', claims: taken.map(({ path }) => shownPath(path)) }

  const strangers = members.filter(({ path }) => path.length === 1 && !isAllowed(path, policy))
  if (strangers.length > 0)
    return { kind: 'not_allowed', claims: strangers.map(({ path }) => shownPath(path)) }

  const limit = Math.min(policy.maxBytes, MAX_BYTES)
  const bytes = chars > limit ? chars : Buffer.byteLength(JSON.stringify(claims))
  if (bytes > limit) return { kind: 'too_large', bytes }

  const leaks = leaksOf(members.filter(({ path }) => !isExempt(path, policy)))
  return leaks.length > 0 ? { kind: 'leaking', leaks } : { kind: 'fit' }
}

function isReserved({ path }: Member): boolean {
  const name = path.at(-1) ?? ''
  return ofPrototypes.has(name) || (path.length === 1 && reserved.has(name))
}

function isAllowed([name = '']: readonly string[], { allowed }: ClaimsPolicy): boolean {
  return allowed === undefined || allowed.has(name)
}

function isExempt(path: readonly string[], { exempt }: ClaimsPolicy): boolean {
  return exempt !== undefined && path.some((_name, at) => exempt.has(path.slice(0, at + 1).join('.')))
}
