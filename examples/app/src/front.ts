import { type Answer, jsonAnswer, refusal, UnavailableError } from '@sallyport/core'

/** The application's own routes that the frameworks serve in their own manner, with their methods. */
const native: Readonly<Record<string, readonly string[]>> = {
  '/api/me': ['GET', 'HEAD'],
  '/api/profile': ['PUT'],
  '/api/admin': ['GET', 'HEAD'],
}
const mounted = new Set([
  '/',
  '/demo.js',
  '/demo.css',
  '/healthz',
  '/readyz',
  '/.well-known/jwks.json',
  '/auth/login',
  '/auth/password',
  '/auth/refresh',
  '/auth/token',
  '/auth/logout',
  '/auth/logout-all',
  '/auth/sessions',
])
const SESSION = /^\/auth\/sessions\/[A-Za-z0-9_-]{1,64}$/

/**
 * Answers what no route should see, so that the frameworks' routers need not agree about it: paths that
 * are not there or not spelled in the one way that they are known by, and methods that a route has not.
 */
export function front(method: string, target: string): Answer | undefined {
  const path = target.split('?', 1)[0] ?? ''
  if (mounted.has(path) || SESSION.test(path)) return undefined
  const methods = Object.hasOwn(native, path) ? native[path] : undefined
  if (methods === undefined) return refusal('route_unknown')
  if (methods.includes(method)) return undefined
  const allow = [...methods, 'OPTIONS']
  if (method !== 'OPTIONS') return refusal('method_unknown', { allow })
  return {
    status: 204,
    headers: { Allow: allow.join(', '), 'Cache-Control': 'no-store' },
    cookies: [],
    body: undefined,
  }
}

/** The answer to a fault that reached the framework's error handler; faults that are not the client's are told. */
export function faultAnswer(fault: unknown): Answer {
  if (fault instanceof UnavailableError) return refusal('store_down')
  const status = fault instanceof Error && 'statusCode' in fault ? Number(fault.statusCode) : 500
  if (status >= 400 && status < 500)
    return jsonAnswer(status, { error: 'invalid_request', error_description: 'the request is malformed' })
  console.error(`fault: ${fault instanceof Error ? fault.stack : 'something was thrown'}`)
  return jsonAnswer(500, { error: 'server_error', error_description: 'something went wrong' })
}
