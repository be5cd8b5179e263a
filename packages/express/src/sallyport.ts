import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Auth, createSallyport as createCore, type SallyportOptions } from '@sallyport/core'
import { type Adapted, adapt, type GetAuth, requestsOf, shapes, whenSettled } from '@sallyport/core/adapter'
import { type NextFunction, Router } from 'express'
import { read, send, setHeaders, type WithAuth } from './view.ts'

/** A middleware for routes with any parameters and body. */
export type Middleware = (req: IncomingMessage, res: ServerResponse, next: NextFunction) => unknown
type Exchange = [req: IncomingMessage, res: ServerResponse]
const requests = requestsOf(shapes.express, read, (req: WithAuth) => req.auth)

/** A `Sallyport` for Express 5. Its calls return middleware and routers, and the caller is on `req.auth`. */
export type ExpressSallyport = Adapted<Exchange, void, Middleware, Middleware, Router>

/**
 * Creates a `Sallyport` for Express 5. Rejects in the same cases as `createSallyport` of `@sallyport/core`.
 *
 * @example
 * ```ts
 * import { createSallyport, getAuth } from '@sallyport/express'
 * import express from 'express'
 *
 * const { authMiddleware, logoutRouter, refreshRouter, signIn } = await createSallyport()
 *
 * const app = express()
 * app.use('/auth', refreshRouter(), logoutRouter())
 * app.post('/login', (req, res) => signIn(req, res, { subject: 'user-1' }))
 * app.get('/me', authMiddleware(), (req, res) => {
 *   res.json({ sub: getAuth(req).subject })
 * })
 * ```
 */
export async function createSallyport(options?: SallyportOptions): Promise<ExpressSallyport> {
  return adapt<Exchange, void, Middleware, Middleware, Router, never>(await createCore(options), {
    requests,
    send: (answer, _req, res) => send(res, answer),
    isSent: (_req, res) => res.headersSent,
    setFields: (fields, _req, res) => fields.forEach(([name, value]) => void res.appendHeader(name, value)),
    protect: (verify) => (req: WithAuth, res, next) =>
      requests.ask(verify, req, (decision) => {
        if (decision.kind === 'refuse') return send(res, decision.answer)
        if (decision.kind === 'allow' && decision.headers) setHeaders(res, decision.headers)
        req.auth = decision.auth
        next()
      }),
    guard: (check) => (req, res, next) =>
      requests.ask(check, req, (refusal) => (refusal === undefined ? next() : send(res, refusal))),
    router(routes) {
      const router = Router({ caseSensitive: true, strict: true })
      for (const { path, handle } of routes)
        router.all(path, (req, res) => whenSettled(handle(read(req)), (answer) => send(res, answer)))
      return router
    },
  })
}

/** The caller behind `authMiddleware`. Given a guard of `requireClaim`, types its claim. Throws a `TypeError` if there is none. */
export const getAuth: GetAuth<IncomingMessage> = requests.getAuth
/** The caller, if there is one. Throws a `TypeError` only for something that is not a request. */
export const findAuth: (req: IncomingMessage) => Auth | undefined = requests.findAuth
