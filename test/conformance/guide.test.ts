import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Sallyport } from '@sallyport/core'
import { afterAll, describe, expect, test } from 'vitest'
import { findRedis } from '../../scripts/redis.mjs'
import { visit } from '../packed/run.ts'
import { storeContext } from '../support/store-context.ts'
import { examplesOfPage } from '../types/examples.ts'
import { type Reply, type Send, send } from './client.ts'
import { cookieOf, expectReply, jsonOf } from './expectations.ts'
import { agents, bearer, form, json, refreshBy, signedIn } from './visitor.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = `${root}.cache/guide`
await rm(folder, { recursive: true, force: true })
await mkdir(folder, { recursive: true })

/** What the examples leave to their readers. */
const links = new Map<string, string>()
const mails: string[] = []
const yours = {
  checkPassword: async (body: { username?: string; name?: string }) => ({ id: body.username ?? body.name }),
  findUser: async (body: { password?: string } | undefined) =>
    body?.password === 'right' ? { id: 'usr_1' } : undefined,
  checkCode: async (_subject: string, code: unknown) => code === '123456',
  rolesOf: async (subject: string) => (subject === 'usr_1' ? ['admin'] : []),
  sendLink: async (body: { email: string }, link: string, hash: string) => {
    links.set(hash, body.email)
    mails.push(link)
  },
  takeLink: async (hash: string) => {
    const id = links.get(hash)
    links.delete(hash)
    return id === undefined ? undefined : { id }
  },
  mayRead: async (_subject: string, file: string) => file === 'report.txt',
  pathOf: () => fileURLToPath(import.meta.url),
  accountPage: async (subject: string) => `the account of ${subject}`,
}

type Module = Readonly<Record<string, unknown>>
const servers: Server[] = []
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

let written = 0
/** Runs an example of a page, changed where it needs a machine of its own. Gives what it exports. */
async function run(page: string, index = 0, change = (code: string) => code): Promise<Module> {
  const example = examplesOfPage(page, readFileSync(`${root}docs/guide/${page}`, 'utf8'))[index]
  if (example === undefined) throw new RangeError(`${page} has no example ${index}`)
  const code = example.lines.map(({ text }) => text).join('\n')
  const inMemory = code
    .replace(/^import \{ redisStore \}.*$/m, '')
    .replace(/redisStore\(\{ url: process\.env\.REDIS_URL \}\)/, 'undefined')
  const file = `${folder}/${++written}-${page.replace('.md', '')}.ts`
  await writeFile(file, change(inMemory))
  Object.assign(globalThis, yours)
  return import(file)
}

const onAnyPort = (code: string): string =>
  code
    .replace(/^(\w+)\.listen\(3000\)$/m, 'export const listening = $1.listen(0)')
    .replace(
      /^await app\.listen\(\{ port: 3000 \}\)$/m,
      'await app.listen({ port: 0 })\nexport const listening = app.server',
    )
/** For an example that leaves the listening to the reader. */
const andListens = (app: string) => (code: string) => `${code}\nexport const listening = ${app}.listen(0)`

