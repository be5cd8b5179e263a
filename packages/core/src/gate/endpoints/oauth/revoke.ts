import type { Identify } from '../../../access/clients/identify.ts'
import type { Auth } from '../../../seam/auth.ts'
import type { Callers } from '../../../seam/caller.ts'
import type { Answer, RequestView, Route } from '../../../seam/http.ts'
import type { RefreshTicket, RefreshTokens } from '../../../sessions/tokens/refresh-token.ts'
import type { TokenRevocation } from '../../../sessions/tokens/revoke.ts'
import { refusal } from '../../answers/answer.ts'
import type { Handler, RouteMaker } from '../../routes.ts'
import { type AuthenticatedRequest, type ClientRequests, parameter } from './client-requests.ts'

export interface RevokeEndpointParts {
  readonly clientRequests: ClientRequests
  readonly identify: Identify
  readonly revoke: Pick<TokenRevocation, 'accessToken' | 'refreshToken'>
  readonly refreshTokens: Pick<RefreshTokens, 'parse'>
  readonly callers: Callers
}

/** Whether whoever asks may revoke the tokens of a client. */
type MayRevoke = (client: string) => boolean

const REASON = 'revoked_by_application'
/** The status is 200, not 204: RFC 7009, section 2.2. */
const DONE: Answer = Object.freeze({
  status: 200,
  headers: { 'Cache-Control': 'no-store' },
  cookies: [],
  body: undefined,
})

/**
 * `POST /revoke`: refuses an access token from now on, or ends the session of a refresh token (RFC 7009). Every token says
 * by itself what it is, so `token_type_hint` can't mislead, and is not needed.
 */
export function revokeRoutes(parts: RevokeEndpointParts, route: RouteMaker): readonly Route[] {
  const { clientRequests, identify, revoke, refreshTokens, callers } = parts

  async function ofRefreshToken(
    ticket: RefreshTicket,
    mayRevoke: MayRevoke,
    view: RequestView,
  ): Promise<Answer> {
    const ending = { reason: REASON, caller: callers.of(view) }
    const outcome = await revoke.refreshToken(ticket, mayRevoke, ending)
    switch (outcome.kind) {
      case 'ended':
      case 'absent':
        return DONE
      case 'wrong_client':
        return refusal('client_unauthorized')
      case 'unavailable':
        return refusal('store_unavailable')
    }
  }

  async function ofAccessToken(
    { subject: sub, client, session, credential, claims }: Auth,
    mayRevoke: MayRevoke,
    view: RequestView,
  ): Promise<Answer> {
    // It was issued to no client, and the application revokes it by `apiKeys.revoke`.
    if (credential === 'api_key') return refusal('token_type_unsupported')
    if (client === undefined || claims.jti === undefined || !mayRevoke(client))
      return refusal('client_unauthorized')
    const names = { jti: claims.jti, sub, client_id: client, ...(session && { sid: session }) }
    const outcome = await revoke.accessToken(names, { reason: REASON, caller: callers.of(view) })
    return outcome.kind === 'unavailable' ? refusal('store_unavailable') : DONE
  }

  const handle: Handler = async (view) => {
    const request = await clientRequests.read(view)
    if (request.kind === 'refused') return request.answer
    const asked = await clientRequests.authenticate(request, view)
    if (asked.kind === 'refused') return asked.answer
    const token = parameter(request.form, 'token')
    if (token === undefined) return refusal('body_malformed')
    const ticket = refreshTokens.parse(token)
    if (ticket !== undefined) return ofRefreshToken(ticket, rightsOf(asked), view)
    const identified = await identify(token, view)
    switch (identified.kind) {
      case 'usable':
        return ofAccessToken(identified.auth, rightsOf(asked), view)
      case 'useless':
        return DONE
      case 'limited':
        return refusal('signatures_limited', identified)
      case 'unavailable':
        return refusal('store_unavailable')
    }
  }
  return [route.open('/revoke', { POST: handle })]
}

function rightsOf(asked: Exclude<AuthenticatedRequest, { kind: 'refused' }>): MayRevoke {
  if (asked.kind === 'public') return (client) => client === asked.id
  const { revoke } = asked.client
  return (client) => revoke === 'all' || revoke.has(client)
}
