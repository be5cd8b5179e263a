import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { type Clock, createSallyport, getAuth, memoryStore, RefusalError } from '@sallyport/express'
import express, { type ErrorRequestHandler } from 'express'
import jwt from 'jsonwebtoken'
import { AUDIENCE, findPerson, ISSUER, ROBOTS } from './people.ts'
import { listen, type Target } from './server.ts'

/** The same server with Sallyport. Its keys are given, so that the lab can leak one. */
export async function startGuarded(clock: Clock): Promise<Target> {
  const [leaked, spare] = [createKey('key-1'), createKey('key-2')]
  const sallyport = await createSallyport({
    ...{ issuer: ISSUER, audience: AUDIENCE, secret: randomBytes(32), store: memoryStore(), clock },
    access: { keys: [leaked.jwk, spare.jwk] },
  })
  const { authMiddleware, guardSignIn, requireScope, signIn } = sallyport

  const app = express()
  app.get('/robots.txt', (_req, res) => void res.type('text').send(ROBOTS))
  app.use(sallyport.router('well-known'))
  app.post('/auth/login', express.json(), async (req, res) => {
    const person = await guardSignIn(req, res, req.body?.username, () => findPerson(req.body))
    if (person === undefined) {
      res.status(401).json({ error: 'invalid_credentials' })
      return
    }
    await signIn(req, res, { subject: person.name, scope: person.role === 'admin' ? ['admin'] : [] })
  })
  app.use('/auth', sallyport.refreshRouter(), sallyport.logoutRouter())
  app.post('/ops/key-leaked', async (_req, res) => {
    await sallyport.keys.compromise(leaked.kid)
    res.sendStatus(204)
  })
  app.use('/api', authMiddleware())
  app.get('/api/me', (req, res) => void res.json({ sub: getAuth(req).subject }))
  app.get('/api/admin', requireScope('admin'), (req, res) => {
    res.json({ sub: getAuth(req).subject, secrets: 'all of them' })
  })

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
