import type { Sallyport } from '@sallyport/core'
import {
  type AuthHandler,
  type Gate,
  isName,
  jsonAnswer,
  type Methods,
  type Route,
  refusal,
} from '@sallyport/core/adapter'
import type { OperatorSettings } from '../options.ts'
import { now, processName } from '../system.ts'
import { createActions } from './actions.ts'
import { answered } from './answered.ts'
import { operationsFor } from './described.ts'
import { createRecord } from './record.ts'
import { shownEvent, shownKeys, shownSeenSession, shownSession } from './shown.ts'

const SESSIONS_LISTED = 200

/** What the operator's page asks for. */
export function apiRoutes(sallyport: Sallyport, gate: Gate, { scope, guards }: OperatorSettings): Route[] {
  const { route, streams, deviceName } = gate
  const record = createRecord(sallyport)
  const actions = createActions(sallyport, gate)
  const since = new Date(now()).toISOString()
  const checks = [gate.guards.requireScope(scope), ...guards].map((guard) => gate.check(guard))

  const guarded = (handle: AuthHandler): AuthHandler =>
    answered(async (view, auth) => {
      for (const check of checks) {
        const refused = await check(auth, view)
        if (refused !== undefined) return refused
      }
      return handle(view, auth)
    })

  const overview: AuthHandler = () => {
    const at = now()
    const { counts, sessions } = record
    return jsonAnswer(200, {
      ...{ since, process: processName() },
      counts: {
        sign_ins: counts.of('sign_ins', at),
        refreshes: counts.of('refreshes', at),
        refusals: counts.of('refusals', at),
        alerts: counts.of('alerts', at),
      },
      sessions_in_use: sessions.count(at),
      revocations: counts.of('revocations', at).reduce((sum, count) => sum + count, 0),
      keys: shownKeys(sallyport.keys.list(), at),
    })
  }

  const events: AuthHandler = (_view, auth) =>
    streams.open(auth, (stream) =>
      record.follow((event) => {
        const name = event.event === 'alert.raised' ? 'alert' : 'told'
        try {
          stream.send(name, shownEvent(event, deviceName))
        } catch {
          // An application without types has told something that is no JSON.
        }
      }),
    )

  const seenSessions: AuthHandler = () =>
    jsonAnswer(200, {
      sessions: record.sessions
        .latest(SESSIONS_LISTED, now())
        .map((session) => shownSeenSession(session, deviceName)),
    })

  const sessionsOfUser: AuthHandler = async ({ params: { subject = '' } }) => {
    if (!isName(subject)) return refusal('route_unknown')
    const list = await sallyport.sessions.list(subject)
    return jsonAnswer(200, { sessions: list.map(shownSession), ...(list.more ? { more: true } : {}) })
  }

  const operations = operationsFor(scope)
  const bearer = (path: string, methods: Methods<AuthHandler>): Route =>
    route.bearer(path, methods, operations[path])
  return [
    bearer('/api/overview', { GET: guarded(overview) }),
    bearer('/api/events', { GET: guarded(events) }),
    bearer('/api/sessions', { GET: guarded(seenSessions) }),
    bearer('/api/sessions/:id', { DELETE: guarded(actions.endSession) }),
    bearer('/api/users/:subject/sessions', { GET: guarded(sessionsOfUser) }),
    bearer('/api/users/:subject/revoke', { POST: guarded(actions.revokeUser) }),
    bearer('/api/keys/rotate', { POST: guarded(actions.rotateKey) }),
    bearer('/api/keys/:kid/compromise', { POST: guarded(actions.compromiseKey) }),
  ]
}
