import { execFile } from 'node:child_process'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { type Client, createClient, type TokenStorage } from '@sallyport/client'
import { memoryStore, type SallyportEvent } from '@sallyport/core'
import { createSallyport } from '@sallyport/express'
import express from 'express'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

/** The client of an app: no cookies, and the refresh token in a storage of its own. */

const USER_AGENT = 'ExampleApp/3.2 (test)'
type Fate = 'served' | 'answer lost' | 'never sent'

let server: Server
let url: string
let sallyport: Awaited<ReturnType<typeof createSallyport>>
let clients: Client[] = []
const events: SallyportEvent[] = []
/** What becomes of the next refreshes. */
let fates: Fate[] = []

beforeEach(async () => {
  events.length = 0
  fates = []
  sallyport = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    store: memoryStore(),
    access: { ttlSeconds: 2 },
    refresh: { graceSeconds: 0 },
  })
  sallyport.on('event', (event) => events.push(event))
  const app = express()
  app.post('/auth/login', (req, res) => sallyport.signIn(req, res, { subject: 'alice' }))
  app.use('/auth', sallyport.router('refresh', 'token', 'logout'))
  app.get('/api/me', sallyport.authMiddleware(), (_req, res) => void res.json({ fine: true }))
  server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  for (const client of clients) client.close()
  clients = []
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await sallyport.close()
})

function disk(): TokenStorage & { text: string | undefined } {
  return {
    text: undefined,
    async load() {
      return this.text
    },
    async save(text) {
      this.text = text
    },
  }
}

/** An app that has just been started. */
function app(storage: TokenStorage): Client {
  const client = createClient({
    ...{ authUrl: `${url}/auth`, storage },
    async fetch(input, init) {
      const request = new Request(input, init)
      request.headers.set('User-Agent', USER_AGENT)
      const fate = request.url.endsWith('/token') ? (fates.shift() ?? 'served') : 'served'
      if (fate === 'never sent') throw new TypeError('no network')
      const answer = await fetch(request)
      if (fate === 'answer lost') throw new TypeError('the connection broke')
      return answer
    },
  })
  clients.push(client)
  return client
}

const signIn = (client: Client) =>
  client.signIn(() =>
    fetch(`${url}/auth/login`, {
      method: 'POST',
      headers: { 'X-Token-Transport': 'body', 'User-Agent': USER_AGENT },
    }),
  )
const me = async (client: Client) => (await client.fetch(`${url}/api/me`)).status
const over = () => new Promise((resolve) => setTimeout(resolve, 2100))
const endings = () =>
  events.map(({ event }) => event).filter((name) => name === 'session.ended' || name === 'refresh.reused')

test('an app stays signed in over its restarts', async () => {
  const storage = disk()
  expect((await signIn(app(storage))).status).toBe(200)
  for (let time = 0; time < 3; time++) expect(await me(app(storage))).toBe(200)
  expect(storage.text).toContain('spr_')
  expect(endings()).toEqual([])
})

describe('a lost answer', () => {
  test.each([
    ['once', ['answer lost']],
    ['again and again', ['answer lost', 'never sent', 'answer lost', 'answer lost', 'never sent']],
  ] as [string, Fate[]][])('%s, with a restart after each, costs nothing', async (_name, lost) => {
    const storage = disk()
    await signIn(app(storage))
    fates = [...lost]
    for (const _ of lost) await expect(app(storage).token()).rejects.toThrow('cannot be reached')
    expect(await me(app(storage))).toBe(200)
    expect(endings()).toEqual([])
  })
})

test('an access token that is over is renewed', async () => {
  const client = app(disk())
  await signIn(client)
  await over()
  expect(await me(client)).toBe(200)
})

describe('a sign-out', () => {
  test('ends the session, also right after a restart, and leaves no token behind', async () => {
    const storage = disk()
    await signIn(app(storage))
    await app(storage).signOut()
    expect(endings()).toEqual(['session.ended'])
    expect(storage.text).not.toContain('spr_')
    const next = app(storage)
    expect(await me(next)).toBe(401)
    expect(next.state).toBe('signed_out')
  })

  test('without a network is told, and leaves no token behind', async () => {
    const storage = disk()
    await signIn(app(storage))
    fates = ['never sent']
    await expect(app(storage).signOut()).rejects.toThrow('cannot be reached')
    expect(storage.text).not.toContain('spr_')
  })
})

test('a session that the server ended is over for the app', async () => {
  const storage = disk()
  await signIn(app(storage))
  await sallyport.sessions.revokeAll('alice')
  const client = app(storage)
  expect(await client.token()).toBeUndefined()
  expect(client.state).toBe('signed_out')
  expect(storage.text).not.toContain('spr_')
})

test('an app in which nobody signed in asks the server nothing', async () => {
  const client = app(disk())
  expect(await client.token()).toBeUndefined()
  expect(client.state).toBe('signed_out')
  expect(events).toEqual([])
})

test.each(['', 'not json', '[]', '{"epoch":"x"}', 'null'])(
  'a storage that holds %j counts as empty',
  async (text) => {
    const storage = disk()
    storage.text = text
    const client = app(storage)
    expect(await client.token()).toBeUndefined()
    await signIn(client)
    expect(await me(client)).toBe(200)
  },
)

test('a program whose first step is a request waits for its answer', async () => {
  const client = new URL('../../packages/client/dist/index.js', import.meta.url)
  const program = `
    import { createClient } from ${JSON.stringify(client.href)}
    const saved = { text: undefined }
    const storage = { load: async () => saved.text, save: async (text) => { saved.text = text } }
    const client = createClient({ authUrl: '${url}/auth', storage })
    console.log((await client.fetch('${url}/api/me')).status)`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program])
  expect(stdout).toBe('401\n')
})