function urlOf({ listening }: Module): string {
  const server = listening as Server
  servers.push(server)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const post = (url: string, path: string, rest: Omit<Send, 'path' | 'method'> = {}): Promise<Reply> =>
  send(url, { method: 'POST', path, ...rest })

describe('the first example of', () => {
  test.each(['express.md', 'koa.md', 'fastify.md'])('%s signs in, refreshes and logs out', async (page) => {
    await visit(urlOf(await run(page, 0, onAnyPort)))
  })
})

describe('sign-in.md', () => {
  test('answers a wrong password, and signs in with a right one', async () => {
    const url = urlOf(await run('sign-in.md', 0, andListens('app')))
    expect(await post(url, '/auth/login', json({ email: 'a@b.example', password: 'wrong' }))).toMatchObject({
      status: 401,
    })
    expect(await post(url, '/auth/login', json({ email: 'a@b.example', password: 'right' }))).toMatchObject({
      status: 200,
    })
  })

  test('keeps those signed in who want it, and forgets the others with the browser', async () => {
    const url = urlOf(await run('sign-in.md', 1, andListens('app')))
    const kept = await post(url, '/auth/sign-in', form({ password: 'right', keep: 'on' }))
    expect(kept.headers['set-cookie']).toEqual([expect.stringContaining('Max-Age=604800')])
    const forgotten = await post(url, '/auth/sign-in', form({ password: 'right' }))
    expect(forgotten.headers['set-cookie']).toEqual([expect.not.stringContaining('Max-Age')])
  })

  test('signs in by a form and leaves, with redirects', async () => {
    const url = urlOf(await run('sign-in.md', 2, andListens('app')))
    const failed = await post(url, '/sign-in', form({ password: 'wrong' }))
    expect(failed).toMatchObject({ status: 303, headers: { location: ['/sign-in?failed'] } })
    const reply = await post(url, '/sign-in', form({ password: 'right' }))
    expect(reply).toMatchObject({ status: 303, headers: { location: ['/'] } })
    const left = await post(url, '/leave', { headers: { cookie: `__Host-refresh=${cookieOf(reply)}` } })
    expectReply(left, { status: 303, cookie: 'cleared' })
  })
})

test('the link of magic-links.md signs in once, by its button', async () => {
  const url = urlOf(await run('magic-links.md', 0, andListens('app')))
  expect(await post(url, '/auth/link', json({ email: 'usr_1' }))).toMatchObject({ status: 202 })
  const link = new URL(mails.pop() ?? '')
  const page = await send(url, { path: link.pathname + link.search })
  const [, token = ''] = /name="token" value="([^"]+)"/.exec(page.text) ?? []
  const sameOrigin = { 'sec-fetch-site': 'same-origin', origin: url }
  const { headers, body } = form({ token })
  const press = () => post(url, '/sign-in', { headers: { ...headers, ...sameOrigin }, body })
  const signedIn = await press()
  expectReply(signedIn, { status: 303, cookie: 'set' })
  expectReply(await send(url, refreshBy(cookieOf(signedIn))), { status: 200 })
  expect(await press()).toMatchObject({ status: 400 })
})

/** Adds a sign-in to an example that has none. */
const signsIn = (app: string) => (code: string) =>
  andListens(app)(
    `${code}\n${app}.post('/test-sign-in', (req, res) => sallyport.signIn(req, res, SIGN_IN))`,
  ).replaceAll('SIGN_IN', `{ subject: 'usr_1', scope: ['profile:read'] }`)
const tokenAt = async (url: string): Promise<string> => signedIn(await post(url, '/test-sign-in')).token

test('the routes of caller.md know a user and a guest', async () => {
  const url = urlOf(await run('caller.md', 0, signsIn('app')))
  const headers = bearer(await tokenAt(url))
  expect((await send(url, { path: '/articles' })).text).toContain('Hello, guest')
  expect((await send(url, { path: '/articles', headers })).text).toContain('Hello, usr_1')
  expectReply(await send(url, { path: '/articles', headers: bearer('wrong') }), {
    status: 401,
    error: 'invalid_token',
  })
  expect(await send(url, { path: '/me', headers })).toMatchObject({ status: 200 })
})

describe('guards.md', () => {
  test('lets users see themselves alone', async () => {
    const url = urlOf(await run('guards.md', 0, signsIn('app')))
    const headers = bearer(await tokenAt(url))
    expect(await send(url, { path: '/api/users/usr_1', headers })).toMatchObject({ status: 200 })
    expectReply(await send(url, { path: '/api/users/usr_2', headers }), {
      status: 403,
      error: 'access_denied',
      challenge: 'bare',
    })
  })

  test('asks for a recent token and for a role', async () => {
    const routes = `
app.get('/api/lately', freshTokensOnly, (_req, res) => void res.json({}))
`
    const url = urlOf(await run('guards.md', 1, (code) => signsIn('app')(code + routes)))
    const headers = bearer(await tokenAt(url))
    expect(await send(url, { path: '/api/lately', headers })).toMatchObject({ status: 200 })
    const admin = `
app.get('/api/admin', adminsOnly, (_req, res) => void res.json({}))
`
    const another = urlOf(await run('guards.md', 3, (code) => signsIn('app')(code + admin)))
    const asAdmin = bearer(await tokenAt(another))
    expect(await send(another, { path: '/api/admin', headers: asAdmin })).toMatchObject({ status: 200 })
  })
})

