import { ConfigError } from '@sallyport/core'
import type {
  DescribedRoute,
  EndpointName,
  Gate,
  Method,
  Operation,
  Route,
  RouteCheck,
  RouteDescription,
} from '@sallyport/core/adapter'
import { operationsOf } from './endpoints/index.ts'

/** A method of a route, at its full path. */
export interface Placed {
  /** With parameters as `:id`. */
  readonly path: string
  readonly method: Method
  readonly check: RouteCheck
  /** `undefined` if nobody has described it. */
  readonly operation: Operation | undefined
}

/** What was given to `router`, and descriptions of the framework's own routes, by the path where they are mounted. */
export type Mounted = Readonly<Record<string, readonly (EndpointName | Route | RouteDescription)[]>>

type MountedRoutes = Pick<Gate, 'mounted' | 'surface'>

/**
 * Every operation of every route. Throws a `ConfigError` for a route that is mounted and not placed, or the other way round, and
 * for two operations in one place or of one name.
 */
export function placedOperations({ mounted, surface }: MountedRoutes, given: Mounted | undefined): Placed[] {
  const where = given ?? usualPlaces(mounted, surface.authPath)
  const placedRoutes = new Set<object>()
  const operations: Placed[] = []
  for (const [prefix, parts] of Object.entries(where))
    for (const [index, part] of parts.entries()) {
      const option = `openapi.mounted.${prefix}.${index}`
      for (const route of routesOf(part, mounted, option)) {
        placedRoutes.add(route)
        operations.push(...operationsAt(prefix === '/' ? '' : prefix, route, mounted, option))
      }
    }
  for (const [route, set] of mounted)
    if (!placedRoutes.has(route))
      throw new ConfigError('openapi.mounted', {
        sentence: `"openapi.mounted" does not say where ${set === undefined ? `the route ${route.path}` : `"${set}"`} is mounted`,
      })
  refuseTwice(operations)
  return operations
}

function usualPlaces(mounted: Gate['mounted'], authPath: string): Mounted {
  const sets = new Set([...mounted.values()].filter((set) => set !== undefined))
  return {
    [authPath]: [...sets].filter((set) => set !== 'well-known'),
    '/': sets.has('well-known') ? ['well-known'] : [],
  }
}

function routesOf(
  part: EndpointName | Route | RouteDescription,
  mounted: Gate['mounted'],
  option: string,
): readonly (Route | RouteDescription)[] {
  const routes =
    typeof part === 'string'
      ? [...mounted].filter(([, set]) => set === part).map(([route]) => route)
      : 'handle' in part && !mounted.has(part)
        ? []
        : [part]
  if (routes.length > 0) return routes
  const name = typeof part === 'string' ? `"${part}"` : `the route ${part.path}`
  throw new ConfigError(option, {
    sentence: `"${option}": ${name} is not mounted: make its router before the document`,
  })
}

function operationsAt(
  prefix: string,
  route: Route | RouteDescription,
  mounted: Gate['mounted'],
  option: string,
): Placed[] {
  if (!isDescribed(route)) throw new ConfigError(option, 'a route that was made by "gateOf(sallyport).route"')
  const set = 'methods' in route ? mounted.get(route) : undefined
  const operations = (set === undefined ? undefined : operationsOf(set, route.path)) ?? route.operations
  const methods = 'methods' in route ? route.methods : (Object.keys(operations) as Method[])
  const { check } = route
  return methods.map((method) => ({
    path: prefix + route.path,
    method,
    check,
    operation: operations[method],
  }))
}

function isDescribed(route: Route | RouteDescription): route is RouteDescription | DescribedRoute {
  return 'check' in route && 'operations' in route
}

function refuseTwice(operations: readonly Placed[]): void {
  const seen = new Set<string>()
  for (const { path, method, operation } of operations)
    for (const name of [`${method} ${path}`, ...(operation === undefined ? [] : [operation.id])]) {
      if (seen.has(name))
        throw new ConfigError('openapi.mounted', { sentence: `"openapi.mounted" has "${name}" twice` })
      seen.add(name)
    }
}
