import type { LockoutCalls, Sallyport, SessionCalls } from '../application/index.ts'
import type { HandedOver } from '../gate/browser/pages.ts'
import type { EndpointName } from '../gate/endpoints/index.ts'
import type { Nobody } from '../gate/lockout-calls.ts'
import type { VerifyOptions } from '../gate/protect.ts'
import type { Revoked, RevokeOptions, Started, SteppedUp } from '../gate/session-calls.ts'
import type { Guard } from '../guards/guard.ts'
import type { GuardMethods } from '../guards/index.ts'
import type { Session } from '../ports/session.ts'
import type { Route } from '../seam/http.ts'
import type { SignIn } from '../sessions/arguments/sign-in.ts'
import type { StepUp } from '../sessions/arguments/step-up.ts'
import type { AboutSignIn, SignInAttempt } from '../watch/lockout/attempt.ts'

/** The session calls of {@link SessionCalls}, and those that need the caller's request and response. */
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
   * access token. Changes nothing, and checks neither scopes nor the device. `undefined` if there is none, and for a
   * cookie that was replaced longer ago than `refresh.graceSeconds`. Rejects with a `TypeError` unless the method is GET
   * or HEAD, and with `UnavailableError` while the store is away.
   */
  find(...args: Exchange): Promise<Session | undefined>
  /**
   * Finds the session as `find` does, for a page that you render, and hands its first access token over, so that the page
   * needs no refresh before its first request. Rotates nothing, so that token ends when the one of the latest refresh
   * does. There is none in the last 10 seconds before that, for a script that fetches the page, and for another browser or
   * system than that of the sign-in. Send the page with `Cache-Control: private, no-store`. Rejects as `find` does.
   */
  handOver(...args: Exchange): Promise<HandedOver | undefined>
  /**
   * Raises the assurance of the caller's session, once the user has proved something to you, and gives the new access
   * token; you answer the request. Goes behind `authMiddleware`. Rejects with a `RefusalError` if the session is over, and
   * with `UnavailableError` while the store is away.
   */
  stepUp(...args: [...Exchange, stepUp: StepUp]): Promise<SteppedUp>
  /**
   * Ends the caller's other sessions, such as after a change of password. This one keeps its access token and gets a
   * new refresh cookie, which is set on the response; you answer the request. Rejects with `UnavailableError` while
   * the store is away.
   */
  revokeOthers(...args: [...Exchange, options?: RevokeOptions]): Promise<Revoked>
}

/** The calls of `guardSignIn` one by one, for a sign-in in several steps. */
export interface AdaptedLockout<Exchange extends unknown[]> extends LockoutCalls {
  /**
   * Counts an attempt to sign in. Go on to check the password only if it resolves. Rejects with a `RefusalError` (429,
   * `sign_in_locked`) while the account is locked, whether it exists or not, and with `UnavailableError` while the store
   * is away.
   */
  check(...args: [...Exchange, name: string, about?: AboutSignIn]): Promise<SignInAttempt>
  /**
   * Records how an attempt went, once. After a `success`, sets the cookie by which this device is known later. An attempt
   * that is never recorded counts as a failure.
   */
  record(...args: [...Exchange, attempt: SignInAttempt, outcome: 'success' | 'failure']): Promise<void>
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
   * `ClaimsError` if the subject, or something that the `claims` option returns, must not be in a token.
   */
  signIn(...args: [...Exchange, signIn: SignIn]): Promise<Reply>
  /**
   * Raises the assurance of the caller's session, once the user has proved something to you, such as by a second factor,
   * and answers the request with a new access token. Goes behind `authMiddleware`. Does NOT check anything: count wrong
   * answers with `guardSignIn`. Rejects with a `TypeError` for a wrong member of `StepUp`.
   *
   * @example
   * ```ts
   * import { createSallyport, getAuth } from '@sallyport/express'
   * import express from 'express'
   *
   * const { authMiddleware, requireFresh, stepUp } = await createSallyport()
   * declare function isCode(user: string, code: unknown): Promise<boolean>
   *
   * const app = express().use(express.json(), authMiddleware())
   * app.post('/step-up', async (req, res) => {
   *   const isRight = await isCode(getAuth(req).subject, req.body?.code)
   *   if (isRight) await stepUp(req, res, { acr: 'urn:example:two-factors', amr: ['pwd', 'otp'] })
   *   else res.status(401).json({ error: 'invalid_credentials' })
   * })
   * app.post('/transfer', requireFresh({ acr: 'urn:example:two-factors', maxAge: 300 }), (_req, res) => {
   *   res.json({ accepted: true })
   * })
   * ```
   *
   * @see [RFC 9470](https://www.rfc-editor.org/rfc/rfc9470.html)
   */
  stepUp(...args: [...Exchange, stepUp: StepUp]): Promise<Reply>
  /**
   * Counts a sign-in before your check of the password, and locks the account if too many fail (option `lockout`).
   * Resolves to what your check finds; `undefined` where it finds nobody (`undefined`, `null` or `false`), which you
   * answer. On success, sets the cookie by which this device is known later. What your check throws is thrown on, and
   * counts as nothing.
   *
   * Rejects with a `RefusalError` while the account is locked, whether it exists or not (429, `sign_in_locked`), for a
   * name that is no string (400, `body_malformed`) and for a cross-site request (403, see `AboutSignIn.crossSite`), and
   * with `UnavailableError` while the store is away. Throws a `TypeError` for a wrong member of `about`, which must never
   * come from the client.
   *
   * @example
   * ```ts
   * import { createSallyport } from '@sallyport/express'
   * import express from 'express'
   *
   * const { guardSignIn, signIn } = await createSallyport()
   * declare function findUser(name: string, password: string): Promise<{ id: string } | undefined>
   *
   * const app = express().use(express.json())
   * app.post('/login', async (req, res) => {
   *   const { name, password } = req.body ?? {}
   *   const user = await guardSignIn(req, res, name, () => findUser(name, password))
   *   if (user === undefined) res.status(401).json({ error: 'invalid_credentials' })
   *   else await signIn(req, res, { subject: user.id })
   * })
   * ```
   */
  guardSignIn<Found>(
    ...args: [...Exchange, name: string, check: () => Found | PromiseLike<Found>, about?: AboutSignIn]
  ): Promise<Exclude<Found, Nobody> | undefined>
  readonly lockout: AdaptedLockout<Exchange>
  readonly sessions: AdaptedSessions<Exchange>
}
