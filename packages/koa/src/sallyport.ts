import Router from '@koa/router'
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
import type { Context, Middleware, Next } from 'koa'
import { KoaView, send } from './view.ts'

/** Where routes are mounted. */
export interface MountOptions {
  /** Path before the routes, as `/auth`. Default: none. */
  readonly prefix?: string | undefined
}

/** `Sallyport` in the manner of Koa 3. */
export interface KoaSallyport extends Sallyport {
  /** Lets a request through only with a valid access token, and puts the caller on `ctx.state.auth`. */
  authMiddleware(options?: VerifyOptions): Middleware
  /** Behind `authMiddleware`: lets through only callers whose token has all of the scopes. */
  requireScope(...scopes: string[]): Middleware
  /** `POST /refresh` */
  refreshRouter(options?: MountOptions): Middleware
  /** `POST /token`, for clients without cookies. */
  tokenRouter(options?: MountOptions): Middleware
  /** `POST /logout`, `POST /logout-all` */
  logoutRouter(options?: MountOptions): Middleware
  /** `GET /sessions`, `DELETE /sessions/:id` */
  sessionsRouter(options?: MountOptions): Middleware
  /** `GET /.well-known/jwks.json`, to be mounted at the root. */
  wellKnownRouter(options?: MountOptions): Middleware
  /** Routes of your own, made by `gate.route`. */
  mount(routes: readonly Route[], options?: MountOptions): Middleware
  /** Opens a session for a user whom you have authenticated, and answers the request with its tokens. */
  signIn(ctx: Context, signIn: SignIn): Promise<void>
  /** After a change of password: ends the caller's other sessions, gives this one a new cookie, answers 204. */
  endOtherSessions(ctx: Context): Promise<void>
}

/** See `createSallyport` of `@sallyport/core`; throws as it does. */
export async function createSallyport(options?: SallyportOptions): Promise<KoaSallyport> {
  const core = await createCore(options)
  const { gate } = core

  const settle = (decision: Decision, ctx: Context, next: Next): Promise<unknown> | undefined => {
    if (decision.kind === 'refuse') {
      send(ctx, decision.answer)
      return undefined
    }
    ctx.state.auth = decision.auth
    return next()
  }
  const behind =
    (guard: Guard): Middleware =>
    (ctx: Context, next: Next) => {
      const refused = gate.guard(guard, ctx.state.auth as Auth | undefined)
      return refused === undefined ? next() : send(ctx, refused)
    }
  const mount = (routes: readonly Route[], { prefix = '' }: MountOptions = {}): Middleware => {
    const router = new Router({ prefix, sensitive: true, strict: true })
    for (const { path, handle } of routes)
      router.all(path, async (ctx) => send(ctx, await handle(new KoaView(ctx))))
    return router.routes() as unknown as Middleware
  }

  return {
    ...core,
    authMiddleware(options) {
      const verify = gate.verifier(options)
      return (ctx: Context, next: Next) => {
        const decision = verify(new KoaView(ctx))
        return decision instanceof Promise
          ? decision.then((late) => settle(late, ctx, next))
          : settle(decision, ctx, next)
      }
    },
    requireScope: (...scopes) => behind(scopeGuard(scopes)),
    refreshRouter: (options) => mount(gate.routers.refresh, options),
    tokenRouter: (options) => mount(gate.routers.token, options),
    logoutRouter: (options) => mount(gate.routers.logout, options),
    sessionsRouter: (options) => mount(gate.routers.sessions, options),
    wellKnownRouter: (options) => mount(gate.routers.wellKnown, options),
    mount,
    signIn: async (ctx, signIn) => send(ctx, await gate.signIn(new KoaView(ctx), signIn)),
    endOtherSessions: async (ctx) => send(ctx, await gate.endOtherSessions(new KoaView(ctx), getAuth(ctx))),
  }
}

/** The verified caller of a request behind `authMiddleware`; throws a `TypeError` for any other request. */
export function getAuth(ctx: Context): Auth {
  const auth = ctx.state.auth as Auth | undefined
  if (auth === undefined) throw new TypeError('getAuth: no authMiddleware let this request through')
  return auth
}
