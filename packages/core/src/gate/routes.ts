import type { Auth } from '../seam/auth.ts'
import type { Answer, RequestView, Route } from '../seam/http.ts'
import { emptyAnswer, refusal } from './answer.ts'
import { MAX_BODY_BYTES } from './body.ts'
import { isCrossSite, type OriginSettings, withCors } from './csrf.ts'
import type { Protection } from './protect.ts'

export type Handler = (view: RequestView) => Answer | Promise<Answer>
export type AuthHandler = (view: RequestView, auth: Auth) => Answer | Promise<Answer>

/** A route's handlers, by method. OPTIONS, HEAD (with GET) and 405 are answered by themselves. */
export type Methods<H> = Readonly<Partial<Record<'GET' | 'POST' | 'PUT' | 'DELETE', H>>>

/** Makes routes that behave the same on every framework. */
export interface RouteMaker {
  /** Open to everybody. */
  open(path: string, methods: Methods<Handler>): Route
  /** For callers who have the refresh cookie or are to get it. Cross-site requests are refused; allowed origins get CORS headers. */
  cookie(path: string, methods: Methods<Handler>): Route
  /** For callers with a valid access token of this deployment, not of another issuer. Allowed origins get CORS headers. */
  bearer(path: string, methods: Methods<AuthHandler>): Route
}

export function createRouteMaker(protection: Protection, origins: OriginSettings): RouteMaker {
  const forBrowsers = (handle: Handler): Handler =>
    origins.allowed.size === 0 ? handle : async (view) => withCors(await handle(view), view, origins)
  const sameSite =
    (handle: Handler): Handler =>
    (view) =>
      isCrossSite(view, origins) ? refusal('cross_site') : handle(view)
  const withAuth =
    (handle: AuthHandler): Handler =>
    async (view) => {
      const decision = await protection.own(view)
      return decision.kind === 'allow' ? handle(view, decision.auth) : decision.answer
    }
  return {
    open: (path, methods) => ({ path, handle: byMethod(methods, (handle) => handle) }),
    cookie: (path, methods) => ({ path, handle: forBrowsers(byMethod(methods, sameSite)) }),
    bearer: (path, methods) => ({ path, handle: forBrowsers(byMethod(methods, withAuth)) }),
  }
}

function byMethod<H>(methods: Methods<H>, lift: (handle: H) => Handler): Handler {
  const known = new Map(Object.entries(methods).map(([method, handle]) => [method, lift(handle)]))
  const get = known.get('GET')
  if (get !== undefined) known.set('HEAD', get)
  const allow = [...known.keys(), 'OPTIONS']
  return (view) => {
    if (view.method === 'OPTIONS') return options(allow)
    const handle = known.get(view.method)
    if (handle === undefined) return refusal('method_unknown', { allow })
    if (Number(view.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return refusal('body_too_large')
    return handle(view)
  }
}

function options(allow: readonly string[]): Answer {
  const answer = emptyAnswer()
  return { ...answer, headers: { ...answer.headers, Allow: allow.join(', ') } }
}
