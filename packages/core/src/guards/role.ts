import type { Auth } from '../seam/auth.ts'
import type { Guard, GuardVerdict } from './guard.ts'

const DENIED: GuardVerdict = { kind: 'refuse', problem: 'access_denied' }
const PASSED: GuardVerdict = { kind: 'pass' }

/** Passes callers who have at least one of the roles. Throws a `TypeError` for what is no role. */
export function roleGuard(...roles: string[]): Guard {
  if (roles.length === 0 || !roles.every((role) => typeof role === 'string' && role !== ''))
    throw new TypeError('requireRole: name the roles, each as a string such as "admin"')
  return ({ claims }) => (rolesIn(claims.roles).some((role) => roles.includes(role)) ? PASSED : DENIED)
}

/**
 * The roles that a token names: an array of strings, one string, or objects with a `value`, as SCIM writes them. What is
 * anything else counts as no role.
 *
 * @see [RFC 9068, section 2.2.3.1](https://www.rfc-editor.org/rfc/rfc9068.html#section-2.2.3.1), [RFC 7643, sections
 * 2.4 and 4.1.2](https://www.rfc-editor.org/rfc/rfc7643.html#section-4.1.2)
 */
export function rolesOf({ claims }: Auth): readonly string[] {
  return rolesIn(claims.roles)
}

function rolesIn(claim: unknown): readonly string[] {
  if (typeof claim === 'string') return [claim]
  return Array.isArray(claim) ? claim.map(roleIn).filter((role) => role !== undefined) : []
}

function roleIn(one: unknown): string | undefined {
  const role: unknown = typeof one === 'object' && one !== null && 'value' in one ? one.value : one
  return typeof role === 'string' ? role : undefined
}
