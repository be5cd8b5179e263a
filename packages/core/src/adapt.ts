import { gateOf, type Sallyport, type SessionCalls } from './application/index.ts'
import { refuseUnknownMembers } from './errors.ts'
import type { EndpointName } from './gate/endpoints/index.ts'
import type { GuardCheck } from './gate/guard.ts'
import type { Verify, VerifyOptions } from './gate/protect.ts'
import type { Revoked, RevokeOptions, Started, WithCookies } from './gate/session-calls.ts'
import type { Guard } from './guards/guard.ts'
import { type GuardMethods, guards } from './guards/index.ts'
import type { Session } from './ports/sessions.ts'
import type { Auth } from './seam/auth.ts'
import type { Answer, RequestView, Route } from './seam/http.ts'
import type { SignIn } from './sessions/open.ts'
import { isThenable } from './thenable.ts'

/**
 * What an adapter supplies for its framework. It reads requests, sends answers and attaches callers; it decides
 * nothing.
 *
 * `Exchange` is the argument list in which the framework passes a request and its response, such as `[req, res]` or
 * `[ctx]`. `Placement` tells the router where its routes are mounted, for frameworks that have to know.
 */
export interface Host<Exchange extends unknown[], Reply, Protect, Check, Router, Placement> {
  /** The number of arguments that make up an exchange. */
  readonly exchangeLength: Exchange['length']
  read(...exchange: Exchange): RequestView
  /** The caller that `protect` attached; nothing if no `protect` ran. */
  attached(...exchange: Exchange): Auth | null | undefined
  /** Sends an answer unchanged. */
  send(answer: Answer, ...exchange: Exchange): Reply
  /** Appends complete `Set-Cookie` values to the response. */
  setCookies(cookies: readonly string[], ...exchange: Exchange): void
  /** Verifies each request. On `allow`, attaches the caller and continues; otherwise sends the answer. */
  protect(verify: Verify): Protect
  /** Runs the check with the attached caller. Continues if the check returns nothing; otherwise sends its answer. */
  guard(check: GuardCheck): Check
  /** The names of the members of a placement. Default: none, since the framework mounts routers by itself. */
  readonly placementNames?: readonly (string & keyof Placement)[]
  router(routes: readonly Route[], placement: Placement | undefined): Router
}

/** The session calls of {@link SessionCalls}, and one that needs the caller's request and response. */
export interface AdaptedSessions<Exchange extends unknown[]> extends SessionCalls {
  /**
   * Opens a session for a user whom you have authenticated and sets the refresh cookie on the response; you answer the
   * request, or redirect. Rejects with a `RefusalError` for a cross-site request (see `SignIn.crossSite`), and with
   * `UnavailableError` while the store is away.
   */
  start(...args: [...Exchange, signIn: SignIn]): Promise<Started>
  /**
   * Ends the session that the request's cookie or access token names, and clears the cookie; you answer the request.
   * Having nothing to end is no error. Rejects with a `RefusalError` for a cross-site request, and with
   * `UnavailableError` while the store is away.
   */
  end(...args: [...Exchange, options?: RevokeOptions]): Promise<Revoked>
  /**
   * Finds the live session of the request's refresh cookie, for pages, images and downloads, which come without an
   * access token. Changes nothing, and checks neither scopes nor the device. `undefined` if there is none. Rejects with
   * a `TypeError` unless the method is GET or HEAD, and with `UnavailableError` while the store is away.
   */
  find(...args: Exchange): Promise<Session | undefined>
  /**
   * Ends the caller's other sessions, such as after a change of password. This one keeps its access token and gets a
   * new refresh cookie, which is set on the response; you answer the request. Rejects with `UnavailableError` while
   * the store is away.
   */
  revokeOthers(...args: [...Exchange, options?: RevokeOptions]): Promise<Revoked>
}

/**
 * A {@link Sallyport} whose calls return what one framework mounts: middleware, hooks and routers.
 *
 * @example
 * ```ts
 * import { createSallyport, getAuth } from '@sallyport/fastify'
 * import fastify from 'fastify'
 *
 * const { authMiddleware, router, signIn } = await createSallyport()
 *
 * const app = fastify()
 * app.register(router('refresh', 'logout'), { prefix: '/auth' })
 * app.post('/login', (request, reply) => signIn(request, reply, { subject: 'user-1' }))
 * app.get('/me', { onRequest: authMiddleware() }, async (request) => ({ sub: getAuth(request).subject }))
 * ```
 */
export interface Adapted<Exchange extends unknown[], Reply, Protect, Check, Router, Placement = never>
  extends Sallyport,
    GuardMethods<Check> {
  /**
   * Lets a request through only if it has a valid access token, and puts the caller where `getAuth` finds it. Any
   * other request is answered: 401 for a missing, bad or revoked token, 503 if the store would have to be asked and
   * does not answer.
   *
   * Does NOT check scopes: put `requireScope` or `guard` behind it. Throws a `ConfigError` for a wrong option.
   */
  authMiddleware(options?: VerifyOptions): Protect
  /**
   * Lets a caller through only if the guard passes; otherwise sends the answer of the problem that the guard named.
   * Goes behind `authMiddleware`.
   *
   * @example
   * ```ts
   * import { createSallyport, type Guard } from '@sallyport/express'
   * import express from 'express'
   *
   * const { authMiddleware, guard } = await createSallyport()
   * const sameTenant: Guard = (auth, view) =>
   *   auth.claims.tenant === view.params.tenant
   *     ? { kind: 'pass' }
   *     : { kind: 'refuse', problem: 'access_denied' }
   *
   * const app = express()
   * app.get('/tenants/:tenant', authMiddleware(), guard(sameTenant), (_req, res) => {
   *   res.json({ ok: true })
   * })
   * ```
   */
  guard(guard: Guard): Check
  /** `POST /refresh`: exchanges the refresh cookie for the next one and a new access token. */
  refreshRouter(placement?: Placement): Router
  /** `POST /logout` and `POST /logout-all`. */
  logoutRouter(placement?: Placement): Router
  /**
   * Makes one router of endpoint sets, by name (see {@link EndpointName}), and of your own routes. Throws a
   * `TypeError` for an unknown name.
   *
   * @example
   * ```ts
   * import { createSallyport } from '@sallyport/express'
   * import express from 'express'
   *
   * const { router } = await createSallyport()
   *
   * const app = express()
   * app.use('/auth', router('refresh', 'token', 'logout', 'sessions'))
   * app.use(router('well-known'))
   * ```
   */
  router(...parts: (EndpointName | Route | Placement)[]): Router
  /**
   * Opens a session for a user whom you have authenticated, and answers the request with its tokens. Does NOT check a
   * password or any other credential. Rejects with a `TypeError` for a wrong member of `SignIn`, and with a
   * `ClaimsError` if the `claims` option returns something that must not be in a token.
   */
  signIn(...args: [...Exchange, signIn: SignIn]): Promise<Reply>
  readonly sessions: AdaptedSessions<Exchange>
}

