import { createConsole } from '@sallyport/console'
import { type Emit, type Freshness, type Sallyport, UnavailableError } from '@sallyport/core'
import {
  type Answer,
  type AuthHandler,
  type EndpointName,
  emptyAnswer,
  type Gate,
  gateOf,
  type Handler,
  jsonAnswer,
  publicAnswer,
  type RequestView,
  type Route,
  readJsonObject,
  refusal,
} from '@sallyport/core/adapter'
import { type OpenApiDocument, openApi } from '@sallyport/openapi'
import type { Signals } from '@sallyport/signals'
import { document, frameworkRoutes, health, login, password, readiness, stepUp } from './described.ts'
import { createFront, type Front } from './front.ts'
import type { Metrics } from './metrics.ts'
import { DEMO_PASSWORD, DEMO_USERS, type Users } from './users.ts'
import { viewerRoutes } from './viewer.ts'

/** What the application mounts on every framework: endpoints of the library, and its own routes. */
export interface AppRoutes {
  /** Below `/auth`. Its own routes are `POST /login`, `POST /password` and `POST /step-up`. */
  readonly auth: readonly (EndpointName | Route)[]
  /** At the root. Its own routes are `GET /healthz`, `GET /readyz` and the page for users. */
  readonly root: readonly (EndpointName | Route)[]
  /** Below `/operator`: the page for operators. */
  readonly operator: readonly Route[]
  /** Goes before all routes. */
  readonly front: Front
}

export interface RouteChoices {
  /** Whether users see what happened to them. */
  readonly activity: boolean
  /** Whether anybody's logout tokens are accepted. */
  readonly takesLogout: boolean
  readonly metrics: Metrics | undefined
  /** Whether the pages offer the users and their password. */
  readonly demo: boolean
  readonly signals: Signals
}

export function createRoutes(
  sallyport: Sallyport,
  users: Users,
  { activity, takesLogout, metrics, demo, signals }: RouteChoices,
): AppRoutes {
  const gate = gateOf(sallyport)
  const { route } = gate
  const endpoints: readonly EndpointName[] = [
    ...AUTH_ENDPOINTS,
    ...(activity ? (['activity'] as const) : []),
    ...(takesLogout ? (['backchannel-logout'] as const) : []),
  ]
  const auth = [
    route.cookie('/login', { POST: createLogin(gate, users) }, login),
    route.bearer('/password', { POST: createPasswordChange(gate, sallyport.emit, users) }, password),
    route.bearer('/step-up', { POST: createStepUp(gate, users) }, stepUp),
    ...signals.receiver,
    ...signals.transmitter,
  ]
  const { account, operator } = createConsole(sallyport, {
    title: 'Sallyport',
    accountPath: '',
    demo: demo ? { users: DEMO_USERS, password: DEMO_PASSWORD } : undefined,
    operator: { scope: 'admin' },
  })
  const ready: Handler = async () =>
    (await sallyport.ready()) ? jsonAnswer(200, { status: 'ready' }) : refusal('store_unavailable')
  const describe: Handler = (view) => publicAnswer(view, described, DOCUMENT_MAX_AGE_SECONDS)
  const root = [
    route.open('/healthz', { GET: () => jsonAnswer(200, { status: 'ok' }) }, health),
    route.open('/readyz', { GET: ready }, readiness),
    route.open('/openapi.json', { GET: describe }, document),
    ...(metrics?.routes(route) ?? []),
    ...signals.wellKnown,
    ...account,
    ...viewerRoutes(route),
  ]
  const routes = {
    auth: [...endpoints, ...auth],
    root: [...ROOT_ENDPOINTS, ...root],
    operator,
  }
  const front = createFront([
    ['/auth', gate.routes(routes.auth)],
    ['', gate.routes(routes.root)],
    ['/operator', gate.routes(routes.operator)],
  ])
  const described: OpenApiDocument = openApi(sallyport, {
    info: { title: 'Sallyport example', version: '0.1.0' },
    servers: [{ url: '/' }],
    mounted: {
      ...{ '/auth': routes.auth, '/': routes.root, '/operator': routes.operator },
      '/api': frameworkRoutes,
    },
  })
  return { ...routes, front }
}

