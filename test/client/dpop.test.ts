import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Client, createClient, type TokenStorage } from '@sallyport/client'
import { dpopKey, type KeyStorage } from '@sallyport/client/dpop'
import { memoryStore, type SallyportOptions } from '@sallyport/core'
import { createSallyport } from '@sallyport/express'
import express from 'express'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

/** A native app whose tokens are bound to a key of its own, against a server that asks for that. */

const REQUIRED: SallyportOptions = { dpop: { mode: 'required', nonce: true } }
const PROOF_ERROR = /error="(\w+)"/

interface Seen {
  readonly path: string
  readonly authorization: string | undefined
  readonly proof: string | undefined
}

let server: Server
let url: string
let sallyport: Awaited<ReturnType<typeof createSallyport>>
const clients: Client[] = []
const seen: Seen[] = []
let passwordIsRight = true
let isAnswerLost = false

beforeEach(() => start(REQUIRED))
afterEach(() => stop())

async function start(options: SallyportOptions): Promise<void> {
  passwordIsRight = true
  isAnswerLost = false
  sallyport = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    store: memoryStore(),
    access: { ttlSeconds: 2 },
    refresh: { graceSeconds: 0 },
    ...options,
  })
  const app = express()
  app.use((req, _res, next) => {
    seen.push({ path: req.path, authorization: req.get('Authorization'), proof: req.get('DPoP') })
    next()
  })
  app.post('/auth/login', (req, res) =>
    passwordIsRight ? sallyport.signIn(req, res, { subject: 'alice' }) : res.status(401).json({}),
  )
  app.post('/auth/step-up', sallyport.authMiddleware(), (req, res) =>
    sallyport.stepUp(req, res, { acr: 'urn:example:two-factors' }),
  )
  app.use('/auth', sallyport.router('refresh', 'token', 'logout'))
  app.all(
    '/api/echo',
    sallyport.authMiddleware(),
    express.text(),
    (req, res) => void res.json(req.body ?? null),
  )
  server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function stop(): Promise<void> {
  for (const client of clients.splice(0)) client.close()
  seen.splice(0)
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await sallyport.close()
}

const disk = (): TokenStorage & { text: string | undefined } => ({
  text: undefined,
  async load() {
    return this.text
  },
  async save(text) {
    this.text = text
  },
})
type Keys = Awaited<ReturnType<KeyStorage['load']>>
const keychain = (): KeyStorage & { pairs: Keys } => ({
  pairs: [],
  async load() {
    return this.pairs
  },
  async save(pairs) {
    this.pairs = pairs
  },
})

/** An app that has just been started. */
function app(storage: TokenStorage = disk(), keys?: KeyStorage): Client {
  const client = createClient({
    ...{ authUrl: `${url}/auth`, storage, dpop: dpopKey({ storage: keys }) },
    async fetch(input, init) {
      const answer = await fetch(input, init)
      if (isAnswerLost) throw new TypeError('the connection broke')
      return answer
    },
  })
  clients.push(client)
  return client
}
const signIn = (client: Client) =>
  client.signIn((_token, fetch) =>
    fetch(`${url}/auth/login`, { method: 'POST', headers: { 'X-Token-Transport': 'body' } }),
  )
const echo = (client: Client, init?: RequestInit) => client.fetch(`${url}/api/echo?of=this#part`, init)
const over = () => new Promise((resolve) => setTimeout(resolve, 2100))
const sent = (path: string) => seen.filter((one) => one.path === path)
const claimsOf = ({ proof = '' }: Seen) =>
  JSON.parse(Buffer.from(proof.split('.')[1] ?? '', 'base64url').toString())

