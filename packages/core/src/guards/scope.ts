import type { Auth } from '../seam/auth.ts'
import type { GuardVerdict } from './guard.ts'

/**
 * Makes a guard that passes callers whose access token has all of the scopes.
 *
 * @see [RFC 6750, section 3.1](https://www.rfc-editor.org/rfc/rfc6750.html#section-3.1)
 */
export function scopeGuard(scopes: readonly string[]): (auth: Auth) => GuardVerdict {
  const refused: GuardVerdict = {
    kind: 'refuse',
    problem: 'insufficient_scope',
    challenge: { scope: scopes.join(' ') },
  }
  return (auth) => (scopes.every((scope) => auth.scopes.includes(scope)) ? { kind: 'pass' } : refused)
}