test('the documents of policies.md are for their owners and for editors', async () => {
  const url = urlOf(await run('policies.md', 0, signsIn('app')))
  const headers = bearer(await tokenAt(url))
  const put = (path: string) => send(url, { method: 'PUT', path, headers })
  expect(await put('/api/documents/7')).toMatchObject({ status: 200 })
  expectReply(await put('/api/documents/8'), { status: 403, error: 'access_denied', challenge: 'bare' })
  const other = urlOf(
    await run('policies.md', 0, (code) => signsIn('app')(code.replace("'usr_1'", "'usr_2'"))),
  )
  const stranger = { method: 'PUT', path: '/api/documents/7', headers: bearer(await tokenAt(other)) }
  expectReply(await send(other, stranger), { status: 403, error: 'access_denied', challenge: 'bare' })
})

test('the transfer of step-up.md asks for the code, and takes the new token', async () => {
  const url = urlOf(await run('step-up.md', 0, signsIn('app')))
  const token = await tokenAt(url)
  const order = { headers: bearer(token) }
  const refused = await post(url, '/api/transfer', order)
  expectReply(refused, { status: 401, error: 'insufficient_user_authentication' })
  const codeOf = (code: string) => {
    const { headers, body } = json({ code })
    return post(url, '/api/step-up', { headers: { ...headers, ...bearer(token) }, body })
  }
  expect((await codeOf('000000')).status).toBe(401)
  const { access_token: raised } = JSON.parse((await codeOf('123456')).text) as { access_token: string }
  expect(await post(url, '/api/transfer', { headers: bearer(raised) })).toMatchObject({ status: 200 })
})

describe('refusals.md', () => {
  test('has Express answer in its own form, with the challenge', async () => {
    const url = urlOf(await run('refusals.md', 1, andListens('app')))
    const reply = await send(url, { path: '/api/me' })
    expect(reply).toMatchObject({ status: 401, text: '{"problem":"token_missing"}' })
    expect(reply.headers['www-authenticate']).toEqual(['Bearer'])
  })

  test('has Fastify do the same', async () => {
    const listens = '\nawait server.listen({ port: 0 })\nexport const listening = server.server'
    const url = urlOf(await run('refusals.md', 2, (code) => code + listens))
    const reply = await send(url, { path: '/me' })
    expect(reply).toMatchObject({ status: 401, text: '{"problem":"token_missing"}' })
    expect(reply.headers['www-authenticate']).toEqual(['Bearer'])
  })
})

test('the route of own-routes.md takes a note', async () => {
  const url = urlOf(await run('own-routes.md', 0, signsIn('app')))
  const { headers, body } = json({ note: 'buy milk' })
  const noted = await post(url, '/notes/7', { headers: { ...headers, ...bearer(await tokenAt(url)) }, body })
  expectReply(noted, { status: 201, body: { id: '7', by: 'usr_1', note: 'buy milk' } })
})

test('the page of downloads.md is for whoever is signed in', async () => {
  const url = urlOf(await run('downloads.md', 0, signsIn('app')))
  expect(await send(url, { path: '/account' })).toMatchObject({ status: 303 })
  const { refresh } = signedIn(await post(url, '/test-sign-in'))
  const page = await send(url, { path: '/account', headers: { cookie: `__Host-refresh=${refresh}` } })
  expect(page).toMatchObject({ status: 200, text: 'the account of usr_1' })
})

