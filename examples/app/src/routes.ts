import type { Emit, Sallyport } from '@sallyport/core'
import {
  type Answer,
  type AuthHandler,
  type EndpointName,
  emptyAnswer,
  type Gate,
  gateOf,
  type Handler,
  jsonAnswer,
  type RequestView,
  type Route,
  readJsonObject,
  refusal,
} from '@sallyport/core/adapter'
import { createFront, type Front } from './front.ts'
import { pageRoutes } from './page.ts'
import type { Users } from './users.ts'

/** What the application mounts on every framework: endpoints of the library, and its own routes. */
export interface AppRoutes {
  /** Below `/auth`. Its own routes are `POST /login` and `POST /password`. */
  readonly auth: readonly (EndpointName | Route)[]
  /** At the root. Its own routes are `GET /healthz`, `GET /readyz` and the demo page. */
  readonly root: readonly (EndpointName | Route)[]
  /** Goes before all routes. */
  readonly front: Front
}

export function createRoutes(sallyport: Sallyport, users: Users): AppRoutes {
  const gate = gateOf(sallyport)
  const { route } = gate
  const auth = [
    route.cookie('/login', { POST: createLogin(gate, sallyport.emit, users) }),
    route.bearer('/password', { POST: createPasswordChange(gate, sallyport.emit, users) }),
  ]
  const root = [
    route.open('/healthz', { GET: () => jsonAnswer(200, { status: 'ok' }) }),
    route.open('/readyz', {
      GET: async () =>
        (await sallyport.ready()) ? jsonAnswer(200, { status: 'ready' }) : refusal('store_unavailable'),
    }),
    ...pageRoutes(route),
  ]
  const mounted = [
    ['/auth', [...gate.routes(AUTH_ENDPOINTS), ...auth]],
    ['', [...gate.routes(ROOT_ENDPOINTS), ...root]],
  ] as const
  return {
    auth: [...AUTH_ENDPOINTS, ...auth],
    root: [...ROOT_ENDPOINTS, ...root],
    front: createFront(mounted),
  }
}

const AUTH_ENDPOINTS: readonly EndpointName[] = ['refresh', 'token', 'logout', 'sessions']
const ROOT_ENDPOINTS: readonly EndpointName[] = ['well-known']

/** `PUT /api/profile`: accepts any JSON object. */
export async function updateProfile(view: RequestView): Promise<Answer> {
  const body = await readJsonObject(view)
  return body.kind === 'refused' ? refusal(body.problem) : jsonAnswer(200, { updated: true })
}

function createLogin(gate: Gate, emit: Emit, users: Users): Handler {
  return async (view) => {
    const body = await readStrings(view, 'username', 'password')
    if (body.kind === 'refused') return body.answer
    const [username = '', password = ''] = body.values
    const outcome = await users.authenticate(username, password)
    switch (outcome.kind) {
      case 'user':
        return gate.signIn(view, { subject: outcome.user.subject, scope: outcome.user.scope, amr: ['pwd'] })
      case 'refused':
        emit({
          event: 'login.failed',
          outcome: 'failure',
          reason: 'invalid_credentials',
          ...gate.callers.of(view),
        })
        return invalidCredentials()
      case 'unavailable':
        return refusal('store_unavailable')
    }
  }
}

function createPasswordChange(gate: Gate, emit: Emit, users: Users): AuthHandler {
  return async (view, auth) => {
    const body = await readStrings(view, 'current', 'next')
    if (body.kind === 'refused') return body.answer
    const [current = '', next = ''] = body.values
    if (next.length < 8) return badRequest('the new password must have at least 8 characters')
    const outcome = await users.changePassword(auth.subject, current, next)
    if (outcome === 'unavailable') return refusal('store_unavailable')
    const { subject: sub, session: sid } = auth
    const about = { sub, ...(sid === undefined ? {} : { sid }), ...gate.callers.of(view) }
    if (outcome === 'refused') {
      emit({ event: 'login.failed', outcome: 'failure', reason: 'password_change', ...about })
      return invalidCredentials()
    }
    emit({ event: 'password.changed', outcome: 'success', ...about })
    const { cookies } = await gate.sessions.revokeOthers(view, auth, { reason: 'password_changed' })
    return emptyAnswer(cookies)
  }
}

type Strings =
  | { readonly kind: 'read'; readonly values: readonly string[] }
  | { readonly kind: 'refused'; readonly answer: Answer }

async function readStrings(view: RequestView, ...names: readonly string[]): Promise<Strings> {
  const body = await readJsonObject(view)
  if (body.kind === 'refused') return { kind: 'refused', answer: refusal(body.problem) }
  const values = names.map((name) => (Object.hasOwn(body.value, name) ? body.value[name] : undefined))
  return values.every((value) => typeof value === 'string')
    ? { kind: 'read', values }
    : { kind: 'refused', answer: badRequest(`the body must have the strings ${names.join(' and ')}`) }
}

function badRequest(description: string): Answer {
  return jsonAnswer(400, { error: 'invalid_request', error_description: description })
}

/** The answer does not reveal which of the two is wrong. */
function invalidCredentials(): Answer {
  return jsonAnswer(401, {
    error: 'invalid_credentials',
    error_description: 'the user name or password is wrong',
  })
}
