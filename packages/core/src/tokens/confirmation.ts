import type { BoundTo } from '../ports/session.ts'
import type { Claims } from '../seam/auth.ts'

/** 32 bytes in base64url, in their only spelling. */
const THUMBPRINT = /^[\w-]{42}[AEIMQUYcgkosw048]$/

/** The members of `cnf` that are known here, and what they are called in {@link BoundTo}. */
const CONFIRMATIONS: Readonly<Record<string, keyof BoundTo>> = { jkt: 'jkt', 'x5t#S256': 'x5t' }

/**
 * What whoever sends a token must have besides it (RFC 7800, section 3.1), all of it; `undefined` if it is a bearer token.
 * `unknown` if something is asked for that is not known here, and so cannot be shown.
 *
 * @param own whether this deployment issued the token: what another issuer means by `fgp` is not known
 */
export function boundIn({ cnf, fgp }: Claims, own: boolean): BoundTo | 'unknown' | undefined {
  const bound = cnf === undefined ? {} : confirmedBy(cnf)
  if (bound === 'unknown') return bound
  if (!own || fgp === undefined) return cnf === undefined ? undefined : bound
  return isThumbprint(fgp) ? { ...bound, fgp } : 'unknown'
}

function confirmedBy(cnf: unknown): BoundTo | 'unknown' {
  if (typeof cnf !== 'object' || cnf === null) return 'unknown'
  const members = Object.entries(cnf)
  const isKnown = ([name, value]: readonly [string, unknown]): boolean =>
    Object.hasOwn(CONFIRMATIONS, name) && isThumbprint(value)
  if (members.length === 0 || !members.every(isKnown)) return 'unknown'
  return Object.fromEntries(members.map(([name, value]) => [CONFIRMATIONS[name], value]))
}

function isThumbprint(value: unknown): value is string {
  return typeof value === 'string' && THUMBPRINT.test(value)
}
