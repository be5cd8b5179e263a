import type { Session } from '../../ports/session.ts'
import type { Auth } from '../../seam/auth.ts'
import type { Callers } from '../../seam/caller.ts'
import type { Route } from '../../seam/http.ts'
import type { SessionEnd } from '../../sessions/end.ts'
import type { ListSessions } from '../../sessions/list.ts'
import { jsonAnswer, refusal } from '../answers/answer.ts'
import { otherEndedAnswer, ownEndedAnswer, type SessionTraces } from '../answers/ended.ts'
import type { AuthHandler, RouteMaker } from '../routes.ts'

export interface SessionsParts extends SessionTraces {
  readonly list: ListSessions
  readonly end: Pick<SessionEnd, 'oneOf'>
  readonly callers: Callers
}

/**
 * `GET /sessions` lists the caller's latest sessions, and always the one that asks. `DELETE /sessions/:id` ends one
 * of them; any other id gets 404.
 */
export function sessionsRoutes(parts: SessionsParts, route: RouteMaker): readonly Route[] {
  const { list, end, callers } = parts

  const listOwn: AuthHandler = async (_view, auth) => {
    const outcome = await list(auth.subject, auth.session)
    if (outcome.kind === 'unavailable') return refusal('store_unavailable')
    const sessions = outcome.sessions.map((session) => publicSession(session, auth))
    return jsonAnswer(200, { sessions, ...(outcome.more ? { more: true } : {}) })
  }

  const endOne: AuthHandler = async (view, auth) => {
    const { id = '' } = view.params
    const outcome = await end.oneOf(auth.subject, id, { reason: 'revoked_by_user', caller: callers.of(view) })
    switch (outcome.kind) {
      case 'ended':
        return id === auth.session ? ownEndedAnswer(parts) : otherEndedAnswer()
      case 'absent':
        return refusal('session_unknown')
      case 'unavailable':
        return refusal('store_unavailable')
    }
  }

  return [route.bearer('/sessions', { GET: listOwn }), route.bearer('/sessions/:id', { DELETE: endOne })]
}

function publicSession(session: Session, auth: Auth): object {
  return {
    id: session.id,
    created_at: new Date(session.createdAt).toISOString(),
    last_seen_at: new Date(session.rotatedAt).toISOString(),
    ip: session.ip ?? null,
    device: session.device,
    current: session.id === auth.session,
  }
}
