import { METHODS } from 'node:http'
import {
  type AppRoutes,
  type Environment,
  type Framework,
  faultAnswer,
  headers,
  refuseUnreadable,
  TRANSFER,
  transfer,
  updateProfile,
} from '@sallyport/example-app'
import { createSallyport, type FastifySallyport, getAuth } from '@sallyport/fastify'
import { jsonAnswer, read, refusal, send } from '@sallyport/fastify/adapter'
import { securityHeaders } from '@sallyport/headers/fastify'
import fastify, { type FastifyInstance } from 'fastify'

export const framework: Framework<FastifySallyport> = {
  createSallyport,
  async createServer(sallyport, routes, environment) {
    const app = await createApp(environment, routes)

    app.register(sallyport.router(...routes.auth), { prefix: '/auth' })
    app.register(sallyport.router(...routes.root))
    app.register(sallyport.router(...routes.operator), { prefix: '/operator' })

    app.register(
      async (api) => {
        await api.register(sallyport.authMiddleware())
        api.get('/me', async (request, reply) => {
          const { subject, scopes, session } = getAuth(request)
          return send(reply, jsonAnswer(200, { sub: subject, scope: scopes.join(' '), sid: session }))
        })
        api.put('/profile', {
          // A hook reads the body within the library's limits, before Fastify parses it.
          onRequest: [
            sallyport.requireScope('profile:write'),
            async (request, reply) => send(reply, await updateProfile(read(request))),
          ],
          handler: async () => undefined,
        })
        api.post('/transfer', {
          onRequest: [
            sallyport.requireFresh(TRANSFER),
            async (request, reply) => send(reply, await transfer(read(request))),
          ],
          handler: async () => undefined,
        })
        api.get('/admin', { onRequest: sallyport.requireScope('admin') }, async (_request, reply) =>
          send(reply, jsonAnswer(200, { admin: true })),
        )
      },
      { prefix: '/api' },
    )
    await app.ready()
    return app.server
  },
}

async function createApp({ trustProxy }: Environment, { front }: AppRoutes): Promise<FastifyInstance> {
  const app = fastify({
    ...(trustProxy === undefined ? {} : { trustProxy }),
    // The timeouts of Node.js, which the other frameworks keep.
    keepAliveTimeout: 5000,
    requestTimeout: 300_000,
    clientErrorHandler: refuseUnreadable,
    // Fastify answers a path that its router cannot decode before any hook runs, so such a path is rewritten; the hook
    // below then refuses the original one.
    rewriteUrl: ({ method = '', url = '/' }) => (front(method, url) === undefined ? url : '/'),
  })
  // Fastify answers methods that it does not know on its own, and at first it knows only the common ones.
  for (const method of METHODS) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)
  app.setNotFoundHandler((_request, reply) => send(reply, refusal('route_unknown')))
  app.setErrorHandler((fault, _request, reply) => send(reply, faultAnswer(fault)))
  await app.register(securityHeaders(headers))
  app.addHook('onRequest', async (request, reply) => {
    const answer = front(request.method, request.originalUrl)
    if (answer !== undefined) return send(reply, answer)
  })
  return app
}
