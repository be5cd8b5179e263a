import { once } from 'node:events'
import type { Server } from 'node:http'
import Router from '@koa/router'
import { createSallyport, getAuth } from '@sallyport/koa'
import Koa, { type Context, type Middleware } from 'koa'
import koaJwt from 'koa-jwt'
import { AUDIENCE, ISSUER, SCOPE, type Setup } from '../setup.ts'
import { readKey } from '../tokens.ts'
import { createBlacklist } from './blacklist.ts'
import type { Contender } from './catalogue.ts'
import { BARE_SUBJECT, LISTEN, type Serving } from './framework.ts'
import { type BenchClaims, createRecall } from './limit.ts'
import { ourOptions } from './ours.ts'
import { createRotation, type Granted } from './rotation.ts'

interface Guarded {
  readonly before: readonly Middleware[]
  readonly subject: (ctx: Context) => string
}

async function guarded(contender: Contender, setup: Setup): Promise<Guarded> {
  switch (contender.guard) {
    case 'bare':
      return { before: [], subject: () => BARE_SUBJECT }
    case 'limit':
      return limit(setup)
    case 'ours': {
      const { authMiddleware } = await createSallyport(ourOptions(setup))
      return { before: [authMiddleware()], subject: (ctx) => getAuth(ctx).subject }
    }
    case 'koa-jwt':
      return jwt(contender, setup)
    default:
      throw new RangeError(`${contender.guard} is not for Koa`)
  }
}

function limit(setup: Setup): Guarded {
  const recall = createRecall(setup)
  const before: Middleware = (ctx, next) => {
    const claims = recall(ctx.headers.authorization)
    if (claims === undefined) {
      ctx.status = 401
      return
    }
    ctx.state.claims = claims
    return next()
  }
  return { before: [before], subject: (ctx) => (ctx.state.claims as BenchClaims).sub }
}

function jwt({ setting, exists }: Contender, { algorithm, privateJwk, redisUrl }: Setup): Guarded {
  const { publicKey } = readKey(algorithm, privateJwk)
  const key = setting === 'readme' ? publicKey.export({ type: 'spki', format: 'pem' }) : publicKey
  const isRevoked = exists ? createBlacklist(redisUrl) : undefined
  const before = koaJwt({
    // Its types know no KeyObject, which jsonwebtoken behind it takes.
    secret: key as string,
    algorithms: [algorithm],
    issuer: ISSUER,
    audience: AUDIENCE,
    ...(isRevoked && { isRevoked: (_ctx, claims) => isRevoked((claims as BenchClaims).jti) }),
  })
  return { before: [before], subject: (ctx) => (ctx.state.user as BenchClaims).sub }
}

async function listen(app: Koa): Promise<Server> {
  const server = app.listen(LISTEN.port, LISTEN.host)
  await once(server, 'listening')
  return server
}

export const serving: Serving = {
  async verify(contender, setup) {
    const { before, subject } = await guarded(contender, setup)
    const app = new Koa()
    for (const middleware of before) app.use(middleware)
    app.use((ctx) => {
      if (ctx.path === '/api/me' && ctx.method === 'GET') ctx.body = { sub: subject(ctx) }
    })
    return listen(app)
  },

  async refresh(rotator, setup) {
    const app = new Koa()
    if (rotator === 'ours') {
      const { signIn, refreshRouter } = await createSallyport(ourOptions(setup))
      let users = 0
      app.use((ctx, next) =>
        ctx.path === '/auth/login' ? signIn(ctx, { subject: `user-${users++}`, scope: [SCOPE] }) : next(),
      )
      app.use(refreshRouter({ prefix: '/auth' }))
      return listen(app)
    }
    const rotation = createRotation(rotator, setup)
    const send = (ctx: Context, granted: Granted | undefined): void => {
      if (granted === undefined) {
        ctx.status = 401
        return
      }
      ctx.set({ 'Set-Cookie': granted.cookie, 'Cache-Control': 'no-store' })
      ctx.body = granted.body
    }
    const router = new Router({ prefix: '/auth' })
    router.post('/login', async (ctx) => send(ctx, await rotation.signIn()))
    router.post('/refresh', async (ctx) => send(ctx, await rotation.refresh(ctx.headers.cookie)))
    app.use(router.routes())
    return listen(app)
  },
}
