import { UnavailableError } from '@sallyport/core'
import { type Answer, emptyAnswer, jsonAnswer, type Route, refusal } from '@sallyport/core/adapter'
import { frameworkRoutes } from './described.ts'

/** The methods of the routes that each framework serves with its own router. */
const methodsOf: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  frameworkRoutes.map(({ path, operations }) => {
    const methods = Object.keys(operations)
    return [`/api${path}`, methods.includes('GET') ? [...methods, 'HEAD'] : methods]
  }),
)

/** Answers a request that no route may see; returns `undefined` for any other. */
export type Front = (method: string, target: string) => Answer | undefined

/**
 * Answers requests for unknown paths, for known paths in another spelling, and with methods that a route does not have.
 * The frameworks' routers treat such requests differently.
 *
 * @param mounted all routes that the application mounts, with their prefixes
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
    const methods = Object.hasOwn(methodsOf, path) ? methodsOf[path] : undefined
    if (methods === undefined) return refusal('route_unknown')
    if (methods.includes(method)) return undefined
    const allow = [...methods, 'OPTIONS']
    if (method !== 'OPTIONS') return refusal('method_unknown', { allow })
    const answer = emptyAnswer()
    return { ...answer, headers: { ...answer.headers, Allow: allow.join(', ') } }
  }
}

/** A pattern for a path with parameters, each of which is one segment of plain characters. */
function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/:[a-z]+/g, '[A-Za-z0-9_-]{1,64}')}$`)
}

/**
 * The answer to an error that reached the framework's error handler. Errors that the client did not cause are logged.
 */
export function faultAnswer(fault: unknown): Answer {
  if (fault instanceof UnavailableError) return refusal('store_unavailable')
  const status = fault instanceof Error && 'statusCode' in fault ? Number(fault.statusCode) : 500
  if (status >= 400 && status < 500)
    return jsonAnswer(status, { error: 'invalid_request', error_description: 'the request is malformed' })
  console.error(`fault: ${fault instanceof Error ? fault.stack : 'something was thrown'}`)
  return jsonAnswer(500, { error: 'server_error', error_description: 'something went wrong' })
}
