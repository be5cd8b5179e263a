import {
  type Auth,
  createSallyport as createCore,
  type Decision,
  type Guard,
  type Route,
  type Sallyport,
  type SallyportOptions,
  type SignIn,
  scopeGuard,
  type VerifyOptions,
} from '@sallyport/core'
import { type NextFunction, type Request, type RequestHandler, type Response, Router } from 'express'
import { ExpressView, type RequestWithAuth, send } from './view.ts'

/** `Sallyport` in the manner of Express 5. */
export interface ExpressSallyport extends Sallyport {
  /** Lets a request through only with a valid access token, and puts the caller on `req.auth`. */
  authMiddleware(options?: VerifyOptions): RequestHandler
  /** Behind `authMiddleware`: lets through only callers whose token has all of the scopes. */
  requireScope(...scopes: string[]): RequestHandler
  /** `POST /refresh` */
  refreshRouter(): Router
  /** `POST /token`, for clients without cookies. */
  tokenRouter(): Router
  /** `POST /logout`, `POST /logout-all` */
  logoutRouter(): Router
  /** `GET /sessions`, `DELETE /sessions/:id` */
  sessionsRouter(): Router
  /** `GET /.well-known/jwks.json`, to be mounted at the root. */
  wellKnownRouter(): Router
  /** Routes of your own, made by `gate.route`. */
  mount(...routes: Route[]): Router
  /** Opens a session for a user whom you have authenticated, and answers the request with its tokens. */
  signIn(req: Request, res: Response, signIn: SignIn): Promise<void>
  /** After a change of password: ends the caller's other sessions, gives this one a new cookie, answers 204. */
  endOtherSessions(req: Request, res: Response): Promise<void>
}

/** See `createSallyport` of `@sallyport/core`; throws as it does. */
export async function createSallyport(options?: SallyportOptions): Promise<ExpressSallyport> {
  const core = await createCore(options)
  const { gate } = core

  const settle = (decision: Decision, req: RequestWithAuth, res: Response, next: NextFunction): void => {
    if (decision.kind === 'refuse') {
      send(res, decision.answer)
      return
    }
    req.auth = decision.auth
    next()
  }
  const behind =
    (guard: Guard): RequestHandler =>
    (req: RequestWithAuth, res, next) => {
      const refused = gate.guard(guard, req.auth)
      if (refused === undefined) next()
      else send(res, refused)
    }
  const mount = (...routes: readonly Route[]): Router => {
    const router = Router({ caseSensitive: true, strict: true })
    for (const { path, handle } of routes)
      router.all(path, async (req, res) => send(res, await handle(new ExpressView(req))))
    return router
  }

  return {
    ...core,
    authMiddleware(options) {
      const verify = gate.verifier(options)
      return (req, res, next) => {
        const decision = verify(new ExpressView(req))
        if (decision instanceof Promise) return decision.then((late) => settle(late, req, res, next))
        settle(decision, req, res, next)
      }
    },
    requireScope: (...scopes) => behind(scopeGuard(scopes)),
    refreshRouter: () => mount(...gate.routers.refresh),
    tokenRouter: () => mount(...gate.routers.token),
    logoutRouter: () => mount(...gate.routers.logout),
    sessionsRouter: () => mount(...gate.routers.sessions),
    wellKnownRouter: () => mount(...gate.routers.wellKnown),
    mount,
    signIn: async (req, res, signIn) => send(res, await gate.signIn(new ExpressView(req), signIn)),
    endOtherSessions: async (req, res) =>
      send(res, await gate.endOtherSessions(new ExpressView(req), getAuth(req))),
  }
}

/** The verified caller of a request behind `authMiddleware`; throws a `TypeError` for any other request. */
export function getAuth(req: Request): Auth {
  const { auth } = req as RequestWithAuth
  if (auth === undefined) throw new TypeError('getAuth: no authMiddleware let this request through')
  return auth
}
