import type { Auth } from '../seam/auth.ts'
import type { Answer, RequestView } from '../seam/http.ts'
import type { Required } from '../watch/audit/required.ts'
import { emptyAnswer, refusal } from './answers/answer.ts'
import { MAX_BODY_BYTES } from './body.ts'
import { withCors } from './browser/cors.ts'
import type { CrossSiteCheck, OriginSettings } from './browser/csrf.ts'
import type { DescribedRoute, Method, Operations, RouteCheck } from './described/operation.ts'
import type { Protection } from './protect.ts'

export type Handler = (view: RequestView) => Answer | Promise<Answer>
export type AuthHandler = (view: RequestView, auth: Auth) => Answer | Promise<Answer>

/**
 * A route's handlers, by method. OPTIONS, HEAD (if there is a GET) and unknown methods (405) are answered
 * automatically.
 */
export type Methods<H> = Readonly<Partial<Record<Method, H>>>

/**
 * Makes routes that behave the same on every framework. A request whose `Content-Length` is over 16 KiB is answered
 * 413. `operations` is what an OpenAPI document says of the route, and has no other effect.
 *
 * @example
 * ```ts
 * import { createSallyport } from '@sallyport/express'
 * import { gateOf, jsonAnswer } from '@sallyport/express/adapter'
 * import express from 'express'
 *
 * const sallyport = await createSallyport()
 * const { route } = gateOf(sallyport)
 * const health = route.open('/health', { GET: () => jsonAnswer(200, { status: 'ok' }) })
 * const whoami = route.bearer('/whoami', { GET: (_view, auth) => jsonAnswer(200, { sub: auth.subject }) })
 *
 * const app = express()
 * app.use(sallyport.router(health, whoami))
 * ```
 */
export interface RouteMaker {
  /** Makes a route that checks nothing. */
  open(path: string, methods: Methods<Handler>, operations?: Operations): DescribedRoute
  /**
   * Makes a route that reads or sets the refresh cookie. Cross-site requests are refused with 403, and pages of allowed
   * origins get CORS headers. Does NOT check the cookie.
   */
  cookie(path: string, methods: Methods<Handler>, operations?: Operations): DescribedRoute
  /**
   * Makes a route for callers with a valid access token of this deployment; tokens of other issuers and API keys are
   * refused. Pages of allowed origins get CORS headers.
   */
  bearer(path: string, methods: Methods<AuthHandler>, operations?: Operations): DescribedRoute
}

export interface RouteParts {
  readonly protection: Protection
  readonly origins: OriginSettings
  readonly isCrossSite: CrossSiteCheck
  readonly required: Required
}

export function createRouteMaker({ protection, origins, isCrossSite, required }: RouteParts): RouteMaker {
  const forBrowsers = (handle: Handler): Handler =>
    origins.allowed.size === 0 ? handle : async (view) => withCors(await handle(view), view, origins)
  const sameSite =
    (handle: Handler): Handler =>
    (view) =>
      isCrossSite(view) ? refusal('cross_site') : handle(view)
  const withAuth =
    (handle: AuthHandler): Handler =>
    async (view) => {
      const decision = await protection.own(view)
      if (decision.kind === 'refuse') return decision.answer
      // Routes of this library are open to no guests.
      if (decision.kind === 'guest') return refusal('token_missing')
      const answer = await handle(view, decision.auth)
      return decision.headers === undefined
        ? answer
        : { ...answer, headers: { ...answer.headers, ...decision.headers } }
    }
  const told = (handle: Handler): Handler => required.decision(handle, () => refusal('audit_unavailable'))
  /** What changes nothing tells nothing, apart from the check of the token. */
  const toldIfItChanges = (handle: Handler): Handler => {
    const change = told(handle)
    return (view) => (view.method === 'GET' || view.method === 'HEAD' ? handle(view) : change(view))
  }
  function create<H>(check: RouteCheck, lift: (handle: H) => Handler, wrap: (handle: Handler) => Handler) {
    return (path: string, methods: Methods<H>, operations: Operations = {}): DescribedRoute => ({
      ...{ path, check, operations },
      methods: Object.keys(methods) as Method[],
      handle: wrap(withParams(path, byMethod(methods, lift))),
    })
  }
  return {
    open: create('open', toldIfItChanges, (handle) => handle),
    cookie: create('cookie', (handle: Handler) => told(sameSite(handle)), forBrowsers),
    bearer: create('bearer', (handle: AuthHandler) => toldIfItChanges(withAuth(handle)), forBrowsers),
  }
}

/** Some frameworks match a parameter with nothing, as in a path that ends with a slash. */
function withParams(path: string, handle: Handler): Handler {
  if (!path.includes('/:')) return handle
  return (view) => (Object.values(view.params).includes('') ? refusal('route_unknown') : handle(view))
}

function byMethod<H>(methods: Methods<H>, lift: (handle: H) => Handler): Handler {
  const handlers = new Map(Object.entries(methods).map(([method, handle]) => [method, lift(handle)]))
  const get = handlers.get('GET')
  if (get !== undefined) handlers.set('HEAD', async (view) => withoutStream(await get(view)))
  const allow = [...handlers.keys(), 'OPTIONS']
  return (view) => {
    if (view.method === 'OPTIONS') return optionsAnswer(allow)
    const handle = handlers.get(view.method)
    if (handle === undefined) return refusal('method_unknown', { allow })
    if (Number(view.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return refusal('body_too_large')
    return handle(view)
  }
}

/** A stream that nobody reads would never end. */
function withoutStream(answer: Answer): Answer {
  if (typeof answer.body !== 'object') return answer
  answer.body.destroy()
  return { ...answer, body: undefined }
}

function optionsAnswer(allow: readonly string[]): Answer {
  const answer = emptyAnswer()
  return { ...answer, headers: { ...answer.headers, Allow: allow.join(', ') } }
}
