import type { Verifier } from '../../access/verify.ts'
import type { Answer, Auth, RequestView } from '../../seam/http.ts'
import { emptyAnswer, refusal } from '../answer.ts'
import { readBearer } from '../bearer.ts'
import { callerOf, type GateParts } from '../parts.ts'
import { endSubject } from '../subject.ts'

/**
 * `POST /logout`: ends the session that the cookie or the access token names.
 *
 * An expired token still names its session. Repeating it, or having nothing to end, is no error;
 * a store that does not answer is, since "logged out" would be untrue.
 */
export function createLogout(parts: GateParts, verifier: Verifier): (view: RequestView) => Promise<Answer> {
  return async (view) => {
    const cookie = parts.cookie.read(view)
    if (cookie.kind === 'repeated') return refusal('refresh_repeated')
    const bearer = readBearer(view)
    if (bearer.kind === 'repeated') return refusal('authorization_repeated')

    const byCookie = cookie.kind === 'value' ? parts.refreshTokens.read(cookie.value)?.session : undefined
    const byToken = bearer.kind === 'token' ? await verifier.inspect(bearer.token, view) : undefined
    if (byToken?.kind === 'unavailable') return refusal('store_down')
    if (byToken?.kind === 'limited') return refusal('signatures_limited', byToken)
    const known = byToken?.kind === 'genuine' || byToken?.kind === 'expired' ? byToken.token : undefined
    const claims = known?.source.own === true ? known.claims : undefined
    if (byCookie !== undefined && claims !== undefined && byCookie !== claims.sid)
      return refusal('sessions_differ')

    const sid = byCookie ?? claims?.sid
    if (sid === undefined) return emptyAnswer([parts.cookie.clear()])
    const outcome = await parts.store.sessions.end({ id: sid, at: parts.clock.now(), evenIfAbsent: true })
    if (outcome.kind === 'unavailable') return refusal('store_down')
    parts.replica.add({ kind: 'session', session: sid })
    if (outcome.kind === 'ended') tellEnd(parts, view, 'logout', sid, claims?.sub)
    return emptyAnswer([parts.cookie.clear()])
  }
}

/** `POST /logout-all`: ends every session of the caller. */
export function createLogoutAll(parts: GateParts): (view: RequestView, auth: Auth) => Promise<Answer> {
  return async (view, auth) => {
    const outcome = await endSubject(parts, auth.subject)
    if (outcome.kind === 'unavailable') return refusal('store_down')
    for (const sid of outcome.sessions) tellEnd(parts, view, 'logout_all', sid, auth.subject)
    return emptyAnswer([parts.cookie.clear()])
  }
}

export function tellEnd(
  parts: GateParts,
  view: RequestView,
  reason: string,
  sid: string,
  sub?: string,
): void {
  const about = sub === undefined ? { sid } : { sub, sid }
  parts.emit({ event: 'session.ended', outcome: 'success', reason, ...about, ...callerOf(view) })
}
