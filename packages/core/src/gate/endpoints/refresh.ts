import type { Callers, Visit } from '../../seam/caller.ts'
import type { Answer, RequestView, Route } from '../../seam/http.ts'
import type { RefreshOutcome, RefreshSession } from '../../sessions/refresh.ts'
import type { Bond } from '../../sessions/tokens/bond.ts'
import type { RefreshTicket, RefreshTokens } from '../../sessions/tokens/refresh-token.ts'
import type { Emit } from '../../watch/events.ts'
import { refusal } from '../answers/answer.ts'
import { endedRefusal } from '../answers/ended.ts'
import { cookiesOf, tokenAnswer } from '../answers/tokens.ts'
import type { Bonds, Shown } from '../bonds.ts'
import type { BoundCookies } from '../browser/bound-cookie.ts'
import type { StrictCookie } from '../browser/cookies.ts'
import { visitOf } from '../callers.ts'
import type { Handler, RouteMaker } from '../routes.ts'
import { type ClientRequests, parameter } from './oauth/client-requests.ts'
import type { TokenClient } from './oauth/token-client.ts'

export interface RefreshEndpointParts {
  readonly refresh: RefreshSession
  readonly refreshTokens: Pick<RefreshTokens, 'parse'>
  readonly cookie: StrictCookie
  readonly bonds: Bonds
  readonly boundCookies: BoundCookies
  readonly emit: Emit
  readonly callers: Callers
}

export interface TokenEndpointParts extends RefreshEndpointParts {
  readonly clientRequests: ClientRequests
  readonly clientOf: TokenClient
}

/**
 * `POST /refresh`: swaps the refresh cookie for the next one and a new access token. A refusal touches no cookie, since
 * it may arrive after the answer of a newer sign-in.
 */
export function refreshRoutes(parts: RefreshEndpointParts, route: RouteMaker): readonly Route[] {
  const { cookie } = parts
  const handle: Handler = (view) => {
    const visit = visitOf(view, parts.callers)
    if (visit === undefined) return refusal('retry_key_malformed')
    const sent = cookie.read(view)
    if (sent.kind === 'none') return refusal('refresh_missing')
    if (sent.kind === 'repeated') return refusal('refresh_repeated')
    const ticket = parts.refreshTokens.parse(sent.value)
    if (ticket?.transport !== 'cookie') return refuseForged(parts, view)
    if (ticket.bond !== undefined) return refreshBound(parts, view, { ...ticket, bond: ticket.bond }, visit)
    const proof = parts.boundCookies.proofOf(view, ticket.session)
    return parts.refresh(ticket, undefined, visit, proof).then((outcome) => answerTo(outcome, cookie))
  }
  return [route.cookie('/refresh', { POST: handle })]
}

/** `POST /token` with `grant_type=refresh_token` (RFC 6749, section 6), for clients without cookies. */
export function tokenRoutes(parts: TokenEndpointParts, route: RouteMaker): readonly Route[] {
  const { clientRequests, clientOf } = parts
  const dead = { status: 400 }
  const handle: Handler = async (view) => {
    const visit = visitOf(view, parts.callers)
    if (visit === undefined) return refusal('retry_key_malformed')
    const request = await clientRequests.read(view)
    if (request.kind === 'refused') return request.answer
    const named = await clientOf(request, view)
    if (named.kind === 'refused') return named.answer
    const grantType = parameter(request.form, 'grant_type')
    if (grantType === undefined) return refusal('body_malformed')
    if (grantType !== 'refresh_token') return refusal('grant_type_unsupported')
    const token = parameter(request.form, 'refresh_token')
    if (token === undefined) return refusal('body_malformed')
    const ticket = parts.refreshTokens.parse(token)
    if (ticket?.transport !== 'body') return refuseForged(parts, view, dead)
    const holder = named.id === undefined ? await clientOf(request, view, ticket) : named
    if (holder.kind === 'refused') return holder.answer
    const client = holder.id
    if (ticket.bond !== undefined)
      return refreshBound(parts, view, { ...ticket, bond: ticket.bond }, visit, { client, ...dead })
    return answerTo(await parts.refresh(ticket, client, visit), parts.cookie, dead)
  }
  return [route.open('/token', { POST: handle })]
}

/** A request that does not show what the token is bound to changes nothing: it may be anybody's. */
async function refreshBound(
  { bonds, refresh, cookie, boundCookies }: RefreshEndpointParts,
  view: RequestView,
  ticket: RefreshTicket & { readonly bond: Bond },
  visit: Visit,
  { client, ...dead }: { readonly client?: string | undefined; readonly status?: number } = {},
): Promise<Answer> {
  const shown = await bonds.ofRefresh(view, ticket.bond)
  const proof = boundCookies.proofOf(view, ticket.session)
  if (shown.kind === 'shown')
    return answerTo(await refresh(ticket, client, visit, proof), cookie, dead, shown)
  return refusal(shown.problem, shown.problem === 'refresh_unproven' ? { ...shown, ...dead } : shown)
}

/** @param dead the status for a session that is over; RFC 6749, section 5.2, wants 400 of a token endpoint */
function answerTo(
  outcome: RefreshOutcome,
  cookie: StrictCookie,
  dead: { readonly status?: number } = {},
  { headers, fingerprint }: Partial<Shown> = {},
): Answer {
  switch (outcome.kind) {
    case 'issued':
      return tokenAnswer(outcome, cookiesOf(outcome, cookie, fingerprint), headers)
    case 'reused':
    case 'mismatched':
      return endedRefusal(`refresh_${outcome.kind}`, dead)
    case 'expired':
    case 'unknown':
      return refusal(`refresh_${outcome.kind}`, dead)
    case 'challenged':
      return refusal('authentication_insufficient')
    case 'limited':
      return refusal('refresh_limited', outcome)
    case 'wrong_client':
      return refusal('refresh_wrong_client')
    case 'unproven':
      return refusal('refresh_unproven', dead)
    case 'proof_skipped':
      return refusal('proof_skipped')
    case 'key_unavailable':
      return refusal('key_unavailable')
    case 'unavailable':
      return refusal('store_unavailable')
  }
}

/** A value that was never issued, or not for this endpoint. */
function refuseForged(
  { emit, callers }: RefreshEndpointParts,
  view: RequestView,
  dead: { readonly status?: number } = {},
): Answer {
  emit({ event: 'token.refused', outcome: 'failure', reason: 'refresh_unknown' }, callers.of(view))
  return refusal('refresh_unknown', dead)
}
