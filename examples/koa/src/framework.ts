import { createServer } from 'node:http'
import Router from '@koa/router'
import {
  type AppRoutes,
  type Environment,
  type Framework,
  faultAnswer,
  headers,
  TRANSFER,
  type TrustProxy,
  transfer,
  updateProfile,
} from '@sallyport/example-app'
import { securityHeaders } from '@sallyport/headers/koa'
import { createSallyport, getAuth, type KoaSallyport } from '@sallyport/koa'
import { jsonAnswer, read, send } from '@sallyport/koa/adapter'
import Koa from 'koa'
import proxyAddr from 'proxy-addr'

export const framework: Framework<KoaSallyport> = {
  createSallyport,
  async createServer(sallyport, routes, environment) {
    const app = createApp(environment, routes)

    app.use(sallyport.router(...routes.auth, { prefix: '/auth' }))
    app.use(sallyport.router(...routes.root))
    app.use(sallyport.router(...routes.operator, { prefix: '/operator' }))

    const api = new Router({ prefix: '/api', sensitive: true, strict: true })
    api.use(sallyport.authMiddleware())
    api.get('/me', (ctx) => {
      const { subject, scopes, session } = getAuth(ctx)
      send(ctx, jsonAnswer(200, { sub: subject, scope: scopes.join(' '), sid: session }))
    })
    api.put('/profile', sallyport.requireScope('profile:write'), async (ctx) =>
      send(ctx, await updateProfile(read(ctx))),
    )
    api.post('/transfer', sallyport.requireFresh(TRANSFER), async (ctx) =>
      send(ctx, await transfer(read(ctx))),
    )
    api.get('/admin', sallyport.requireScope('admin'), (ctx) => {
      send(ctx, jsonAnswer(200, { admin: true }))
    })
    app.use(api.routes())
    return createServer(app.callback())
  },
}

function createApp({ trustProxy }: Environment, { front }: AppRoutes): Koa {
  const app = new Koa()
  if (trustProxy !== undefined) trust(app, trustProxy)
  app.use(securityHeaders(headers))
  app.use(async (ctx, next) => {
    const answer = front(ctx.method, ctx.originalUrl)
    if (answer !== undefined) return send(ctx, answer)
    try {
      await next()
    } catch (fault) {
      send(ctx, faultAnswer(fault))
    }
  })
  return app
}

/** Makes Koa trust some proxies. On its own, it trusts all of them or none. */
function trust(app: Koa, trusted: TrustProxy): void {
  Object.defineProperties(app.request, {
    ip: {
      get(this: Koa.Request) {
        return proxyAddr(this.req, trusted)
      },
    },
    protocol: {
      get(this: Koa.Request) {
        return protocolOf(this, trusted)
      },
    },
  })
}

/** The protocol that the nearest proxy reports if it is trusted, as in the other frameworks. */
function protocolOf({ req, socket }: Koa.Request, trusted: TrustProxy): string {
  const direct = 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http'
  const forwarded = req.headers['x-forwarded-proto']
  if (typeof forwarded !== 'string' || !trusted(socket.remoteAddress ?? '', 0)) return direct
  return forwarded.split(',', 1)[0]?.trim() ?? direct
}
