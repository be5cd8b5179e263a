import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import {
  createSallyport,
  type ExpressSallyport,
  getAuth,
  memoryStore,
  type SallyportEvent,
  type SallyportOptions,
} from '@sallyport/express'
import { build } from 'esbuild'
import express from 'express'
import { type Site, startSite } from '../site.ts'
import { type Note, note } from './notes.ts'
import { createStreams, type Streams } from './streams.ts'
import { createWire, type Wire } from './wire.ts'

export const ACR = 'urn:example:two-factors'
const ACCESS_SECONDS = 4
/** After this time, an access token is over. */
export const EXPIRED_MILLISECONDS: number = ACCESS_SECONDS * 1000 + 100

/** All entries in one script, since a page has each module of theirs once. */
const CLIENT = {
  contents: ['index', 'device-signals', 'dpop', 'live', 'page', 'storage']
    .map((name) => `export * from './${name}.ts'`)
    .join('\n'),
  resolveDir: fileURLToPath(new URL('../../../packages/client/src', import.meta.url)),
}
const WORKER = `import { createClient } from '/client.js'
const client = createClient()
self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
self.addEventListener('message', async ({ data, ports: [port] }) => {
  try {
    const answer = await client.fetch(data)
    port.postMessage({ status: answer.status, text: await answer.text() })
  } catch (fault) {
    port.postMessage({ failed: fault.name, status: fault.status, text: fault.message })
  }
})`

/** A server with the library in its strict mode, and the pages that load the client from it. */
export interface Rig {
  readonly url: string
  readonly site: Site
  readonly sallyport: ExpressSallyport
  readonly wire: Wire
  /** Each request below `/api`. */
  readonly notes: readonly Note[]
  readonly events: readonly SallyportEvent[]
  readonly streams: Streams
  /** What pages have in their block of data from now on. */
  handOver(text: string | undefined): void
  /** Where `/away` leads from now on. */
  redirectTo(url: string): void
  /** What would end an honest session. */
  faults(): readonly string[]
  close(): Promise<void>
}

/** @param more options of the library, besides those that make it strict */
export async function startRig(accessSeconds = ACCESS_SECONDS, more: SallyportOptions = {}): Promise<Rig> {
  const sallyport = await createSallyport({
    issuer: 'https://auth.example.test',
    audience: 'https://api.example.test',
    production: false,
    store: memoryStore(),
    access: { ttlSeconds: accessSeconds },
    refresh: { graceSeconds: 0 },
    limits: { refreshes: { count: 0 } },
    ...more,
  })
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => events.push(event))
  const wire = createWire()
  const streams = createStreams(sallyport)
  const notes: Note[] = []
  const [bundle, page] = await Promise.all([
    build({ stdin: CLIENT, bundle: true, format: 'esm', target: 'es2023', write: false }),
    readFile(new URL('page.html', import.meta.url), 'utf8'),
  ])
  const script = bundle.outputFiles[0]?.text
  if (script === undefined) throw new Error('esbuild made no file')

  let away = '/'
  let data = ''
  const app = express()
  // A browser repeats by itself what breaks on a connection that it has used before.
  app.use((_req, res, next) => {
    res.set('Connection', 'close')
    next()
  })
  app.get(['/', '/elsewhere'], (_req, res) => {
    res.type('html').send(page.replace('</head>', `${data}</head>`))
  })
  app.get('/away', (_req, res) => {
    res.redirect(away)
  })
  app.get('/client.js', (_req, res) => {
    res.type('js').send(script)
  })
  app.get('/worker.js', (_req, res) => {
    res.type('js').send(WORKER)
  })
  app.use('/auth/refresh', wire.middleware)
  app.get('/auth/live', sallyport.authMiddleware(), streams.handler)
  app.use('/auth', sallyport.refreshRouter(), sallyport.logoutRouter())
  app.post('/login', express.json(), (req, res) => sallyport.signIn(req, res, { subject: req.body.name }))
  app.use('/api', (req, res, next) => {
    notes.push(note(req, res))
    next()
  })
  app.get('/api/of-its-own', (_req, res) => {
    res.status(401).json({ error: 'the application says no' })
  })
  app.use('/api', sallyport.authMiddleware())
  app.get('/api/me', (req, res) => {
    res.json(getAuth(req).subject)
  })
  app.post('/api/echo', express.text({ type: () => true }), (req, res) => {
    res.json(req.body)
  })
  app.post('/api/transfer', sallyport.requireFresh({ acr: ACR, maxAge: 300 }), express.text(), (req, res) => {
    res.json(req.body)
  })
  app.post('/api/step-up', (req, res) => sallyport.stepUp(req, res, { acr: ACR }))

  const site = await startSite(app)
  return {
    url: site.localhost,
    site,
    sallyport,
    wire,
    streams,
    notes,
    events,
    handOver(text) {
      data = text === undefined ? '' : `<script type="application/json" id="sallyport">${text}</script>`
    },
    redirectTo(url) {
      away = url
    },
    faults: () =>
      events
        .map(({ event }) => event)
        .filter((event) => ['refresh.reused', 'refresh.mismatched', 'session.ended'].includes(event)),
    async close() {
      await site.close()
      await sallyport.close()
    },
  }
}