describe('with a server that asks for proofs and nonces, an app', () => {
  test('signs in, sends requests with their bodies, refreshes and signs out', async () => {
    const client = app()
    expect((await signIn(client)).status).toBe(200)
    const answer = await echo(client, { method: 'POST', body: 'some text' })
    expect([answer.status, await answer.json()]).toEqual([200, 'some text'])
    await over()
    expect((await echo(client)).status).toBe(200)
    await client.signOut()
    expect(await sallyport.sessions.list('alice')).toEqual([])
    expect(seen.every(({ authorization = 'DPoP' }) => authorization.startsWith('DPoP'))).toBe(true)
  })

  test('asks for its first nonce alone, and makes a proof for each request', async () => {
    const client = app()
    await signIn(client)
    for (const _round of [1, 2, 3]) await echo(client)
    expect(seen.map(({ path }) => path)).toEqual([
      '/auth/login',
      '/auth/login',
      ...Array(3).fill('/api/echo'),
    ])
    const proofs = seen.map(claimsOf)
    expect(new Set(proofs.map(({ jti }) => jti)).size).toBe(5)
    expect(proofs[0].nonce).toBeUndefined()
    expect(proofs[2]).toEqual({
      ...{ jti: expect.any(String), htm: 'GET', htu: `${url}/api/echo`, iat: expect.any(Number) },
      ...{ ath: expect.any(String), nonce: proofs[1].nonce },
    })
  })

  test('proves a step-up by the key of its session', async () => {
    const client = app()
    await signIn(client)
    const before = await client.token()
    const answer = await client.signIn((token, fetch) =>
      fetch(`${url}/auth/step-up`, {
        ...{ method: 'POST', headers: { Authorization: `Bearer ${token}`, 'X-Token-Transport': 'body' } },
      }),
    )
    expect(answer.status).toBe(200)
    expect(await client.token()).not.toBe(before)
    expect((await echo(client)).status).toBe(200)
  })

  test('goes on after a restart, if it keeps its key, and has none left when it signs out', async () => {
    const [storage, keys] = [disk(), keychain()]
    await signIn(app(storage, keys))
    expect((await echo(app(storage, keys))).status).toBe(200)
    expect(keys.pairs).toHaveLength(1)
    await app(storage, keys).signOut()
    expect(keys.pairs).toEqual([])
    expect(await sallyport.sessions.list('alice')).toEqual([])
  })

  test('is signed out when its key is gone', async () => {
    const storage = disk()
    await signIn(app(storage))
    const client = app(storage)
    expect(await client.token()).toBeUndefined()
    expect(client.state).toBe('signed_out')
    expect((await signIn(client)).status).toBe(200)
    expect((await echo(client)).status).toBe(200)
  })

  test('is signed out when its key is gone while it runs', async () => {
    const keys = keychain()
    const client = app(disk(), keys)
    await signIn(client)
    keys.pairs = []
    expect((await echo(client)).status).toBe(401)
    expect(client.state).toBe('signed_out')
  })
})

describe('each sign-in', () => {
  const thumb = async ({ pairs }: { readonly pairs: Keys }) =>
    Promise.all(pairs.map(async ({ publicKey }) => (await crypto.subtle.exportKey('jwk', publicKey)).x))

  test('has a key of its own, and one that fails leaves the one before', async () => {
    const keys = keychain()
    const client = app(disk(), keys)
    await signIn(client)
    const first = await thumb(keys)
    passwordIsRight = false
    expect((await signIn(client)).status).toBe(401)
    expect(await thumb(keys)).toEqual(first)
    await over()
    expect((await echo(client)).status).toBe(200)
    passwordIsRight = true
    await signIn(client)
    const second = await thumb(keys)
    expect(second).toHaveLength(1)
    expect(second).not.toEqual(first)
    expect((await echo(client)).status).toBe(200)
  })

  test('whose answer is lost leaves the session that there was', async () => {
    const keys = keychain()
    const client = app(disk(), keys)
    await signIn(client)
    const [first] = await thumb(keys)
    isAnswerLost = true
    await expect(signIn(client)).rejects.toThrow('the connection broke')
    isAnswerLost = false
    expect(keys.pairs).toHaveLength(2)
    await over()
    expect((await echo(client)).status).toBe(200)
    expect(await thumb(keys)).toEqual([first])
  })

  test('whose answer is lost leaves the session that it began, if its cookie has come', async () => {
    const [keys, others] = [keychain(), keychain()]
    const client = app(disk(), keys)
    await signIn(client)
    await signIn(app(disk(), others))
    const [first] = await thumb(keys)
    await keys.save([...others.pairs, ...keys.pairs])
    await over()
    expect((await echo(client)).status).toBe(200)
    expect(await thumb(keys)).toEqual([first])
  })
})

test('what is stolen is worth nothing elsewhere', async () => {
  const storage = disk()
  const client = app(storage)
  await signIn(client)
  const token = await client.token()
  const [proof] = sent('/auth/login').map((one) => one.proof ?? '')
  const asBearer = await fetch(`${url}/api/echo`, { headers: { Authorization: `Bearer ${token}` } })
  expect([asBearer.status, PROOF_ERROR.exec(asBearer.headers.get('WWW-Authenticate') ?? '')?.[1]]).toEqual([
    ...[401, 'invalid_token'],
  ])
  const headers = { Authorization: `DPoP ${token}`, DPoP: proof ?? '' }
  expect((await fetch(`${url}/api/echo`, { headers })).status).toBe(401)
  const thief = app({ load: storage.load.bind({ text: storage.text }), save: async () => {} }, keychain())
  expect(await thief.token()).toBeUndefined()
  await over()
  expect((await echo(client)).status).toBe(200)
})

test('a session that began before tokens were bound goes on as it is', async () => {
  await stop()
  await start({ dpop: 'accepted' })
  const storage = disk()
  const before = createClient({ authUrl: `${url}/auth`, storage })
  clients.push(before)
  await signIn(before)
  const client = app(storage)
  expect((await echo(client)).status).toBe(200)
  expect(seen.at(-1)?.authorization).toMatch(/^Bearer /)
  await signIn(client)
  expect((await echo(client)).status).toBe(200)
  expect(seen.at(-1)?.authorization).toMatch(/^DPoP /)
})
