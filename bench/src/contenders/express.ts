import type { KeyObject } from 'node:crypto'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { createSallyport, getAuth } from '@sallyport/express'
import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express'
import { expressjwt } from 'express-jwt'
import { auth } from 'express-oauth2-jwt-bearer'
import passport from 'passport'
import { ExtractJwt, Strategy } from 'passport-jwt'
import { AUDIENCE, ISSUER, SCOPE, type Setup } from '../setup.ts'
import { readKey } from '../tokens.ts'
import { createBlacklist, type IsRevoked } from './blacklist.ts'
import type { Contender } from './catalogue.ts'
import { BARE_SUBJECT, LISTEN, type Serving } from './framework.ts'
import { type BenchClaims, createRecall } from './limit.ts'
import { ourOptions } from './ours.ts'
import { createRotation, type Granted } from './rotation.ts'

/** Handlers in front of `GET /api/me`, and where they leave the subject. */
interface Guarded {
  readonly before: readonly RequestHandler[]
  readonly subject: (req: Request) => string
}

/** Each library declares a `req.auth` or `req.user` of its own. */
type WithClaims = Omit<Request, 'auth' | 'user'> & { claims?: BenchClaims; auth?: unknown; user?: unknown }

function guarded(contender: Contender, setup: Setup): Guarded | Promise<Guarded> {
  const isRevoked = contender.exists ? createBlacklist(setup.redisUrl) : undefined
  const { publicKey } = readKey(setup.algorithm, setup.privateJwk)
  const key = contender.setting === 'readme' ? pemOf(publicKey) : publicKey
  switch (contender.guard) {
    case 'bare':
      return { before: [], subject: () => BARE_SUBJECT }
    case 'limit':
      return limit(setup)
    case 'ours':
      return ours(setup)
    case 'express-jwt':
      return expressJwt(setup, key, isRevoked)
    case 'passport-jwt':
      return passportJwt(setup, key, isRevoked)
    case 'express-oauth2-jwt-bearer':
      return oauth2JwtBearer(setup, publicKey, isRevoked)
    default:
      throw new RangeError(`${contender.guard} is not for Express`)
  }
}

const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString()

function limit(setup: Setup): Guarded {
  const recall = createRecall(setup)
  const before = (req: WithClaims, res: Response, next: NextFunction): void => {
    const claims = recall(req.headers.authorization)
    if (claims === undefined) {
      res.sendStatus(401)
      return
    }
    req.claims = claims
    next()
  }
  return { before: [before], subject: (req: WithClaims) => req.claims?.sub ?? '' }
}

async function ours(setup: Setup): Promise<Guarded> {
  const { authMiddleware } = await createSallyport(ourOptions(setup))
  return { before: [authMiddleware()], subject: (req) => getAuth(req).subject }
}

function expressJwt({ algorithm }: Setup, key: string | KeyObject, isRevoked?: IsRevoked): Guarded {
  const before = expressjwt({
    secret: key,
    algorithms: [algorithm as 'ES256' | 'RS256'],
    issuer: ISSUER,
    audience: AUDIENCE,
    ...(isRevoked && {
      isRevoked: (_, token) => token === undefined || isRevoked((token.payload as BenchClaims).jti),
    }),
  })
  return { before: [before], subject: (req: WithClaims) => (req.auth as BenchClaims).sub }
}

function passportJwt({ algorithm }: Setup, key: string | KeyObject, isRevoked?: IsRevoked): Guarded {
  const options = {
    // Its types know no KeyObject, which jsonwebtoken behind it takes.
    secretOrKey: key as string,
    jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
    algorithms: [algorithm as 'ES256' | 'RS256'],
    issuer: ISSUER,
    audience: AUDIENCE,
  }
  passport.use(
    new Strategy(options, (claims: BenchClaims, done) => {
      if (isRevoked === undefined) done(null, claims)
      else isRevoked(claims.jti).then((revoked) => done(null, revoked ? false : claims), done)
    }),
  )
  const before: RequestHandler = passport.authenticate('jwt', { session: false })
  return { before: [before], subject: (req: WithClaims) => (req.user as BenchClaims).sub }
}

function oauth2JwtBearer({ algorithm }: Setup, key: KeyObject, isRevoked?: IsRevoked): Guarded {
  const claimsOf = (req: WithClaims): BenchClaims => (req.auth as { payload: BenchClaims }).payload
  const before: RequestHandler[] = [
    auth({ issuer: ISSUER, audience: AUDIENCE, publicKey: pemOf(key), tokenSigningAlg: algorithm }),
  ]
  if (isRevoked !== undefined)
    before.push(async (req, res, next) => {
      if (await isRevoked(claimsOf(req).jti)) res.sendStatus(401)
      else next()
    })
  return { before, subject: (req) => claimsOf(req).sub }
}

/** Without it Express prints each refusal of a peer with its stack. */
function refuse(error: unknown, _req: Request, res: Response, next: NextFunction): void {
  const status = error instanceof Error && 'status' in error ? Number(error.status) : 500
  if (status >= 500) next(error)
  else res.sendStatus(status)
}

async function listen(app: Express): Promise<Server> {
  app.use(refuse)
  const server = app.listen(LISTEN.port, LISTEN.host)
  await once(server, 'listening')
  return server
}

export const serving: Serving = {
  async verify(contender, setup) {
    const { before, subject } = await guarded(contender, setup)
    const app = express()
    if (before.length > 0) app.use('/api', ...before)
    app.get('/api/me', (req, res) => {
      res.json({ sub: subject(req) })
    })
    return listen(app)
  },

  async refresh(rotator, setup) {
    const app = express()
    if (rotator === 'ours') {
      const { signIn, refreshRouter } = await createSallyport(ourOptions(setup))
      let users = 0
      app.post('/auth/login', (req, res) => signIn(req, res, { subject: `user-${users++}`, scope: [SCOPE] }))
      app.use('/auth', refreshRouter())
      return listen(app)
    }
    const rotation = createRotation(rotator, setup)
    const send = (res: Response, granted: Granted | undefined): void => {
      if (granted === undefined) res.sendStatus(401)
      else res.set('Set-Cookie', granted.cookie).set('Cache-Control', 'no-store').json(granted.body)
    }
    app.post('/auth/login', async (_req, res) => send(res, await rotation.signIn()))
    app.post('/auth/refresh', async (req, res) => send(res, await rotation.refresh(req.headers.cookie)))
    return listen(app)
  },
}