test('the address of downloads.md opens one file', async () => {
  process.env.LINK_KEY = 'a key of tests alone'
  const url = urlOf(await run('downloads.md', 1, signsIn('app')))
  const headers = bearer(await tokenAt(url))
  expect(await post(url, '/api/files/secret.txt/link', { headers })).toMatchObject({ status: 404 })
  const link = String(jsonOf(await post(url, '/api/files/report.txt/link', { headers })).url)
  expect(await send(url, { path: link })).toMatchObject({ status: 200 })
  const others = [
    link.replace('report', 'another'),
    link.replace(/.$/, ''),
    link.replace(/until=\d+/, 'until=1'),
  ]
  for (const path of others) expect(await send(url, { path })).toMatchObject({ status: 404 })
})

test('the stream of websockets.md ends with its session', async () => {
  const signIn = `
app.post('/test-sign-in', (req, res) => another.signIn(req, res, { subject: 'usr_1' }))
app.use('/auth', another.logoutRouter())
`
  const url = urlOf(
    await run('websockets.md', 1, (code) =>
      andListens('app')(
        code.replace(
          'const { authMiddleware, endOnRevocation } = await createOnExpress()',
          (line) =>
            `const another = await createOnExpress()\n${line.replace('await createOnExpress()', 'another')}`,
        ) + signIn,
      ),
    ),
  )
  const headers = { authorization: `Bearer ${await tokenAt(url)}` }
  const stream = await fetch(`${url}/api/events`, { headers })
  expect(stream.status).toBe(200)
  const ended = stream.text()
  expect(await post(url, '/auth/logout', { headers })).toMatchObject({ status: 204 })
  expect(await ended).toBe('event: end\ndata:\n\n')
})

