import { callerOf, visitOf } from '../../seam/caller.ts'
import type { Answer, RequestView, Route } from '../../seam/http.ts'
import type { RefreshOutcome, RefreshSession } from '../../sessions/refresh.ts'
import type { RefreshTokens } from '../../sessions/refresh-token.ts'
import type { Emit } from '../../watch/events.ts'
import { refusal } from '../answer.ts'
import { readForm } from '../body.ts'
import type { RefreshCookie } from '../cookies.ts'
import type { Handler, RouteMaker } from '../routes.ts'
import { tokenAnswer } from '../token-answer.ts'

export interface RefreshEndpointParts {
  readonly refresh: RefreshSession
  readonly refreshTokens: Pick<RefreshTokens, 'parse'>
  readonly cookie: RefreshCookie
  readonly emit: Emit
}

/** `POST /refresh`: exchanges the refresh cookie for the next one and a new access token. */
export function refreshRoutes(parts: RefreshEndpointParts, route: RouteMaker): readonly Route[] {
  const { cookie } = parts
  const dead = { cookies: [cookie.clear()] }
  const handle: Handler = (view) => {
    const reading = cookie.read(view)
    if (reading.kind === 'none') return refusal('refresh_missing')
    if (reading.kind === 'repeated') return refusal('refresh_repeated')
    const ticket = parts.refreshTokens.parse(reading.value)
    if (ticket?.transport !== 'cookie') return refuseForged(parts, view, dead)
    return parts.refresh(ticket, undefined, visitOf(view)).then((outcome) => answerTo(outcome, cookie, dead))
  }
  return [route.cookie('/refresh', { POST: handle })]
}

/** `POST /token` with `grant_type=refresh_token` (RFC 6749, section 6), for clients without cookies. */
export function tokenRoutes(parts: RefreshEndpointParts, route: RouteMaker): readonly Route[] {
  // RFC 6749, section 5.2: `invalid_grant` is answered with 400.
  const dead = { status: 400 }
  const handle: Handler = async (view) => {
    const form = await readForm(view)
    if (form.kind === 'refused') return refusal(form.problem)
    const grantType = form.value.get('grant_type')
    if (grantType === undefined || grantType === '') return refusal('body_malformed')
    if (grantType !== 'refresh_token') return refusal('grant_type_unsupported')
    const token = form.value.get('refresh_token')
    if (token === undefined || token === '') return refusal('body_malformed')
    const ticket = parts.refreshTokens.parse(token)
    if (ticket?.transport !== 'body') return refuseForged(parts, view, dead)
    // A parameter without a value counts as absent (RFC 6749, section 3.1).
    const client = form.value.get('client_id') || undefined
    return answerTo(await parts.refresh(ticket, client, visitOf(view)), parts.cookie, dead)
  }
  return [route.open('/token', { POST: handle })]
}

/** What one endpoint adds to the refusal when a session is over. */
interface DeadSession {
  readonly status?: number
  readonly cookies?: readonly string[]
}

function answerTo(outcome: RefreshOutcome, cookie: RefreshCookie, dead: DeadSession): Answer {
  switch (outcome.kind) {
    case 'issued':
      return tokenAnswer(outcome, cookie)
    case 'reused':
      return refusal('refresh_reused', dead)
    case 'mismatched':
      return refusal('refresh_mismatched', dead)
    case 'expired':
      return refusal('refresh_expired', dead)
    case 'unknown':
      return refusal('refresh_unknown', dead)
    case 'limited':
      return refusal('refresh_limited', outcome)
    case 'wrong_client':
      return refusal('refresh_wrong_client', { status: 400 })
    case 'key_unavailable':
      return refusal('key_unavailable')
    case 'unavailable':
      return refusal('store_unavailable')
  }
}

/** Refuses a value that was never issued, or was issued for the other endpoint. */
function refuseForged({ emit }: RefreshEndpointParts, view: RequestView, dead: DeadSession): Answer {
  emit({ event: 'token.refused', outcome: 'failure', reason: 'refresh_unknown', ...callerOf(view) })
  return refusal('refresh_unknown', dead)
}
