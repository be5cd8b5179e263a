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
  type Verify,
  type VerifyOptions,
} from '@sallyport/core'
import type {
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
  onRequestAsyncHookHandler,
  onRequestHookHandler,
} from 'fastify'
import fp from 'fastify-plugin'
import { FastifyView, type RequestWithAuth, send } from './view.ts'

/** `Sallyport` in the manner of Fastify 5. */
export interface FastifySallyport extends Sallyport {
  /**
   * A plugin: in the scope that registers it, every request needs a valid access token, whose caller
   * is then on `request.auth`.
   */
  authMiddleware(options?: VerifyOptions): FastifyPluginAsync
  /** An `onRequest` hook, behind `authMiddleware`: lets through only callers whose token has all of the scopes. */
  requireScope(...scopes: string[]): onRequestAsyncHookHandler
  /** `POST /refresh` */
  refreshRouter(): FastifyPluginAsync
  /** `POST /token`, for clients without cookies. */
  tokenRouter(): FastifyPluginAsync
  /** `POST /logout`, `POST /logout-all` */
  logoutRouter(): FastifyPluginAsync
  /** `GET /sessions`, `DELETE /sessions/:id` */
  sessionsRouter(): FastifyPluginAsync
  /** `GET /.well-known/jwks.json`, to be registered without a prefix. */
  wellKnownRouter(): FastifyPluginAsync
  /** Routes of your own, made by `gate.route`. */
  mount(...routes: Route[]): FastifyPluginAsync
  /** Opens a session for a user whom you have authenticated, and answers the request with its tokens. */
  signIn(request: FastifyRequest, reply: FastifyReply, signIn: SignIn): Promise<FastifyReply>
  /** After a change of password: ends the caller's other sessions, gives this one a new cookie, answers 204. */
  endOtherSessions(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>
}

/** See `createSallyport` of `@sallyport/core`; throws as it does. */
export async function createSallyport(options?: SallyportOptions): Promise<FastifySallyport> {
  const core = await createCore(options)
  const { gate } = core

  const settle = (
    decision: Decision,
    request: RequestWithAuth,
    reply: FastifyReply,
    done: () => void,
  ): void => {
    if (decision.kind === 'refuse') {
      send(reply, decision.answer)
      return
    }
    request.auth = decision.auth
    done()
  }
  // With a callback: a hook that gives a promise would cost every request one.
  const authenticate =
    (verify: Verify): onRequestHookHandler =>
    (request, reply, done) => {
      const decision = verify(new FastifyView(request))
      if (decision instanceof Promise)
        void decision.then((late) => settle(late, request as RequestWithAuth, reply, done), done)
      else settle(decision, request as RequestWithAuth, reply, done)
    }
  const behind =
    (guard: Guard): onRequestAsyncHookHandler =>
    async (request, reply) => {
      const refused = gate.guard(guard, (request as RequestWithAuth).auth ?? undefined)
      if (refused !== undefined) return send(reply, refused)
    }

  const mount =
    (...routes: readonly Route[]): FastifyPluginAsync =>
    async (fastify) => {
      for (const { path, handle } of routes)
        fastify.route({
          method: fastify.supportedMethods,
          url: path,
          exposeHeadRoute: false,
          // Answered before Fastify parses a body: the gate reads what it needs itself, by its own limits.
          onRequest: async (request, reply) => send(reply, await handle(new FastifyView(request))),
          handler: unreachable,
        })
    }

  return {
    ...core,
    authMiddleware(options) {
      const verify = gate.verifier(options)
      return fp(async (fastify) => {
        // Gives every request the same shape; several scopes may ask for it.
        if (!fastify.hasRequestDecorator('auth')) fastify.decorateRequest('auth', null)
        fastify.addHook('onRequest', authenticate(verify))
      }, PLUGIN)
    },
    requireScope: (...scopes) => behind(scopeGuard(scopes)),
    refreshRouter: () => mount(...gate.routers.refresh),
    tokenRouter: () => mount(...gate.routers.token),
    logoutRouter: () => mount(...gate.routers.logout),
    sessionsRouter: () => mount(...gate.routers.sessions),
    wellKnownRouter: () => mount(...gate.routers.wellKnown),
    mount,
    signIn: async (request, reply, signIn) =>
      send(reply, await gate.signIn(new FastifyView(request), signIn)),
    endOtherSessions: async (request, reply) =>
      send(reply, await gate.endOtherSessions(new FastifyView(request), getAuth(request))),
  }
}

const PLUGIN = { name: '@sallyport/fastify', fastify: '5.x' }

function unreachable(): never {
  throw new Error('the onRequest hook answers every request of this route')
}

/** The verified caller of a request behind `authMiddleware`; throws a `TypeError` for any other request. */
export function getAuth(request: FastifyRequest): Auth {
  const { auth } = request as RequestWithAuth
  if (!auth) throw new TypeError('getAuth: no authMiddleware let this request through')
  return auth
}
