import Router from '@koa/router'
import { type Auth, createSallyport as createCore, type SallyportOptions } from '@sallyport/core'
import { type Adapted, adapt, type GetAuth, requestsOf, shapes, whenSettled } from '@sallyport/core/adapter'
import type { Context, Middleware } from 'koa'
import { quiet, read, send } from './view.ts'

export interface MountOptions {
  /** The path before those of the routes, such as `/auth`. Default: none. */
  readonly prefix?: string | undefined
}
type Exchange = [ctx: Context]
const requests = requestsOf(shapes.koa, read, (ctx: Pick<Context, 'state'>) => ctx.state?.auth)

/** A `Sallyport` for Koa 3. Its calls return middleware, and the caller is on `ctx.state.auth`. */
export type KoaSallyport = Adapted<Exchange, void, Middleware, Middleware, Middleware, MountOptions>

/**
 * Creates a `Sallyport` for Koa 3. Rejects in the same cases as `createSallyport` of `@sallyport/core`.
 *
 * @example
 * ```ts
 * import Router from '@koa/router'
 * import { createSallyport, getAuth } from '@sallyport/koa'
 * import Koa from 'koa'
 *
 * const { authMiddleware, router, signIn } = await createSallyport()
 *
 * const routes = new Router()
 * routes.post('/login', (ctx) => signIn(ctx, { subject: 'user-1' }))
 * routes.get('/me', authMiddleware(), (ctx) => {
 *   ctx.body = { sub: getAuth(ctx).subject }
 * })
 *
 * const app = new Koa().use(router('refresh', 'logout', { prefix: '/auth' })).use(routes.routes())
 * ```
 */
export async function createSallyport(options?: SallyportOptions): Promise<KoaSallyport> {
  return adapt<Exchange, void, Middleware, Middleware, Middleware, MountOptions>(await createCore(options), {
    requests,
    placementNames: ['prefix'],
    send: (answer, ctx) => send(ctx, answer),
    isSent: (ctx) => ctx.headerSent,
    setFields: (fields, ctx) => fields.forEach(([name, value]) => void ctx.append(name, value)),
    protect: (verify) => (ctx: Context, next) =>
      requests.ask(verify, ctx, (decision) => {
        if (decision.kind === 'refuse') return send(ctx, decision.answer)
        if (decision.kind === 'allow' && decision.headers) ctx.set({ ...decision.headers })
        ctx.state.auth = decision.auth
        return next()
      }),
    guard: (check) => (ctx: Context, next) =>
      requests.ask(check, ctx, (refusal) => (refusal === undefined ? next() : send(ctx, refusal))),
    router(routes, { prefix = '' } = {}) {
      const router = new Router({ prefix, sensitive: true, strict: true })
      for (const { path, handle } of routes)
        router.all(path, (ctx) => whenSettled(handle(read(quiet(ctx))), (answer) => send(ctx, answer)))
      // The router types a context of its own, which has more members.
      return router.routes() as unknown as Middleware
    },
  })
}

/** The caller behind `authMiddleware`. Given a guard of `requireClaim`, types its claim. Throws a `TypeError` if there is none. */
export const getAuth: GetAuth<Pick<Context, 'state'>> = requests.getAuth
/** The caller, if there is one. Throws a `TypeError` only for something that is not a context. */
export const findAuth: (ctx: Pick<Context, 'state'>) => Auth | undefined = requests.findAuth
