import type { Callers, Sender } from '../../seam/caller.ts'
import type { Answer, RequestView, Route } from '../../seam/http.ts'
import type { BoundKeys } from '../../sessions/bound-keys/index.ts'
import type { RefreshTicket, RefreshTokens } from '../../sessions/tokens/refresh-token.ts'
import { refusal } from '../answers/answer.ts'
import type { Bonds } from '../bonds.ts'
import { BOUND_PATHS, type BoundCookies } from '../browser/bound-cookie.ts'
import type { StrictCookie } from '../browser/cookies.ts'
import type { Handler, RouteMaker } from '../routes.ts'

export interface BoundKeyEndpointParts {
  readonly boundKeys: BoundKeys | undefined
  readonly boundCookies: BoundCookies
  readonly refreshTokens: Pick<RefreshTokens, 'parse'>
  readonly cookie: StrictCookie
  readonly bonds: Bonds
  readonly callers: Callers
}

type TicketReading =
  | { readonly kind: 'ticket'; readonly ticket: RefreshTicket }
  | { readonly kind: 'refused'; readonly answer: Answer }

/**
 * `POST /dbsc/registration` and `POST /dbsc/refresh`, which browsers ask by themselves (Device Bound Session Credentials).
 * None if no session is bound to a key.
 */
export function boundKeyRoutes(parts: BoundKeyEndpointParts, route: RouteMaker): readonly Route[] {
  const { boundKeys, boundCookies, bonds, callers } = parts
  if (boundKeys === undefined) return []

  const register: Handler = async (view) => {
    const reading = readTicket(view, parts)
    if (reading.kind === 'refused') return reading.answer
    const { ticket } = reading
    if (ticket.bond !== undefined) {
      const shown = await bonds.ofRefresh(view, ticket.bond)
      if (shown.kind === 'refused') return refusal(shown.problem, shown)
    }
    const proof = stringIn(view, 'secure-session-response')
    if (proof === undefined) return refusal('key_proof_invalid')
    const outcome = await boundKeys.register(ticket, proof, callers.of(view))
    switch (outcome.kind) {
      case 'bound':
        return boundCookies.bound(ticket.session, outcome.cookie)
      case 'invalid':
        return refusal('key_proof_invalid')
      case 'taken':
        return refusal('key_taken')
      case 'unknown':
        return refusal('refresh_unknown')
      case 'unavailable':
        return refusal('store_unavailable')
    }
  }

  const prove: Handler = async (view) => {
    const named = stringIn(view, 'sec-secure-session-id')
    if (named === undefined) return refusal('session_unknown')
    const reading = readTicket(view, parts)
    // The cookie jar has no such session any more, or has another one, so nothing is left to prove.
    if (reading.kind === 'refused' || reading.ticket.session !== named) return boundCookies.over(named)
    const { ticket } = reading
    const isSent = view.headers['secure-session-response'] !== undefined
    const proof = isSent ? (stringIn(view, 'secure-session-response') ?? '') : undefined
    const outcome = await boundKeys.prove(ticket, proof, callers.of(view))
    switch (outcome.kind) {
      case 'proved':
        return boundCookies.bound(ticket.session, outcome.cookie)
      case 'challenged': {
        const headers = { 'Secure-Session-Challenge': `"${outcome.challenge}";id="${ticket.session}"` }
        return refusal('key_proof_missing', { headers })
      }
      case 'invalid':
        return refusal('key_proof_invalid')
      case 'over':
        return boundCookies.over(named)
      case 'unavailable':
        return refusal('store_unavailable')
    }
  }

  return [
    route.cookie(BOUND_PATHS.register, { POST: register }),
    route.cookie(BOUND_PATHS.prove, { POST: prove }),
  ]
}

function readTicket(
  view: RequestView,
  { cookie, refreshTokens }: Pick<BoundKeyEndpointParts, 'cookie' | 'refreshTokens'>,
): TicketReading {
  const sent = cookie.read(view)
  if (sent.kind === 'none') return { kind: 'refused', answer: refusal('refresh_missing') }
  if (sent.kind === 'repeated') return { kind: 'refused', answer: refusal('refresh_repeated') }
  const ticket = refreshTokens.parse(sent.value)
  return ticket?.transport === 'cookie'
    ? { kind: 'ticket', ticket }
    : { kind: 'refused', answer: refusal('refresh_unknown') }
}

/**
 * A string of a structured field (RFC 9651), whose parameters do not matter. Chromium leaves the quotation marks out, so the
 * value is often no such string, and no token or number either.
 */
const STRING = /^("?)([\w.-]+)\1\s*(?:;[^,]*)?$/

function stringIn({ headers }: Sender, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? STRING.exec(value)?.[2] : undefined
}
