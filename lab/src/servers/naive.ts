import type { Clock } from '@sallyport/express'
import express, { type Request, type Response } from 'express'
import { createNaiveTokens, type NaiveClaims } from './naive-tokens.ts'
import { createPeople, type Person, ROBOTS } from './people.ts'
import { listen, type Target } from './server.ts'

interface Refresh {
  person: Person
  /** When it was exchanged. */
  exchangedAt?: number
}

const ACCESS_LIFE = '365d'
const REFRESH_LIFE = '30d'
const GRACE_MS = 30_000

/** A server as quick starts write it: each line looks fine, and nearly each is a hole. */
export async function startNaive({ now }: Clock): Promise<Target> {
  const people = createPeople()
  const tokens = createNaiveTokens(now)
  /** As it would be in Redis: the token is the key. */
  const refreshTokens = new Map<string, Refresh>()

  function answerTokens(res: Response, person: Person): void {
    const refreshToken = tokens.sign(person, REFRESH_LIFE)
    refreshTokens.set(refreshToken, { person })
    // The front end may be on another site.
    res.setHeader('Set-Cookie', `refresh=${refreshToken}; Path=/; Secure; SameSite=None`)
    res.json({ access_token: tokens.sign(person, ACCESS_LIFE), refresh_token: refreshToken })
  }

  const app = express()
  app.use(express.json())
  app.use((req, res, next) => {
    // Wherever that is.
    if (req.headers.origin !== undefined) {
      res.setHeader('Access-Control-Allow-Origin', req.headers.origin)
      res.setHeader('Access-Control-Allow-Credentials', 'true')
    }
    next()
  })
  app.get('/robots.txt', (_req, res) => void res.type('text').send(ROBOTS))
  app.get('/.well-known/jwks.json', (_req, res) => void res.json({ keys: tokens.publicKeys() }))
  app.post('/auth/login', (req, res) => {
    const person = people.signIn(req.body)
    const token = refreshTokenOf(req)
    const known = refreshTokens.get(token)
    if (person === undefined) {
      res.status(401).json({ error: 'wrong user name or password' })
      return
    }
    if (known === undefined) answerTokens(res, person)
    else {
      // The browser has a session, so it keeps that.
      known.person = person
      res.json({ access_token: tokens.sign(person, ACCESS_LIFE), refresh_token: token })
    }
  })
  app.post('/auth/refresh', (req, res) => {
    const refresh = refreshTokens.get(refreshTokenOf(req))
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

  const authenticated =
    (handle: (req: Request, res: Response, claims: NaiveClaims) => void) => (req: Request, res: Response) => {
      const token = req.headers.authorization?.slice('Bearer '.length) ?? String(req.query.access_token)
      const claims = tokens.verify(token)
      if (claims === undefined) res.status(401).json({ error: 'invalid token' })
      else handle(req, res, claims)
    }
  app.get(
    '/api/me',
    authenticated((_req, res, { sub }) => void res.json({ sub })),
  )
  app.get(
    '/api/admin',
    authenticated((_req, res, { sub, role }) => {
      if (role === 'admin') res.json({ sub, secrets: 'all of them' })
      else res.status(403).json({ error: 'admins only' })
    }),
  )
  app.post(
    '/api/password',
    authenticated((req, res, { sub }) => {
      people.change(sub, { password: String(req.body.password) })
      res.sendStatus(204)
    }),
  )

  /** What can be done about a leaked key: another one signs, and the old one verifies, or everybody is signed out. */
  app.post('/ops/key-leaked', (_req, res) => {
    tokens.addKey()
    res.sendStatus(204)
  })
  app.post('/ops/demote', (req, res) => {
    people.change(req.body.username, { role: 'user' })
    res.sendStatus(204)
  })
  /** What is in a backup of the store. */
  app.get('/ops/dump', (_req, res) => {
    res.json([...refreshTokens].map(([token, refresh]) => ({ token, ...refresh })))
  })

  const { url, close } = await listen(app)
  return {
    url,
    mint: ({ subject, audience }) => tokens.signWithLeaked({ name: subject, role: 'admin' }, audience),
    async close() {
      await close()
      tokens.close()
    },
  }
}

/** From the body or from the cookie, whichever the front end prefers. */
function refreshTokenOf(req: Request): string {
  return req.body?.refresh_token ?? /refresh=([^;]+)/.exec(req.headers.cookie ?? '')?.[1] ?? ''
}
