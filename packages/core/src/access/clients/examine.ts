import type { Unavailable } from '../../ports/outcome.ts'
import type { Auth } from '../../seam/auth.ts'
import type { Callers, Sender } from '../../seam/caller.ts'
import { isIntrospectable } from '../../tokens/forms/introspectable.ts'
import type { Emit } from '../../watch/events.ts'
import type { ClientLimits } from '../../watch/lockout/client-limits.ts'
import type { Standing, Standings } from '../allow-list/index.ts'
import type { Inspect } from '../inspect.ts'
import type { KnownToken } from '../known-token.ts'
import type { IntrospectionRights, OAuthClient } from './settings.ts'

export type Examined =
  | { readonly kind: 'active'; readonly auth: Auth }
  /** For whatever reason: who asks is not told. */
  | { readonly kind: 'inactive' }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
  | Unavailable

/**
 * Judges a token that somebody else was sent, as a request with it would be judged: signature, times, revocation. Whether
 * the sender of a bound token is its holder is left to whoever asks, who has that sender's proof.
 *
 * Only tokens of this deployment are active, and only for a client that may know. It does not count as a use of the
 * token, and no event tells of it: who asks decides what becomes of the token. The one event is that the limit of unknown
 * tokens is used up.
 */
export type Examine = (
  token: string,
  client: OAuthClient & { readonly introspect: IntrospectionRights },
  sender: Sender,
) => Promise<Examined>

export interface ExaminationParts {
  readonly inspect: Inspect
  readonly standings: Pick<Standings, 'judge'>
  readonly limits: Pick<ClientLimits, 'waitOf' | 'unknown'>
  readonly emit: Emit
  readonly callers: Callers
}

const INACTIVE: Examined = Object.freeze({ kind: 'inactive' })

export function createExamination(parts: ExaminationParts): Examine {
  const { inspect, standings, limits, emit, callers } = parts

  async function unknown(client: OAuthClient, sender: Sender): Promise<Examined> {
    const { last } = await limits.unknown(client.id)
    const names = { client_id: client.id, reason: 'signatures_limited' }
    if (last) emit({ event: 'token.refused', outcome: 'failure', ...names }, callers.of(sender))
    return INACTIVE
  }

  function settle(standing: Standing, { auth }: KnownToken): Examined {
    switch (standing) {
      case 'live':
        return { kind: 'active', auth }
      case 'revoked':
      case 'unlisted':
        return INACTIVE
      case 'unavailable':
        return { kind: 'unavailable' }
    }
  }

  return async (token, client, sender) => {
    // Another issuer would have to be asked about it, and may be asked by whoever wants to know.
    if (isIntrospectable(token)) {
      const retryAfterSeconds = limits.waitOf(client.id)
      return retryAfterSeconds > 0 ? { kind: 'limited', retryAfterSeconds } : unknown(client, sender)
    }
    const inspection = await inspect(token, sender, () => limits.waitOf(client.id))
    switch (inspection.kind) {
      case 'genuine': {
        const known = inspection.token
        return mayKnow(client.introspect, known.auth) ? settle(await standings.judge(known), known) : INACTIVE
      }
      case 'expired':
      case 'early':
        return INACTIVE
      case 'malformed':
      case 'invalid':
        return unknown(client, sender)
      case 'limited':
        return inspection
      case 'unavailable':
        // Of another issuer nothing is told in any case.
        return inspection.of === 'store' ? { kind: 'unavailable' } : INACTIVE
    }
  }
}

function mayKnow({ audience, apiKeys }: IntrospectionRights, { own, credential, claims }: Auth): boolean {
  if (!own || (credential === 'api_key' && apiKeys === 'refuse')) return false
  const named = typeof claims.aud === 'string' ? [claims.aud] : claims.aud
  return audience === undefined || named.some((one) => audience.includes(one))
}
