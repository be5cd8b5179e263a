import type { Unavailable } from '../../ports/outcome.ts'
import type { Auth } from '../../seam/auth.ts'
import type { Sender } from '../../seam/caller.ts'
import { isIntrospectable } from '../../tokens/forms/introspectable.ts'
import type { Standings } from '../allow-list/index.ts'
import type { Inspect } from '../inspect.ts'

export type Identified =
  /** It can still be used, as far as this process knows. */
  | { readonly kind: 'usable'; readonly auth: Auth }
  /** Nobody can use it here: it expired, was revoked, or was never issued by this deployment. */
  | { readonly kind: 'useless' }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
  | Unavailable

/** Finds out which access token of this deployment somebody wants to have revoked. */
export type Identify = (token: string, sender: Sender) => Promise<Identified>

export interface IdentificationParts {
  readonly inspect: Inspect
  readonly standings: Pick<Standings, 'knowsRevoked'>
}

const USELESS: Identified = Object.freeze({ kind: 'useless' })

export function createIdentification({ inspect, standings }: IdentificationParts): Identify {
  return async (token, sender) => {
    // Another issuer would have to be asked about it, and its tokens are not revoked here.
    if (isIntrospectable(token)) return USELESS
    const inspection = await inspect(token, sender)
    switch (inspection.kind) {
      case 'genuine': {
        const { auth } = inspection.token
        return auth.own && !standings.knowsRevoked(inspection.token) ? { kind: 'usable', auth } : USELESS
      }
      case 'expired':
      case 'early':
      case 'malformed':
      case 'invalid':
        return USELESS
      case 'limited':
        return inspection
      case 'unavailable':
        return inspection.of === 'store' ? { kind: 'unavailable' } : USELESS
    }
  }
}
