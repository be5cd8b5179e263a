import type { Inspect } from '../../access/inspect.ts'
import { callerOf } from '../../seam/caller.ts'
import type { Route } from '../../seam/http.ts'
import type { SessionEnd } from '../../sessions/end.ts'
import type { RefreshTokens } from '../../sessions/refresh-token.ts'
import { emptyAnswer, refusal } from '../answer.ts'
import { readBearer } from '../bearer.ts'
import type { RefreshCookie } from '../cookies.ts'
import type { AuthHandler, Handler, RouteMaker } from '../routes.ts'

export interface LogoutParts {
  readonly end: Pick<SessionEnd, 'one' | 'all'>
  readonly inspect: Inspect
  readonly refreshTokens: Pick<RefreshTokens, 'parse'>
  readonly cookie: RefreshCookie
}

/**
 * `POST /logout` ends the session that the cookie or the access token names. `POST /logout-all` ends every session of
 * the caller.
 *
 * An expired access token still names its session. A logout that finds nothing to end succeeds. A store that does not
 * answer is an error, because the session would still be live.
 */
export function logoutRoutes(parts: LogoutParts, route: RouteMaker): readonly Route[] {
  const { end, inspect, refreshTokens, cookie } = parts

  const logout: Handler = async (view) => {
    const refresh = cookie.read(view)
    if (refresh.kind === 'repeated') return refusal('refresh_repeated')
    const bearer = readBearer(view)
    if (bearer.kind === 'repeated') return refusal('authorization_repeated')

    const byCookie = refresh.kind === 'value' ? refreshTokens.parse(refresh.value)?.session : undefined
    const inspection = bearer.kind === 'token' ? await inspect(bearer.token, view) : undefined
    if (inspection?.kind === 'unavailable') return refusal(`${inspection.of}_unavailable`)
    if (inspection?.kind === 'limited') return refusal('signatures_limited', inspection)
    const auth = inspection !== undefined && 'token' in inspection ? inspection.token.auth : undefined
    const byToken = auth?.own === true ? auth.session : undefined
    if (byCookie !== undefined && byToken !== undefined && byCookie !== byToken)
      return refusal('sessions_differ')

    const session = byCookie ?? byToken
    if (session === undefined) return emptyAnswer([cookie.clear()])
    const outcome = await end.one(session, { reason: 'logout', caller: callerOf(view) })
    return outcome.kind === 'unavailable' ? refusal('store_unavailable') : emptyAnswer([cookie.clear()])
  }

  const logoutAll: AuthHandler = async (view, { subject }) => {
    const outcome = await end.all(subject, { reason: 'logout_all', caller: callerOf(view) })
    return outcome.kind === 'unavailable' ? refusal('store_unavailable') : emptyAnswer([cookie.clear()])
  }

  return [route.cookie('/logout', { POST: logout }), route.bearer('/logout-all', { POST: logoutAll })]
}
