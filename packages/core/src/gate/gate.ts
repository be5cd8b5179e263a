import { choices } from '../errors.ts'
import type { Guard } from '../guards/guard.ts'
import type { Clock } from '../ports/clock.ts'
import type { Route } from '../seam/http.ts'
import type { EndpointName, Endpoints } from './endpoints/index.ts'
import type { AnswerSignIn } from './endpoints/sign-in.ts'
import { createGuardCheck, type GuardCheck } from './guard.ts'
import type { Protection } from './protect.ts'
import type { Refuse } from './refuse.ts'
import type { RouteMaker } from './routes.ts'
import type { GateSessions } from './session-calls.ts'

/** The library's HTTP, for any framework: it takes views of requests, and returns decisions and answers. */
export interface Gate {
  readonly verifier: Protection['verifier']
  readonly signIn: AnswerSignIn
  readonly sessions: GateSessions
  /** Makes the check of a guard. */
  check(guard: Guard): GuardCheck
  /** The routes of these endpoint sets, which the caller mounts. Throws a `TypeError` for an unknown name. */
  routes(names: readonly EndpointName[]): readonly Route[]
  /** Makes routes of the application. */
  readonly route: RouteMaker
}

export interface GateParts {
  readonly verifier: Protection['verifier']
  readonly signIn: AnswerSignIn
  readonly sessions: GateSessions
  readonly route: RouteMaker
  readonly endpoints: Endpoints
  readonly clock: Clock
  readonly refuse: Refuse
  /** Where the gate notes what is mounted. */
  readonly mounted: Set<EndpointName>
}

export function createGate({ endpoints, mounted, clock, refuse, ...rooms }: GateParts): Gate {
  return {
    ...rooms,
    check: (guard) => createGuardCheck(guard, clock, refuse),
    routes(names) {
      return names.flatMap((name) => {
        if (!Object.hasOwn(endpoints, name))
          throw new TypeError(`unknown set of endpoints "${name}"${choices(name, Object.keys(endpoints))}`)
        mounted.add(name)
        return endpoints[name]
      })
    },
  }
}
