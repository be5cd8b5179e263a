import type { Clock } from '@sallyport/express'
import express, { type Request, type Response } from 'express'
import { createNaiveTokens, type NaiveClaims } from './naive-tokens.ts'
import { findPerson, type Person, ROBOTS } from './people.ts'
import { listen, type Target } from './server.ts'

interface Refresh {
  readonly person: Person
  /** When it was exchanged. */
  exchangedAt?: number
}

const ACCESS_DAYS = 365
const REFRESH_DAYS = 30
const GRACE_MS = 30_000

/** A server as quick starts write it: each line looks fine, and nearly each is a hole. */
export async function startNaive({ now }: Clock): Promise<Target> {
  const tokens = createNaiveTokens(now)
  /** As it would be in Redis: the token is the key. */
  const refreshTokens = new Map<string, Refresh>()

  function answerTokens(res: Response, person: Person): void {
    const refreshToken = tokens.sign(person, REFRESH_DAYS)
    refreshTokens.set(refreshToken, { person })
    res.setHeader('Set-Cookie', `refresh=${refreshToken}; Path=/`)
    res.json({ access_token: tokens.sign(person, ACCESS_DAYS), refresh_token: refreshToken })
  }

  const app = express()
  app.use(express.json())
  app.use((req, res, next) => {
    // So that the front end works from wherever it is.
    if (req.headers.origin !== undefined) {
      res.setHeader('Access-Control-Allow-Origin', req.headers.origin)
      res.setHeader('Access-Control-Allow-Credentials', 'true')
    }
    next()
  })
  app.get('/robots.txt', (_req, res) => void res.type('text').send(ROBOTS))
  app.get('/.well-known/jwks.json', (_req, res) => void res.json({ keys: tokens.publicKeys() }))
  app.post('/auth/login', (req, res) => {
    const person = findPerson(req.body)
    if (person === undefined) res.status(401).json({ error: 'wrong user name or password' })
    else answerTokens(res, person)
  })
  app.post('/auth/refresh', (req, res) => {
    const token = req.body?.refresh_token ?? /refresh=([^;]+)/.exec(req.headers.cookie ?? '')?.[1]
    const refresh = refreshTokens.get(token)
    // Two tabs may refresh at once, so the old token stays good for a while.
    if (refresh === undefined || now() - (refresh.exchangedAt ?? now()) > GRACE_MS) {
      res.status(401).json({ error: 'unknown refresh token' })
      return
    }
    refresh.exchangedAt ??= now()
    answerTokens(res, refresh.person)
  })
  app.post('/auth/logout', (_req, res) => {
    res.clearCookie('refresh')
    res.sendStatus(204)
  })
  /** What can be done about a leaked key: another one signs, and the old one verifies, or everybody is signed out. */
  app.post('/ops/key-leaked', (_req, res) => {
    tokens.addKey()
    res.sendStatus(204)
  })

  const authenticated =
    (handle: (res: Response, claims: NaiveClaims) => void) => (req: Request, res: Response) => {
      const token = req.headers.authorization?.slice('Bearer '.length) ?? String(req.query.access_token)
      const claims = tokens.verify(token)
      if (claims === undefined) res.status(401).json({ error: 'invalid token' })
      else handle(res, claims)
    }
  app.get(
    '/api/me',
    authenticated((res, { sub }) => void res.json({ sub })),
  )
  app.get(
    '/api/admin',
    authenticated((res, { sub, role }) => {
      if (role === 'admin') res.json({ sub, secrets: 'all of them' })
      else res.status(403).json({ error: 'admins only' })
    }),
  )

  const { url, close } = await listen(app)
  return {
    url,
    mint: ({ subject, audience }) => tokens.sign({ name: subject, role: 'admin' }, 1, audience),
    async close() {
      await close()
      tokens.close()
    },
  }
}
