import { UnavailableError } from '@sallyport/core'
import { type Answer, emptyAnswer, jsonAnswer, type Route, refusal } from '@sallyport/core/adapter'

/** The application's own routes that the frameworks serve in their own manner, with their methods. */
const native: Readonly<Record<string, readonly string[]>> = {
  '/api/me': ['GET', 'HEAD'],
  '/api/profile': ['PUT'],
  '/api/admin': ['GET', 'HEAD'],
}

/** Answers what no route should see; `undefined` for the rest. */
export type Front = (method: string, target: string) => Answer | undefined

/**
 * Answers paths that are not there or not spelled in the one way that they are known by, and methods that a route does
 * not have, so that the frameworks' routers need not agree about them.
 *
 * @param mounted all routes that the application mounts, below their prefixes
 */
export function createFront(
  mounted: readonly (readonly [prefix: string, routes: readonly Route[]])[],
): Front {
  const paths = mounted.flatMap(([prefix, routes]) => routes.map((route) => prefix + route.path))
  const known = new Set(paths.filter((path) => !path.includes(':')))
  const patterns = paths.filter((path) => path.includes(':')).map(patternOf)

  return (method, target) => {
    const path = target.split('?', 1)[0] ?? ''
    if (known.has(path) || patterns.some((pattern) => pattern.test(path))) return undefined
    const methods = Object.hasOwn(native, path) ? native[path] : undefined
    if (methods === undefined) return refusal('route_unknown')
    if (methods.includes(method)) return undefined
    const allow = [...methods, 'OPTIONS']
    if (method !== 'OPTIONS') return refusal('method_unknown', { allow })
    const answer = emptyAnswer()
    return { ...answer, headers: { ...answer.headers, Allow: allow.join(', ') } }
  }
}

/** A parameter is one segment of plain characters. */
function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/:[a-z]+/g, '[A-Za-z0-9_-]{1,64}')}$`)
}

/** The answer to a fault that reached the framework's error handler. Faults that are not the client's are logged. */
export function faultAnswer(fault: unknown): Answer {
  if (fault instanceof UnavailableError) return refusal('store_unavailable')
  const status = fault instanceof Error && 'statusCode' in fault ? Number(fault.statusCode) : 500
  if (status >= 400 && status < 500)
    return jsonAnswer(status, { error: 'invalid_request', error_description: 'the request is malformed' })
  console.error(`fault: ${fault instanceof Error ? fault.stack : 'something was thrown'}`)
  return jsonAnswer(500, { error: 'server_error', error_description: 'something went wrong' })
}