describe('browser-by-hand.md', () => {
  /** The `fetch` of a page at this address, whose browser keeps cookies. */
  function fetchOf(url: string, sent: string[]): typeof fetch {
    let cookie = ''
    return async (path, init) => {
      sent.push(String(path))
      const headers = new Headers(init?.headers)
      headers.set('cookie', cookie)
      const answer = await fetch(url + String(path), { ...init, headers })
      for (const set of answer.headers.getSetCookie()) cookie = set.split(';', 1)[0] ?? ''
      return answer
    }
  }
  interface Client {
    refresh(): Promise<boolean>
    signIn(credentials: object): Promise<boolean>
    signOut(): Promise<void>
    api(path: string): Promise<Response>
  }

  /** A page of its own at a server. */
  async function open(url: string, sent: string[] = []): Promise<Client> {
    Object.assign(globalThis, { fetchOfPage: fetchOf(url, sent) })
    const client = await run(
      'browser-by-hand.md',
      0,
      (code) => `const fetch = globalThis.fetchOfPage\n${code}`,
    )
    return client as unknown as Client
  }

  test('signs in, calls, and signs out', async () => {
    const page = await open(urlOf(await run('express.md', 0, onAnyPort)))
    expect(await page.refresh()).toBe(false)
    expect(await page.signIn({ username: 'usr_1' })).toBe(true)
    expect(await (await page.api('/api/me')).json()).toEqual({ sub: 'usr_1' })
    await page.signOut()
    expect((await page.api('/api/me')).status).toBe(401)
    expect(await page.refresh()).toBe(false)
  })

  test('refreshes once for requests whose token was revoked, and tries them again', async () => {
    const sent: string[] = []
    const module = await run('express.md', 0, (code) => `${onAnyPort(code)}\nexport { sallyport }`)
    const { keys } = module.sallyport as Sallyport
    const page = await open(urlOf(module), sent)
    await page.signIn({ username: 'usr_1' })
    for (const { kid } of keys.list()) await keys.compromise(kid)
    const answers = await Promise.all(['/api/me', '/api/me', '/api/me'].map((path) => page.api(path)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(sent.filter((path) => path === '/auth/refresh')).toHaveLength(1)
  })
})

test('the service of services.md shares the log-in of another, and its log-out', async () => {
  const { memoryStore } = await import('@sallyport/core')
  const shared = memoryStore()
  const opened = shared.open(storeContext)
  Object.assign(globalThis, { shared: { ...shared, open: () => opened } })
  const secret = randomBytes(32).toString('base64')
  const together = (audience: string) => (code: string) =>
    onAnyPort(code)
      .replace(/store: undefined/, 'store: globalThis.shared')
      .replace('process.env.SALLYPORT_SECRET', `'${secret}'`)
      .replace(/audience: '[^']*'/, `audience: ${audience}`)
  const orders = `'https://orders.example.com'`
  const front = urlOf(await run('express.md', 0, together(`['https://api.example.com', ${orders}]`)))
  const service = urlOf(await run('services.md', 0, together(orders)))
  const user = signedIn(await post(front, '/auth/login', json({ username: 'usr_1' })))
  const asked = { path: '/orders', headers: bearer(user.token) }
  expectReply(await send(service, asked), { status: 200, body: { of: 'usr_1' } })
  expect(await post(front, '/auth/logout', { headers: bearer(user.token) })).toMatchObject({ status: 204 })
  await expect.poll(async () => (await send(service, asked)).status).toBe(401)
})

test('the app of native-apps.md signs in and refreshes', async () => {
  const api = urlOf(await run('express.md', 0, onAnyPort))
  const app = await run('native-apps.md', 0, (code) =>
    `${code}\nexport { signIn, refresh }\nexport const held = () => tokens`.replaceAll(
      'https://api.example.com',
      api,
    ),
  )
  const { signIn, refresh, held } = app as {
    signIn(name: string, password: string): Promise<void>
    refresh(): Promise<boolean>
    held(): { access_token: string; refresh_token: string }
  }
  await signIn('usr_1', 'right')
  const first = held()
  expect(await refresh()).toBe(true)
  expect(held().refresh_token).not.toBe(first.refresh_token)
  const asked = { path: '/api/me', headers: bearer(held().access_token) }
  expectReply(await send(api, asked), { status: 200, body: { sub: 'usr_1' } })
})

test('the page of rendering.md brings its first access token along', async () => {
  const login = "app.post('/login', (req, res) => sallyport.signIn(req, res, { subject: 'usr_1' }))"
  const front = urlOf(await run('rendering.md', 0, (code) => andListens('app')(`${code}\n${login}`)))
  expect((await send(front, { path: '/' })).text).toContain('Hello, guest')
  const refresh = cookieOf(await post(front, '/login', {}))
  const { text } = await send(front, { path: '/', headers: { cookie: `__Host-refresh=${refresh}` } })
  expect(text).toMatch(/Hello, user.+<script type="application\/json" id="sallyport">\{"access_token":"eyJ/)
})

test('the server of rendering.md keeps the session of the browser that it renders for', async () => {
  const api = urlOf(await run('express.md', 0, onAnyPort))
  const front = urlOf(
    await run('rendering.md', 2, (code) => andListens('app')(code).replace('http://api.internal:3000', api)),
  )
  expect((await send(front, { path: '/' })).text).toBe('Hello, guest')
  const browser = { 'user-agent': agents.firefox }
  const { headers, body } = json({ username: 'usr_1' })
  let refresh = cookieOf(await post(api, '/auth/login', { headers: { ...headers, ...browser }, body }))
  for (let page = 0; page < 3; page++) {
    const reply = await send(front, {
      path: '/',
      headers: { ...browser, cookie: `__Host-refresh=${refresh}` },
    })
    expect(reply.text).toBe('Hello: {"sub":"usr_1"}')
    expect(cookieOf(reply)).not.toBe(refresh)
    refresh = cookieOf(reply)
  }
})

// They have tests in them, which run as they stand; the one with a Redis is told where that is.
for (const index of [1, 2, 3]) await run('testing.md', index)
for (const index of [0, 2]) await run('testing-faults.md', index)
const { command, env } = await findRedis()
Object.assign(process.env, env)
await run('testing-faults.md', 1, (code) => {
  const told = code.replace('process.env.REDIS_SERVER_BIN', JSON.stringify(command))
  return `import { redisStore } from '@sallyport/redis'\n${told}`
})
