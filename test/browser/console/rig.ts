import { type ConsoleOptions, createConsole } from '@sallyport/console'
import { createSallyport, type ExpressSallyport, getAuth, memoryStore } from '@sallyport/express'
import express, { type Express } from 'express'
import { type Site, startSite } from '../site.ts'

export const PASSWORD = 'correct horse battery staple'
/** What a change of password asks for, if the rig says so. */
const STEP_UP = 'urn:example:step-up'

export interface RigOptions {
  readonly console?: ConsoleOptions
  /** Whether a change of password asks for a step-up. */
  readonly isGuarded?: boolean
  readonly accessSeconds?: number
}

/** An application with the console, whose users are whoever knows the password. */
export interface Rig {
  readonly url: string
  readonly sallyport: ExpressSallyport
  /** The opaque id of a user. */
  subjectOf(name: string): string
  /** Signs a user in on a device that nobody sees. */
  device(name: string, userAgent: string, password?: string): Promise<Response>
  /** Breaks all connections, as a network does. */
  cut(): void
  close(): Promise<void>
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const sallyport = await createSallyport({
    issuer: 'https://auth.example.test',
    audience: 'https://api.example.test',
    secret: Buffer.alloc(32, 'a secret of tests'),
    store: memoryStore(),
    access: { ttlSeconds: options.accessSeconds ?? 600 },
    activity: {},
    anomalies: {},
    lockout: { networkAttempts: 0 },
    production: false,
  })
  const app = createApp(sallyport, options)
  const site: Site = await startSite(app)
  return {
    url: site.localhost,
    sallyport,
    subjectOf,
    device: (username, userAgent, password = PASSWORD) =>
      fetch(`${site.localhost}/auth/login`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'User-Agent': userAgent },
        body: JSON.stringify({ username, password }),
      }),
    cut: site.cut,
    async close() {
      await sallyport.close()
      await site.close()
    },
  }
}

function createApp(sallyport: ExpressSallyport, { console: given, isGuarded = false }: RigOptions): Express {
  const passwords = new Map<string, string>()
  const isRight = (subject: string, password: unknown): true | undefined =>
    (passwords.get(subject) ?? PASSWORD) === password || undefined
  const { account, operator } = createConsole(sallyport, {
    title: 'Example',
    operator: { scope: 'admin' },
    ...given,
  })

  const app = express()
  app.use('/account', sallyport.router(...account))
  app.use('/operator', sallyport.router(...operator))
  app.use('/auth', sallyport.router('refresh', 'logout', 'sessions', 'activity', 'live'))
  app.use(express.json())
  app.post('/auth/login', async (req, res) => {
    const { username, password } = req.body
    const subject = subjectOf(username)
    const found = await sallyport.guardSignIn(req, res, username, () => isRight(subject, password), {
      subject,
    })
    if (found === undefined) return void res.status(401).json({ error: 'invalid_credentials' })
    const scope = username.startsWith('admin') ? ['admin'] : []
    await sallyport.signIn(req, res, { subject, scope, amr: ['pwd'] })
  })

  app.use('/auth', sallyport.authMiddleware())
  const guard = isGuarded ? [sallyport.requireFresh({ acr: STEP_UP, maxAge: 300 })] : []
  app.post('/auth/password', ...guard, async (req, res) => {
    const { subject } = getAuth(req)
    const { current, next } = req.body
    if (!isRight(subject, current)) return void res.status(401).json({ error: 'invalid_credentials' })
    if (next.length < 8)
      return void res.status(400).json({ error_description: 'the password must have 8 characters' })
    passwords.set(subject, next)
    sallyport.emit({ event: 'password.changed', outcome: 'success', sub: subject })
    await sallyport.sessions.revokeOthers(req, res, { reason: 'password_changed' })
    res.sendStatus(204)
  })
  app.post('/auth/step-up', async (req, res) => {
    const { subject } = getAuth(req)
    if (isRight(subject, req.body.password)) await sallyport.stepUp(req, res, { acr: STEP_UP, amr: ['pwd'] })
    else res.status(401).json({ error: 'invalid_credentials' })
  })
  return app
}

function subjectOf(name: string): string {
  return `usr_${Buffer.from(name).toString('base64url')}`
}
