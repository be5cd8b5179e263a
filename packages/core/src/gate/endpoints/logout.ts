import type { Inspect } from '../../access/inspect.ts'
import type { CheckPossession } from '../../access/possession.ts'
import type { ProblemCode } from '../../problems.ts'
import type { Callers } from '../../seam/caller.ts'
import type { Answer, RequestView, Route } from '../../seam/http.ts'
import type { SessionEnd } from '../../sessions/end.ts'
import type { RefreshTokens } from '../../sessions/tokens/refresh-token.ts'
import { type RefusalDetails, refusal } from '../answers/answer.ts'
import { ownEndedAnswer, type SessionTraces, tracesDropped } from '../answers/ended.ts'
import type { TokenSchemes } from '../credentials.ts'
import type { AuthHandler, Handler, RouteMaker } from '../routes.ts'

export interface LogoutParts extends SessionTraces {
  readonly end: Pick<SessionEnd, 'one' | 'all'>
  readonly inspect: Inspect
  readonly possession: CheckPossession
  readonly schemes: TokenSchemes
  readonly refreshTokens: Pick<RefreshTokens, 'parse'>
  readonly callers: Callers
}

export type LogoutOutcome =
  | {
      readonly kind: 'ended'
      readonly ended: readonly string[]
      readonly cookies: readonly string[]
      readonly headers: Answer['headers']
    }
  | (Pick<RefusalDetails, 'retryAfterSeconds' | 'headers' | 'schemes'> & {
      readonly kind: 'refused'
      readonly problem: ProblemCode
    })

/**
 * Ends the session that the cookie or the access token of a request names. `cookies` and `headers` belong on the response.
 *
 * An expired token still names its session. A bound token names it only with a proof. Having nothing to end is no error. A
 * store that does not answer is, since "logged out" would be untrue.
 */
export type Logout = (view: RequestView, reason: string) => Promise<LogoutOutcome>

export function createLogout(parts: LogoutParts): Logout {
  const { end, inspect, possession, schemes, refreshTokens, cookie, callers } = parts
  return async (view, reason) => {
    const sent = cookie.read(view)
    if (sent.kind === 'repeated') return { kind: 'refused', problem: 'refresh_repeated' }
    const credential = schemes.read(view)
    if (credential.kind === 'repeated') return { kind: 'refused', problem: 'authorization_repeated' }

    const ticket = sent.kind === 'value' ? refreshTokens.parse(sent.value) : undefined
    const byCookie = ticket?.transport === 'cookie' ? ticket.session : undefined
    const inspection = credential.kind === 'token' ? await inspect(credential.token, view) : undefined
    if (inspection?.kind === 'unavailable')
      return { kind: 'refused', problem: `${inspection.of}_unavailable` }
    if (inspection?.kind === 'limited')
      return { ...inspection, kind: 'refused', problem: 'signatures_limited' }
    const known = inspection !== undefined && 'token' in inspection ? inspection.token : undefined
    const byToken = known?.own === true ? known.auth.session : undefined
    if (byCookie !== undefined && byToken !== undefined && byCookie !== byToken)
      return { kind: 'refused', problem: 'sessions_differ' }

    const possessed =
      byCookie === undefined && known !== undefined && 'scheme' in credential
        ? await possession(known, view, credential.scheme === 'DPoP' ? view : undefined)
        : undefined
    // The same request would do with another proof, or later. With any other fault, the token is as good as none.
    if (possessed?.kind === 'refused' && ['dpop_nonce', 'store_unavailable'].includes(possessed.problem))
      return { ...possessed, schemes: schemes.by.DPoP }

    const dropped = tracesDropped(parts)
    const session = byCookie ?? (possessed?.kind === 'held' ? byToken : undefined)
    if (session === undefined) return { kind: 'ended', ended: [], ...dropped }
    const outcome = await end.one(session, { reason, caller: callers.of(view) })
    if (outcome.kind === 'unavailable') return { kind: 'refused', problem: 'store_unavailable' }
    return { kind: 'ended', ended: outcome.kind === 'ended' ? [session] : [], ...dropped }
  }
}

/** `POST /logout` and `POST /logout-all`, which ends every session of the caller. */
export function logoutRoutes(logout: Logout, parts: LogoutParts, route: RouteMaker): readonly Route[] {
  const { end, callers } = parts
  const one: Handler = async (view) => {
    const outcome = await logout(view, 'logout')
    return outcome.kind === 'ended' ? ownEndedAnswer(parts) : refusal(outcome.problem, outcome)
  }
  const all: AuthHandler = async (view, { subject }) => {
    const outcome = await end.all(subject, { reason: 'logout_all', caller: callers.of(view) })
    return outcome.kind === 'unavailable' ? refusal('store_unavailable') : ownEndedAnswer(parts)
  }
  return [route.cookie('/logout', { POST: one }), route.bearer('/logout-all', { POST: all })]
}
