import type { OAuthSettings } from '../../../access/clients/settings.ts'
import type { Answer, RequestView } from '../../../seam/http.ts'
import type { RefreshTicket } from '../../../sessions/tokens/refresh-token.ts'
import type { TokenRevocation } from '../../../sessions/tokens/revoke.ts'
import { refusal } from '../../answers/answer.ts'
import type { ClientRequest, ClientRequests } from './client-requests.ts'

export type NamedClient =
  /** `undefined`: the request names none, and none has to be named. */
  | { readonly kind: 'named'; readonly id: string | undefined }
  | { readonly kind: 'refused'; readonly answer: Answer }

/**
 * The client of a request to the token endpoint. A confidential one must authenticate (RFC 6749, section 6), also where it
 * does not say that it is one.
 *
 * @param ticket the refresh token of a request that names no client; absent: it has not been read yet
 */
export type TokenClient = (
  request: Extract<ClientRequest, { readonly kind: 'read' }>,
  view: RequestView,
  ticket?: RefreshTicket,
) => Promise<NamedClient>

export interface TokenClientParts {
  readonly settings: Pick<OAuthSettings, 'clients'>
  readonly clientRequests: Pick<ClientRequests, 'authenticate'>
  readonly revoke: Pick<TokenRevocation, 'clientOf'>
}

const NOBODY: NamedClient = Object.freeze({ kind: 'named', id: undefined })

export function createTokenClient({ settings, clientRequests, revoke }: TokenClientParts): TokenClient {
  const { clients } = settings

  async function holderOf(ticket: RefreshTicket): Promise<ReturnType<TokenRevocation['clientOf']>> {
    // A session of a client that needs no secret: most servers have no others, and need not look.
    return clients.size === 0 ? { kind: 'unknown' } : revoke.clientOf(ticket)
  }

  return async (request, view, ticket) => {
    const { credentials } = request
    if (credentials.kind === 'none') {
      const holder = ticket === undefined ? undefined : await holderOf(ticket)
      if (holder?.kind === 'unavailable') return { kind: 'refused', answer: refusal('store_unavailable') }
      if (holder?.kind !== 'read' || !clients.has(holder.client)) return NOBODY
    }
    // Whether it is the session's is for the step to judge.
    if (credentials.kind === 'name' && !clients.has(credentials.id))
      return { kind: 'named', id: credentials.id }
    const asked = await clientRequests.authenticate(request, view)
    if (asked.kind === 'refused') return asked
    return { kind: 'named', id: asked.kind === 'public' ? asked.id : asked.client.id }
  }
}
