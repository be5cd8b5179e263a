import type { Server } from 'node:http'
import jwt from '@fastify/jwt'
import { createSallyport, getAuth } from '@sallyport/fastify'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { AUDIENCE, ISSUER, SCOPE, type Setup } from '../setup.ts'
import { readKey } from '../tokens.ts'
import { createBlacklist } from './blacklist.ts'
import type { Contender } from './catalogue.ts'
import { BARE_SUBJECT, LISTEN, type Serving } from './framework.ts'
import { type BenchClaims, createRecall } from './limit.ts'
import { countForged, ourOptions } from './ours.ts'
import { createRotation, type Granted } from './rotation.ts'

type WithClaims = FastifyRequest & { claims?: BenchClaims }
type Subject = (request: FastifyRequest) => string

/** More tokens than any run has. */
const CACHE_ENTRIES = 200_000

async function guard(app: FastifyInstance, contender: Contender, setup: Setup): Promise<Subject> {
  switch (contender.guard) {
    case 'bare':
      return () => BARE_SUBJECT
    case 'limit':
      return limit(app, setup)
    case 'ours': {
      const sallyport = await createSallyport(ourOptions(setup))
      if (setup.limited) countForged(sallyport)
      app.register(sallyport.authMiddleware())
      return (request) => getAuth(request).subject
    }
    case '@fastify/jwt':
      return fastifyJwt(app, contender, setup)
    default:
      throw new RangeError(`${contender.guard} is not for Fastify`)
  }
}

function limit(app: FastifyInstance, setup: Setup): Subject {
  const recall = createRecall(setup)
  app.decorateRequest('claims', null)
  app.addHook('onRequest', (request: WithClaims, reply, done) => {
    const claims = recall(request.headers.authorization)
    if (claims === undefined) {
      reply.code(401).send()
      return
    }
    request.claims = claims
    done()
  })
  return (request: WithClaims) => request.claims?.sub ?? ''
}

function fastifyJwt(app: FastifyInstance, { setting, exists }: Contender, setup: Setup): Subject {
  const { algorithm, privateJwk, redisUrl } = setup
  const { publicKey } = readKey(algorithm, privateJwk)
  const isRevoked = exists ? createBlacklist(redisUrl) : undefined
  app.register(jwt, {
    secret: { public: publicKey.export({ type: 'spki', format: 'pem' }) },
    verify: {
      algorithms: [algorithm],
      allowedIss: ISSUER,
      allowedAud: AUDIENCE,
      ...(setting === 'fastest' && { cache: CACHE_ENTRIES }),
    },
    ...(isRevoked && {
      trusted: async (_request: FastifyRequest, claims: object) =>
        !(await isRevoked((claims as BenchClaims).jti)),
    }),
  })
  app.addHook('onRequest', async (request) => {
    await request.jwtVerify()
  })
  return (request) => (request.user as BenchClaims).sub
}

async function listen(app: FastifyInstance): Promise<Server> {
  await app.listen(LISTEN)
  return app.server
}

export const serving: Serving = {
  async verify(contender, setup) {
    const app = Fastify()
    await app.register(async (api) => {
      const subject = await guard(api, contender, setup)
      api.get('/api/me', async (request) => ({ sub: subject(request) }))
    })
    return listen(app)
  },

  async refresh(rotator, setup) {
    const app = Fastify()
    if (rotator === 'ours') {
      const { signIn, refreshRouter } = await createSallyport(ourOptions(setup))
      let users = 0
      app.post('/auth/login', (request, reply) =>
        signIn(request, reply, { subject: `user-${users++}`, scope: [SCOPE] }),
      )
      app.register(refreshRouter(), { prefix: '/auth' })
      return listen(app)
    }
    const rotation = createRotation(rotator, setup)
    const send = (reply: FastifyReply, granted: Granted | undefined): FastifyReply =>
      granted === undefined
        ? reply.code(401).send()
        : reply.headers({ 'set-cookie': granted.cookie, 'cache-control': 'no-store' }).send(granted.body)
    app.post('/auth/login', async (_request, reply) => send(reply, await rotation.signIn()))
    app.post('/auth/refresh', async (request, reply) =>
      send(reply, await rotation.refresh(request.headers.cookie)),
    )
    return listen(app)
  },
}
