import type { Verifier } from '../access/verify.ts'
import type { Answer, Auth, RequestView, Route } from '../seam/http.ts'
import { emptyAnswer, refusal } from './answer.ts'
import { MAX_BODY_BYTES } from './body.ts'
import { isCrossSite, type OriginSettings, withCors } from './csrf.ts'

export type Handle = (view: RequestView) => Answer | Promise<Answer>
export type HandleWithAuth = (view: RequestView, auth: Auth) => Promise<Answer>

/** A route's handlers, by method. OPTIONS and 405 come by themselves, HEAD comes with GET. */
export type Methods<H> = Readonly<Partial<Record<'GET' | 'POST' | 'PUT' | 'DELETE', H>>>

/** Makes routes that behave alike on every framework. */
export interface RouteMaker {
  /** Open to everybody. */
  open(path: string, methods: Methods<Handle>): Route
  /** For callers with the refresh cookie, or who are to get it: cross-site callers are refused, allowed origins get CORS headers. */
  cookie(path: string, methods: Methods<Handle>): Route
  /** For callers with a valid access token of this deployment, not of another issuer; allowed origins get CORS headers. */
  bearer(path: string, methods: Methods<HandleWithAuth>): Route
}

export function createRouteMaker(verifier: Verifier, origins: OriginSettings): RouteMaker {
  const forBrowsers = (handle: Handle): Handle =>
    origins.allowed.size === 0 ? handle : async (view) => withCors(await handle(view), view, origins)
  const sameSite =
    (handle: Handle): Handle =>
    (view) =>
      isCrossSite(view, origins) ? refusal('cross_site') : handle(view)
  const withAuth =
    (handle: HandleWithAuth): Handle =>
    async (view) => {
      const decision = await verifier.own(view)
      return decision.kind === 'allow' ? handle(view, decision.auth) : decision.answer
    }
  return {
    open: (path, methods) => ({ path, handle: byMethod(methods, (handle) => handle) }),
    cookie: (path, methods) => ({ path, handle: forBrowsers(byMethod(methods, sameSite)) }),
    bearer: (path, methods) => ({ path, handle: forBrowsers(byMethod(methods, withAuth)) }),
  }
}

function byMethod<H>(methods: Methods<H>, lift: (handle: H) => Handle): Handle {
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
