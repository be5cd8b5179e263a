import { gateOf, type Sallyport, type SessionCalls } from './application.ts'
import type { EndpointName } from './gate/endpoints/index.ts'
import type { GuardCheck } from './gate/guard.ts'
import type { Verify, VerifyOptions } from './gate/protect.ts'
import type { Revoked, RevokeOptions } from './gate/revoke-others.ts'
import type { Guard } from './guards/guard.ts'
import { scopeGuard } from './guards/scope.ts'
import type { Auth } from './seam/auth.ts'
import type { Answer, RequestView, Route } from './seam/http.ts'
import type { SignIn } from './sessions/open.ts'

/**
 * What a framework's adapter does: it reads, sends and attaches, and decides nothing.
 *
 * `Exchange` is how the framework passes a request and its response, such as `[req, res]` or `[ctx]`. `Placement` says
 * where routes are mounted, if the framework wants to know.
 */
export interface Host<Exchange extends unknown[], Reply, Protect, Check, Router, Placement> {
  /** How many values an exchange is. */
  readonly exchangeLength: Exchange['length']
  read(...exchange: Exchange): RequestView
  /** The caller that `protect` attached. */
  attached(...exchange: Exchange): Auth | null | undefined
  /** Sends an answer as it is. */
  send(answer: Answer, ...exchange: Exchange): Reply
  /** Adds finished `Set-Cookie` values to the response. */
  setCookies(cookies: readonly string[], ...exchange: Exchange): void
  /** Runs the check on each request: on `allow` attaches the caller and goes on, else sends the answer. */
  protect(verify: Verify): Protect
  /** Runs the check with the attached caller. */
  guard(check: GuardCheck): Check
  router(routes: readonly Route[], placement: Placement | undefined): Router
}

/** Sessions, and those of a caller whose request is at hand. */
export interface AdaptedSessions<Exchange extends unknown[]> extends SessionCalls {
  /**
   * Ends the caller's other sessions, such as after a change of password. This one keeps its access token and gets a
   * new refresh cookie, which is set on the response; you answer the request. Rejects with `UnavailableError` while
   * the store is away.
   */
  revokeOthers(...args: [...Exchange, options?: RevokeOptions]): Promise<Revoked>
}

/** `Sallyport` in a framework's own form. */
export interface Adapted<Exchange extends unknown[], Reply, Protect, Check, Router, Placement = never>
  extends Sallyport {
  /**
   * Lets through only requests with a valid access token, and puts the caller where `getAuth` finds it. Throws a
   * `ConfigError` for a wrong option.
   */
  authMiddleware(options?: VerifyOptions): Protect
  /** Behind `authMiddleware`: lets through only callers whose token has all of the scopes. */
  requireScope(...scopes: string[]): Check
  /** Behind `authMiddleware`: lets through only callers that the guard passes. */
  guard(guard: Guard): Check
  /** `POST /refresh`: swaps the refresh cookie for the next one and a new access token. */
  refreshRouter(placement?: Placement): Router
  /** `POST /logout` and `POST /logout-all`. */
  logoutRouter(placement?: Placement): Router
  /** Sets of endpoints by name (see {@link EndpointName}), and routes of your own. Throws a `TypeError` for an unknown name. */
  router(...parts: (EndpointName | Route | Placement)[]): Router
  /** Opens a session for a user whom you have authenticated, and answers the request with its tokens. */
  signIn(...args: [...Exchange, signIn: SignIn]): Promise<Reply>
  readonly sessions: AdaptedSessions<Exchange>
}

/** Puts a Sallyport into a framework's form. A new endpoint or guard changes no adapter. */
export function adapt<Exchange extends unknown[], Reply, Protect, Check, Router, Placement extends object>(
  core: Sallyport,
  host: Host<Exchange, Reply, Protect, Check, Router, Placement>,
): Adapted<Exchange, Reply, Protect, Check, Router, Placement> {
  const gate = gateOf(core)
  const guard = (one: Guard): Check => host.guard(gate.check(one))
  return {
    ...core,
    authMiddleware: (options) => host.protect(gate.verifier(options)),
    requireScope: (...scopes) => guard(scopeGuard(scopes)),
    guard,
    refreshRouter: (placement) => host.router(gate.routes(['refresh']), placement),
    logoutRouter: (placement) => host.router(gate.routes(['logout']), placement),
    router(...parts) {
      const routes: Route[] = []
      let placement: Placement | undefined
      for (const part of parts) {
        if (typeof part === 'string') routes.push(...gate.routes([part]))
        else if (isRoute(part)) routes.push(part)
        else placement = part
      }
      return host.router(routes, placement)
    },
    async signIn(...args) {
      const exchange = args.slice(0, host.exchangeLength) as Exchange
      const signIn = args[host.exchangeLength] as SignIn
      return host.send(await gate.signIn(host.read(...exchange), signIn), ...exchange)
    },
    sessions: {
      ...core.sessions,
      async revokeOthers(...args) {
        const exchange = args.slice(0, host.exchangeLength) as Exchange
        const options = args[host.exchangeLength] as RevokeOptions | undefined
        const auth = requireAuth(host.attached(...exchange))
        const { ended, cookies } = await gate.revokeOthers(host.read(...exchange), auth, options)
        host.setCookies(cookies, ...exchange)
        return { ended }
      },
    },
  }
}

function isRoute(part: object): part is Route {
  return 'path' in part && 'handle' in part
}

/** The attached caller. Throws a `TypeError` where no `authMiddleware` let the request through. */
export function requireAuth(auth: Auth | null | undefined): Auth {
  if (!auth) throw new TypeError('getAuth: no authMiddleware let this request through')
  return auth
}

/** Goes on with a value now, or with a promised one when it is there. */
export function whenSettled<T, R>(value: T | Promise<T>, goOn: (value: T) => R): R | Promise<R> {
  return value instanceof Promise ? value.then(goOn) : goOn(value)
}
