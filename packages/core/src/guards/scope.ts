import type { Auth } from '../seam/auth.ts'
import type { GuardVerdict } from './guard.ts'

/** RFC 6749, section 3.3. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/**
 * Passes callers whose access token has every one of the scopes. Throws a `TypeError` for what is no scope.
 *
 * @see [RFC 6750, section 3.1](https://www.rfc-editor.org/rfc/rfc6750.html#section-3.1)
 */
export function scopeGuard(...scopes: string[]): (auth: Auth) => GuardVerdict {
  if (scopes.length === 0 || !scopes.every(isScopeToken))
    throw new TypeError('requireScope: name the scopes, each as a string such as "profile:read"')
  const refused: GuardVerdict = {
    kind: 'refuse',
    problem: 'insufficient_scope',
    challenge: { scope: scopes.join(' ') },
  }
  return (auth) => (scopes.every((scope) => auth.scopes.includes(scope)) ? { kind: 'pass' } : refused)
}

function isScopeToken(given: unknown): boolean {
  return typeof given === 'string' && SCOPE_TOKEN.test(given)
}