/**
 * Gives a `Sallyport` the form of one framework, by what the framework's adapter supplies. Endpoints and guards are
 * written once, in the core, so adding one changes no adapter.
 */
export function adapt<Exchange extends unknown[], Reply, Protect, Check, Router, Placement extends object>(
  core: Sallyport,
  host: Host<Exchange, Reply, Protect, Check, Router, Placement>,
): Adapted<Exchange, Reply, Protect, Check, Router, Placement> {
  const gate = gateOf(core)
  const checkBy = (guard: Guard): Check => host.guard(gate.check(guard))
  function routerOf(name: string, routes: readonly Route[], placement: Placement | undefined): Router {
    if (called(name, placement) !== undefined)
      refuseUnknownMembers(name, placement, host.placementNames ?? [])
    return host.router(routes, placement)
  }
  return {
    ...core,
    authMiddleware: (options) => host.protect(gate.verifier(called('authMiddleware', options))),
    ...guardMethods(checkBy),
    guard: checkBy,
    refreshRouter: (placement) => routerOf('refreshRouter', gate.routes(['refresh']), placement),
    logoutRouter: (placement) => routerOf('logoutRouter', gate.routes(['logout']), placement),
    router(...parts) {
      called('router', parts[0])
      const routes: Route[] = []
      let placement: Placement | undefined
      for (const part of parts) {
        if (typeof part === 'string') routes.push(...gate.routes([part]))
        else if (isRoute(part)) routes.push(part)
        else placement = part
      }
      return routerOf('router', routes, placement)
    },
    async signIn(...args) {
      const exchange = args.slice(0, host.exchangeLength) as Exchange
      const signIn = args[host.exchangeLength] as SignIn
      return host.send(await gate.signIn(host.read(...exchange), signIn), ...exchange)
    },
    sessions: {
      ...core.sessions,
      start: (...args) =>
        step(args, (view, _exchange, signIn) => gate.sessions.start(view, signIn as SignIn)),
      end: (...args) =>
        step(args, (view, _exchange, options) =>
          gate.sessions.end(view, options as RevokeOptions | undefined),
        ),
      find: (...exchange) => gate.sessions.find(host.read(...exchange)),
      revokeOthers: (...args) =>
        step(args, (view, exchange, options) => {
          const auth = requireAuth(host.attached(...exchange))
          return gate.sessions.revokeOthers(view, auth, options as RevokeOptions | undefined)
        }),
    },
  }

  /** Takes a step for the request, and sets the cookies that it gives on the response. */
  async function step<Result extends WithCookies>(
    args: readonly unknown[],
    take: (view: RequestView, exchange: Exchange, last: unknown) => Promise<Result>,
  ): Promise<Omit<Result, 'cookies'>> {
    const exchange = args.slice(0, host.exchangeLength) as Exchange
    const { cookies, ...result } = await take(host.read(...exchange), exchange, args[host.exchangeLength])
    host.setCookies(cookies, ...exchange)
    return result
  }
}

function guardMethods<Check>(checkBy: (guard: Guard) => Check): GuardMethods<Check> {
  const method =
    (make: (...args: never[]) => Guard) =>
    (...args: never[]) =>
      checkBy(make(...args))
  return Object.fromEntries(
    Object.entries(guards).map(([name, make]) => [name, method(make)]),
  ) as GuardMethods<Check>
}

/** The argument of a factory. Throws a `TypeError` where the framework called the factory itself, with a request. */
function called<T>(name: string, given: T): T {
  if (typeof given === 'object' && given !== null && ('headers' in given || 'register' in given))
    throw new TypeError(`${name} was passed without being called: write ${name}()`)
  return given
}

function isRoute(part: object): part is Route {
  return 'path' in part && 'handle' in part
}

/** Returns the attached caller. Throws a `TypeError` if there is none. */
export function requireAuth(auth: Auth | null | undefined): Auth {
  if (!auth)
    throw new TypeError(
      'getAuth: there is no caller, since no authMiddleware let this request through, or it is a guest',
    )
  return auth
}

/**
 * Goes on with a value now, or with a promised one when it is there.
 *
 * @param fail takes what the promise, or going on, rejects with; without it the returned promise does
 */
export function whenSettled<T, R>(
  value: T | Promise<T>,
  goOn: (value: T) => R,
  fail?: (error: Error) => void,
): R | Promise<unknown> {
  if (!isThenable(value)) return goOn(value)
  const settled = Promise.resolve(value).then(goOn)
  return fail === undefined ? settled : settled.catch(fail)
}
