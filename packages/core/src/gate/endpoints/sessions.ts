import { isSessionId, tagOf, tagOfSession } from '../../ports/ids.ts'
import type { Session } from '../../ports/model.ts'
import type { Answer, Auth, RequestView } from '../../seam/http.ts'
import { emptyAnswer, jsonAnswer, refusal } from '../answer.ts'
import { cookieOf } from '../mint.ts'
import type { GateParts } from '../parts.ts'
import { endSubject } from '../subject.ts'
import { tellEnd } from './logout.ts'

/** `GET /sessions`: the caller's sessions. */
export function createSessionList(parts: GateParts): (view: RequestView, auth: Auth) => Promise<Answer> {
  return async (_view, auth) => {
    const outcome = await parts.store.sessions.list({
      tag: tagOf(auth.subject),
      at: parts.clock.now(),
      lifetimes: parts.sessions.lifetimes,
    })
    if (outcome.kind === 'unavailable') return refusal('store_down')
    return jsonAnswer(200, { sessions: outcome.sessions.map((session) => shown(session, auth)) })
  }
}

/** `DELETE /sessions/:id`: ends one session of the caller; 404 for anybody else's. */
export function createSessionEnd(parts: GateParts): (view: RequestView, auth: Auth) => Promise<Answer> {
  return async (view, auth) => {
    const id = view.params.id ?? ''
    if (!isSessionId(id) || tagOfSession(id) !== tagOf(auth.subject)) return refusal('session_unknown')
    const outcome = await parts.store.sessions.end({ id, at: parts.clock.now(), evenIfAbsent: false })
    if (outcome.kind === 'unavailable') return refusal('store_down')
    if (outcome.kind === 'absent') return refusal('session_unknown')
    parts.replica.add({ kind: 'session', session: id })
    tellEnd(parts, view, 'revoked_by_user', id, auth.subject)
    return emptyAnswer(id === auth.session ? [parts.cookie.clear()] : [])
  }
}

/**
 * After a change of password: ends every session of the caller but this one, which gets a new refresh
 * cookie and keeps its access token. Answers 204.
 */
export function createEndOthers(parts: GateParts): (view: RequestView, auth: Auth) => Promise<Answer> {
  return async (view, auth) => {
    const own = isSessionId(auth.session) ? auth.session : undefined
    const outcome = await endSubject(parts, auth.subject, own)
    if (outcome.kind === 'unavailable') return refusal('store_down')
    for (const sid of outcome.sessions) tellEnd(parts, view, 'other_sessions_ended', sid, auth.subject)
    const { kept } = outcome
    return emptyAnswer(kept?.transport === 'cookie' ? [cookieOf(parts, kept)] : [])
  }
}

function shown(session: Session, auth: Auth): object {
  return {
    id: session.id,
    created_at: new Date(session.createdAt).toISOString(),
    last_seen_at: new Date(session.rotatedAt).toISOString(),
    ip: session.ip ?? null,
    device: session.device,
    current: session.id === auth.session,
  }
}
