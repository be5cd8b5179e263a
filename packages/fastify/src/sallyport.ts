import { type Auth, createSallyport as createCore, type SallyportOptions } from '@sallyport/core'
import { type Adapted, adapt, type GetAuth, type Question, requestsOf, shapes } from '@sallyport/core/adapter'
import type { FastifyInstance, FastifyPluginAsync, FastifyPluginCallback } from 'fastify'
import fp from 'fastify-plugin'
import { type AnyReply, type AnyRequest, read, send } from './view.ts'

export type Hook = (request: AnyRequest, reply: AnyReply, done: (error?: Error) => void) => void
/** Both a plugin for all routes of a scope and a hook for a single route: `{ onRequest: authMiddleware() }`. */
export type PluginAndHook = FastifyPluginCallback & Hook
type Exchange = [request: AnyRequest, reply: AnyReply]
const requests = requestsOf(shapes.fastify, read, (request: object) => (request as AnyRequest).auth)

/** A `Sallyport` for Fastify 5. Its calls return plugins and hooks, and the caller is on `request.auth`. */
export type FastifySallyport = Adapted<Exchange, AnyReply, PluginAndHook, Hook, FastifyPluginAsync>

/** See `createSallyport` of `@sallyport/core`. Closing a server that registered one of its plugins closes it, too. */
export async function createSallyport(options?: SallyportOptions): Promise<FastifySallyport> {
  const core = await createCore(options)
  return adapt<Exchange, AnyReply, PluginAndHook, Hook, FastifyPluginAsync, never>(core, {
    requests,
    send: (answer, _request, reply) => send(reply, answer),
    isSent: (_request, { raw }) => raw.headersSent,
    setFields: (fields, _request, reply) => fields.forEach(([name, value]) => void reply.header(name, value)),
    protect(verify) {
      const protect = hook(verify, (decision, request, reply, done) => {
        if (decision.kind === 'refuse') return send(reply, decision.answer)
        if (decision.kind === 'allow' && decision.headers) reply.headers({ ...decision.headers })
        request.auth = decision.auth
        done()
      })
      const both = (one: FastifyInstance | AnyRequest, reply: AnyReply, done: () => void) => {
        if (typeof one !== 'object' || !one || !('addHook' in one)) return protect(one, reply, done)
        // Gives every request the same shape; several scopes may ask for it. The casts: it is hook and plugin in one.
        if (!one.hasRequestDecorator('auth')) one.decorateRequest('auth')
        one.addHook('onRequest', protect).addHook('onClose', core.close)
        done()
      }
      return fp(both as PluginAndHook, { name: '@sallyport/fastify', fastify: '5.x' }) as PluginAndHook
    },
    guard: (check) =>
      hook(check, (refusal, _request, reply, done) =>
        refusal === undefined ? done() : send(reply, refusal),
      ),
    router: (routes) => async (fastify) => {
      fastify.addHook('preClose', async () => core.endConnections()).addHook('onClose', core.close)
      // Answered in `onRequest`, before Fastify parses a body. API documents leave these routes out: their plugin types `hide`.
      const hidden = { exposeHeadRoute: false, schema: { hide: true } as object }
      for (const { path, handle } of routes) {
        const onRequest = hook(handle, (answer, _request, reply) => send(reply, answer))
        fastify.all(path, { ...hidden, onRequest }, async () => undefined)
      }
    },
  })
}

/** The caller behind `authMiddleware`. Given a guard of `requireClaim`, types its claim. Throws a `TypeError` if there is none. */
export const getAuth: GetAuth<object> = requests.getAuth
/** The caller, if there is one. Throws a `TypeError` only for something that is not a request. */
export const findAuth: (request: object) => Auth | undefined = requests.findAuth

/** The hook calls back instead of returning a promise, which would cost every request one. */
function hook<T>(
  question: Question<AnyRequest, T>,
  use: (value: T, request: AnyRequest, reply: AnyReply, done: () => void) => void,
): Hook {
  return (request, reply, done) =>
    void requests.ask(question, request, (value) => use(value, request, reply, done), done)
}
