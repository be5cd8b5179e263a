import { METHODS } from 'node:http'
import helmet from '@fastify/helmet'
import {
  type AppRoutes,
  type Environment,
  type Framework,
  faultAnswer,
  helmetOptions,
  refuseUnreadable,
  updateProfile,
} from '@sallyport/example-app'
import { createSallyport, type FastifySallyport, getAuth } from '@sallyport/fastify'
import { jsonAnswer, read, refusal, send } from '@sallyport/fastify/adapter'
import fastify, { type FastifyInstance } from 'fastify'

export const framework: Framework<FastifySallyport> = {
  createSallyport,
  async createServer(sallyport, routes, environment) {
    const app = await createApp(environment, routes)

    app.register(sallyport.router(...routes.auth), { prefix: '/auth' })
    app.register(sallyport.router(...routes.root))

    app.register(
      async (api) => {
        await api.register(sallyport.authMiddleware())
        api.get('/me', async (request, reply) => {
          const { subject, scopes, session } = getAuth(request)
          return send(reply, jsonAnswer(200, { sub: subject, scope: scopes.join(' '), sid: session }))
        })
        api.put('/profile', {
          // The body is read by this server's own limits, so before Fastify would parse it.
          onRequest: [
            sallyport.requireScope('profile:write'),
            async (request, reply) => send(reply, await updateProfile(read(request))),
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
    // Node's own time-outs, as under the other frameworks.
    keepAliveTimeout: 5000,
    requestTimeout: 300_000,
    clientErrorHandler: refuseUnreadable,
    // Paths that its router can't read would be answered before any hook; front() refuses them behind the hooks.
    rewriteUrl: ({ method = '', url = '/' }) => (front(method, url) === undefined ? url : '/'),
  })
  // Fastify knows only the usual methods until it is told; what it does not know it answers by itself.
  for (const method of METHODS) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)
  app.setNotFoundHandler((_request, reply) => send(reply, refusal('route_unknown')))
  app.setErrorHandler((fault, _request, reply) => send(reply, faultAnswer(fault)))
  await app.register(helmet, { ...helmetOptions, global: true })
  app.addHook('onRequest', async (request, reply) => {
    const answer = front(request.method, request.originalUrl)
    if (answer !== undefined) return send(reply, answer)
  })
  return app
}
