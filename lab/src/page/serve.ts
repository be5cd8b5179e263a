import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { securityHeaders } from '@sallyport/headers/express'
import express from 'express'
import { attacks } from '../attacks/index.ts'
import type { Listed } from '../play/attack.ts'
import { play } from '../play/play.ts'
import { type Listening, listen } from '../servers/server.ts'

/** Reads the same from the sources and from the build. */
const folder = fileURLToPath(new URL('../../page/', import.meta.url))

/**
 * Serves the page that plays attacks on demand, on loopback only.
 *
 * @param port 0 takes a free one
 */
export async function servePage(port = 0): Promise<Listening> {
  const html = await readFile(`${folder}lab.html`, 'utf8')
  const app = express()
  app.use(securityHeaders({ referrerPolicy: 'no-referrer' }))
  app.use((req, res, next) => {
    // A name that somebody else's DNS makes lead to loopback is none of ours.
    if (/^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(req.headers.host ?? '')) next()
    else res.status(421).end()
  })
  app.get('/', (_req, res) => {
    res
      .type('html')
      .set('Cache-Control', 'no-store')
      .send(html.replace('%nonce%', String(res.locals.cspNonce)))
  })
  app.get('/lab.css', (_req, res) => res.sendFile('lab.css', { root: folder }))
  app.use(express.static(`${folder}dist`, { index: false }))
  app.get('/attacks', (_req, res) => {
    res.json(attacks.map(({ name, title, story }): Listed => ({ name, title, story })))
  })
  app.post('/attacks/:name', async (req, res) => {
    const attack = attacks.find(({ name }) => name === req.params.name)
    if (![undefined, 'same-origin'].includes(req.get('Sec-Fetch-Site'))) res.sendStatus(403)
    else if (attack === undefined) res.sendStatus(404)
    else res.json(await play(attack))
  })
  return listen(app, port)
}
