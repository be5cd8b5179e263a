import { type Auth, createSallyport as createCore, type SallyportOptions } from '@sallyport/core'
import { type Adapted, adapt, type RequestView, requireAuth } from '@sallyport/core/adapter'
import type { FastifyInstance, FastifyPluginAsync, FastifyPluginCallback } from 'fastify'
import fp from 'fastify-plugin'
import { type AnyReply, type AnyRequest, read, send, setCookies } from './view.ts'

/** An `onRequest` hook for servers with any logger and schemas. */
export type Hook = (request: AnyRequest, reply: AnyReply, done: (error?: Error) => void) => void
/** Both a plugin for all routes of a scope and a hook for a single route: `{ onRequest: authMiddleware() }`. */
export type PluginAndHook = FastifyPluginCallback & Hook
type Exchange = [request: AnyRequest, reply: AnyReply]

/** A `Sallyport` for Fastify 5. Its calls return plugins and hooks, and the caller is on `request.auth`. */
export type FastifySallyport = Adapted<Exchange, AnyReply, PluginAndHook, Hook, FastifyPluginAsync>

/** See `createSallyport` of `@sallyport/core`. Closing a server that registered one of its plugins closes it, too. */
export async function createSallyport(options?: SallyportOptions): Promise<FastifySallyport> {
  const core = await createCore(options)
  return adapt<Exchange, AnyReply, PluginAndHook, Hook, FastifyPluginAsync, never>(core, {
    exchangeLength: 2,
    read,
    attached: (request) => request.auth,
    send: (answer, _request, reply) => send(reply, answer),
    setCookies: (cookies, _request, reply) => setCookies(reply, cookies),
    protect(verify) {
      const protect = hook(verify, (decision, request, reply, done) => {
        if (decision.kind === 'refuse') return send(reply, decision.answer)
        request.auth = decision.auth
        done()
      })
      const both = (target: FastifyInstance | AnyRequest, reply: AnyReply, done: () => void) => {
        if (!('addHook' in target)) return protect(target, reply, done)
        // All requests get the same shape. Another scope may have decorated them already.
        if (!target.hasRequestDecorator('auth')) target.decorateRequest('auth', null)
        target.addHook('onRequest', protect).addHook('onClose', core.close)
        done()
      }
      return fp(both as PluginAndHook, { name: '@sallyport/fastify', fastify: '5.x' }) as PluginAndHook
    },
    guard: (check) =>
      hook(
        (view, { auth }) => check(auth, view),
        (refusal, _request, reply, done) => (refusal === undefined ? done() : send(reply, refusal)),
      ),
    router: (routes) => async (fastify) => {
      fastify.addHook('onClose', core.close)
      // A hook answers before Fastify parses the body, because the gate reads bodies within its own limits.
      for (const { path, handle } of routes) {
        const onRequest = hook(handle, (answer, _request, reply) => send(reply, answer))
        fastify.all(path, { exposeHeadRoute: false, onRequest }, async () => undefined)
      }
    },
  })
}

/** Returns the verified caller of a request behind `authMiddleware`. Throws a `TypeError` for any other request. */
export function getAuth(request: object): Auth {
  return requireAuth((request as AnyRequest).auth)
}

/** The hook calls back instead of returning a promise, which would cost every request one. */
function hook<T>(
  ask: (view: RequestView, request: AnyRequest) => T | Promise<T>,
  use: (value: T, request: AnyRequest, reply: AnyReply, done: () => void) => void,
): Hook {
  return (request, reply, done) => {
    const value = ask(read(request), request)
    if (value instanceof Promise) void value.then((result) => use(result, request, reply, done)).catch(done)
    else use(value, request, reply, done)
  }
}
