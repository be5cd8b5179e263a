import {
  type Answer,
  callerOf,
  jsonAnswer,
  type RequestView,
  type Route,
  readJsonObject,
  refusal,
  type Sallyport,
} from '@sallyport/core'
import { pageRoutes } from './page.ts'
import type { Users } from './users.ts'

/** The routes of the application itself, alike on every framework. */
export interface AppRoutes {
  /** `POST /login`, `POST /password`, below `/auth` */
  readonly auth: readonly Route[]
  /** `GET /healthz`, `GET /readyz`, the demo page */
  readonly root: readonly Route[]
}

export function createRoutes(sallyport: Sallyport, users: Users): AppRoutes {
  const { gate, emit } = sallyport
  return {
    auth: [
      gate.route.cookie('/login', { POST: createLogin(sallyport, users) }),
      gate.route.bearer('/password', {
        async POST(view, auth) {
          const body = await readStrings(view, 'current', 'next')
          if (body.kind === 'refused') return body.answer
          const [current = '', next = ''] = body.values
          if (next.length < 8) return badRequest('the new password must have at least 8 characters')
          const outcome = await users.changePassword(auth.subject, current, next)
          if (outcome === 'unavailable') return refusal('store_down')
          const about = { sub: auth.subject, sid: auth.session, ...callerOf(view) }
          if (outcome === 'refused') {
            emit({ event: 'login.failed', outcome: 'failure', reason: 'password_change', ...about })
            return invalidCredentials()
          }
          emit({ event: 'password.changed', outcome: 'success', ...about })
          return gate.endOtherSessions(view, auth)
        },
      }),
    ],
    root: [
      gate.route.open('/healthz', { GET: async () => jsonAnswer(200, { status: 'ok' }) }),
      gate.route.open('/readyz', {
        GET: async () =>
          (await sallyport.ready()) ? jsonAnswer(200, { status: 'ready' }) : refusal('store_down'),
      }),
      ...pageRoutes(gate.route),
    ],
  }
}

/** `PUT /api/profile`: takes any JSON object. */
export async function updateProfile(view: RequestView): Promise<Answer> {
  const body = await readJsonObject(view)
  return body.kind === 'refused' ? refusal(body.problem) : jsonAnswer(200, { updated: true })
}

function createLogin({ gate, emit }: Sallyport, users: Users) {
  return async (view: RequestView): Promise<Answer> => {
    const body = await readStrings(view, 'username', 'password')
    if (body.kind === 'refused') return body.answer
    const [username = '', password = ''] = body.values
    const outcome = await users.authenticate(username, password)
    switch (outcome.kind) {
      case 'user':
        return gate.signIn(view, { subject: outcome.user.subject, scope: outcome.user.scope, amr: ['pwd'] })
      case 'refused':
        emit({ event: 'login.failed', outcome: 'failure', reason: 'invalid_credentials', ...callerOf(view) })
        return invalidCredentials()
      case 'unavailable':
        return refusal('store_down')
    }
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
    : { kind: 'refused', answer: badRequest(`the body must have the texts ${names.join(' and ')}`) }
}

function badRequest(description: string): Answer {
  return jsonAnswer(400, { error: 'invalid_request', error_description: description })
}

/** Does not tell which of the two was wrong. */
function invalidCredentials(): Answer {
  return jsonAnswer(401, {
    error: 'invalid_credentials',
    error_description: 'the user name or password is wrong',
  })
}
