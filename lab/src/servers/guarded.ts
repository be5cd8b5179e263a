import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { type Clock, createSallyport, getAuth, RefusalError, type StoreDriver } from '@sallyport/express'
import express, { type ErrorRequestHandler } from 'express'
import jwt from 'jsonwebtoken'
import { notedStore } from './noted-store.ts'
import { AUDIENCE, createPeople, ISSUER, type Person, ROBOTS } from './people.ts'
import { listen, type Target } from './server.ts'

const scopeOf = ({ role }: Person): string[] => (role === 'admin' ? ['admin'] : [])

/**
 * The same server with Sallyport. Its keys are given, so that the lab can leak one.
 *
 * @param driver by default, the store in memory
 */
export async function startGuarded(clock: Clock, driver?: StoreDriver): Promise<Target> {
  const people = createPeople()
  const noted = notedStore()
  const [leaked, spare] = [createKey('key-1'), createKey('key-2')]
  const sallyport = await createSallyport({
    ...{ issuer: ISSUER, audience: AUDIENCE, secret: randomBytes(32), store: driver ?? noted.driver, clock },
    access: { keys: [leaked.jwk, spare.jwk] },
  })
  const { authMiddleware, guardSignIn, requireScope, sessions, signIn } = sallyport

  const app = express()
  app.use(express.json())
  app.get('/robots.txt', (_req, res) => void res.type('text').send(ROBOTS))
  app.use(sallyport.router('well-known'))
  app.post('/auth/login', async (req, res) => {
    const person = await guardSignIn(req, res, req.body?.username, () => people.signIn(req.body))
    if (person === undefined) {
      res.status(401).json({ error: 'invalid_credentials' })
      return
    }
    await signIn(req, res, { subject: person.name, scope: scopeOf(person) })
  })
  app.use('/auth', sallyport.refreshRouter(), sallyport.logoutRouter())

  app.use('/api', authMiddleware())
  app.get('/api/me', (req, res) => void res.json({ sub: getAuth(req).subject }))
  app.get('/api/admin', requireScope('admin'), (req, res) => {
    res.json({ sub: getAuth(req).subject, secrets: 'all of them' })
  })
  app.post('/api/password', async (req, res) => {
    people.change(getAuth(req).subject, { password: String(req.body.password) })
    await sessions.revokeOthers(req, res, { reason: 'password_changed' })
    res.sendStatus(204)
  })

  app.post('/ops/key-leaked', async (_req, res) => {
    await sallyport.keys.compromise(leaked.kid)
    res.sendStatus(204)
  })
  app.post('/ops/demote', async (req, res) => {
    const name = String(req.body.username)
    people.change(name, { role: 'user' })
    await sessions.update(name, { scope: [] })
    res.sendStatus(204)
  })
  app.get('/ops/dump', (_req, res) => void res.type('json').send(noted.dump()))

  const onRefusal: ErrorRequestHandler = (fault, _req, res, next) => {
    if (fault instanceof RefusalError)
      res.status(fault.status).set(fault.headers).json({ error: fault.error })
    else next(fault)
  }
  app.use(onRefusal)

  const { url, close } = await listen(app)
  return {
    url,
    mint({ subject, audience = AUDIENCE }) {
      const iat = Math.floor(clock.now() / 1000)
      const [jti, sid] = [crypto.randomUUID(), randomBytes(16).toString('base64url')]
      const claims = {
        iss: ISSUER,
        aud: audience,
        sub: subject,
        client_id: 'web',
        scope: 'admin',
        iat,
        jti,
        sid,
      }
      const header = { alg: 'ES256', typ: 'at+jwt', kid: leaked.kid } as const
      return jwt.sign(claims, leaked.privateKey, { algorithm: 'ES256', expiresIn: '15m', header })
    },
    async close() {
      await close()
      await sallyport.close()
    },
  }
}

function createKey(kid: string): { kid: string; privateKey: KeyObject; jwk: object } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { kid, privateKey, jwk: { ...privateKey.export({ format: 'jwk' }), kid, alg: 'ES256' } }
}