const DOCUMENT_MAX_AGE_SECONDS = 300
const AUTH_ENDPOINTS: readonly EndpointName[] = [
  ...(['refresh', 'token', 'introspect', 'revoke'] as const),
  ...(['logout', 'sessions', 'live'] as const),
]
const ROOT_ENDPOINTS: readonly EndpointName[] = ['well-known']

/** `PUT /api/profile`: accepts any JSON object. */
export async function updateProfile(view: RequestView): Promise<Answer> {
  const body = await readJsonObject(view)
  return body.kind === 'refused' ? refusal(body.problem) : jsonAnswer(200, { updated: true })
}

/** What `POST /api/transfer` asks for: the second factor of the demo, in the last five minutes. */
export const TRANSFER: Freshness = { acr: 'urn:example:step-up', maxAge: 300 }

/** `POST /api/transfer`: accepts any recipient and amount. */
export async function transfer(view: RequestView): Promise<Answer> {
  const body = await readJsonObject(view)
  if (body.kind === 'refused') return refusal(body.problem)
  const { to, amount } = body.value
  const isFine = typeof to === 'string' && to !== '' && typeof amount === 'number' && amount > 0
  return isFine
    ? jsonAnswer(200, { accepted: true })
    : badRequest('the body must have the string to and the positive number amount')
}

function createLogin({ lockout, signIn }: Gate, users: Users): Handler {
  return answered(async (view) => {
    const body = await readStrings(view, 'username', 'password')
    if (body.kind === 'refused') return body.answer
    const [username = '', password = ''] = body.values
    const outcome = await lockout.guard(view, username, () => users.authenticate(username, password), {
      subject: users.meant(username)?.subject,
    })
    if (outcome.kind === 'refused') return refusal(outcome.problem, outcome)
    if (outcome.kind === 'failed') return invalidCredentials()
    const { subject, scope } = outcome.found
    const answer = await signIn(view, { subject, scope, amr: ['pwd'] })
    return answer.status === 200 ? { ...answer, cookies: [...answer.cookies, ...outcome.cookies] } : answer
  })
}

function createPasswordChange({ lockout, sessions, callers }: Gate, emit: Emit, users: Users): AuthHandler {
  return answered(async (view, auth) => {
    const body = await readStrings(view, 'current', 'next')
    if (body.kind === 'refused') return body.answer
    const [current = '', next = ''] = body.values
    if (next.length < 8) return badRequest('the new password must have at least 8 characters')
    const { subject, session } = auth
    const about = { subject, session, reason: 'password_change' }
    const outcome = await lockout.guard(view, '', () => users.changePassword(subject, current, next), about)
    if (outcome.kind === 'refused') return refusal(outcome.problem, outcome)
    if (outcome.kind === 'failed') return invalidCredentials()
    const names = { sub: subject, ...(session === undefined ? {} : { sid: session }) }
    emit({ event: 'password.changed', outcome: 'success', ...names }, callers.of(view))
    const { cookies } = await sessions.revokeOthers(view, auth, { reason: 'password_changed' })
    return emptyAnswer(cookies)
  })
}

/** The second factor of the demo is the password again. */
function createStepUp({ lockout, stepUp }: Gate, users: Users): AuthHandler {
  return answered(async (view, auth) => {
    const body = await readStrings(view, 'password')
    if (body.kind === 'refused') return body.answer
    const [password = ''] = body.values
    const { subject, session } = auth
    const about = { subject, session, reason: 'step_up' }
    const outcome = await lockout.guard(view, '', () => users.isPassword(subject, password), about)
    if (outcome.kind === 'refused') return refusal(outcome.problem, outcome)
    if (outcome.kind === 'failed') return invalidCredentials()
    return stepUp(view, auth, { acr: 'urn:example:step-up', amr: ['pwd'] })
  })
}

/** Answers 503 while the store is away, in the same way for every framework. */
function answered<Args extends unknown[]>(
  handle: (...args: Args) => Promise<Answer>,
): (...args: Args) => Promise<Answer> {
  return async (...args) => {
    try {
      return await handle(...args)
    } catch (cause) {
      if (cause instanceof UnavailableError) return refusal('store_unavailable')
      throw cause
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
