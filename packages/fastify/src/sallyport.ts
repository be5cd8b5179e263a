import { type Auth, createSallyport as createCore, type SallyportOptions } from '@sallyport/core'
import { type Adapted, adapt, type RequestView, requireAuth } from '@sallyport/core/adapter'
import type { FastifyInstance, FastifyPluginAsync, FastifyPluginCallback } from 'fastify'
import fp from 'fastify-plugin'
import { type AnyReply, type AnyRequest, read, send, setCookies } from './view.ts'

/** An `onRequest` hook, whatever the server's logger and schemas are. */
export type Hook = (request: AnyRequest, reply: AnyReply, done: (error?: Error) => void) => void
/** A plugin for all routes of a scope, and the hook of a single route: `{ onRequest: authMiddleware() }`. */
export type PluginAndHook = FastifyPluginCallback & Hook
type Exchange = [request: AnyRequest, reply: AnyReply]

/** `Sallyport` in the form of Fastify 5: plugins and hooks; the caller is on `request.auth`. */
export type FastifySallyport = Adapted<Exchange, AnyReply, PluginAndHook, Hook, FastifyPluginAsync>

/** See `createSallyport` of `@sallyport/core`; throws as it does. A server that uses it closes it when it closes. */
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
      const both = (one: FastifyInstance | AnyRequest, reply: AnyReply, done: () => void) => {
        if (!('addHook' in one)) return protect(one, reply, done)
        // Gives every request the same shape; several scopes may ask for it.
        if (!one.hasRequestDecorator('auth')) one.decorateRequest('auth', null)
        one.addHook('onRequest', protect).addHook('onClose', core.close)
        done()
      }
      return fp(both as PluginAndHook, { name: '@sallyport/fastify', fastify: '5.x' }) as PluginAndHook
    },
    guard: (check) =>
      hook(
        (view, { auth }) => check(auth, view),
        (refused, _request, reply, done) => (refused === undefined ? done() : send(reply, refused)),
      ),
    router: (routes) => async (fastify) => {
      fastify.addHook('onClose', core.close)
      // Answered before Fastify parses a body: the gate reads what it needs by its own limits.
      for (const { path, handle } of routes) {
        const onRequest = hook(handle, (answer, _request, reply) => send(reply, answer))
        fastify.all(path, { exposeHeadRoute: false, onRequest }, async () => undefined)
      }
    },
  })
}

/** The verified caller of a request behind `authMiddleware`. Throws a `TypeError` for any other request. */
export function getAuth(request: object): Auth {
  return requireAuth((request as AnyRequest).auth)
}

/** A hook calls back: one that returns a promise would cost every request one. */
function hook<T>(
  ask: (view: RequestView, request: AnyRequest) => T | Promise<T>,
  use: (value: T, request: AnyRequest, reply: AnyReply, done: () => void) => void,
): Hook {
  return (request, reply, done) => {
    const value = ask(read(request), request)
    if (value instanceof Promise) void value.then((it) => use(it, request, reply, done)).catch(done)
    else use(value, request, reply, done)
  }
}
