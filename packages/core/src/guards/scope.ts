import type { Auth } from '../seam/http.ts'

/** A verdict on who is calling; scopes that would have done are told to the client. */
export type GuardVerdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'lacking'; readonly problem: 'insufficient_scope'; readonly scope: string }

export type Guard = (auth: Auth) => GuardVerdict

/** Passes those whose access token has every one of the scopes. */
export function scopeGuard(scopes: readonly string[]): Guard {
  const lacking = { kind: 'lacking', problem: 'insufficient_scope', scope: scopes.join(' ') } as const
  return (auth) => (scopes.every((scope) => auth.scopes.includes(scope)) ? { kind: 'pass' } : lacking)
}
