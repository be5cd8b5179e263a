import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { type ServerProcess, startProgram, startServer } from '../support/processes.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const NAMES = ['shop', 'forum', 'wiki'] as const
type Name = (typeof NAMES)[number]
const SECRET = Buffer.alloc(32, 'single-logout').toString('base64url')
/** Within this time a service refuses a session that has ended, also after it has come back. */
const WITHIN_MS = 2000
/** A busy machine may hold up any one of them. What is too slow in itself is so in every round. */
const ROUNDS = 3
/** How long a round may take at all. */
const SOON = { timeout: 10_000, interval: 20 }
/** How long after the process that sends was killed another one sends. */
const TAKEN_OVER = { timeout: 20_000, interval: 100 }

let redis: RedisServer
let folder: string
let ports: Readonly<Record<Name | 'signOn', number>>
const running = new Set<ServerProcess>()

beforeAll(async () => {
  redis = await startRedis()
  folder = await mkdtemp(join(tmpdir(), 'sallyport-single-logout-'))
  const [signOn, shop, forum, wiki] = await Promise.all([freePort(), freePort(), freePort(), freePort()])
  ports = { signOn, shop, forum, wiki }
  const clients = NAMES.map((name) => ({
    client_id: name,
    backchannel_logout_uri: `http://127.0.0.1:${ports[name]}/auth/backchannel-logout`,
  }))
  await writeFile(join(folder, 'clients.json'), JSON.stringify(clients))
})
afterEach(async () => {
  await Promise.all([...running].map((one) => one.stop()))
  running.clear()
})
afterAll(async () => {
  await redis.stop()
  await rm(folder, { recursive: true, force: true })
})

async function started(server: Promise<ServerProcess>): Promise<ServerProcess> {
  const one = await server
  running.add(one)
  return one
}

/** A process of the sign-on. */
function startSignOn(port = 0): Promise<ServerProcess> {
  const env = { SECRET, REDIS_URL: redis.url, LOGOUT_CLIENTS: join(folder, 'clients.json') }
  return started(startServer('express', { ...env, PORT: `${port}` }))
}

function startService(name: Name): Promise<ServerProcess> {
  const env = { NAME: name, PORT: `${ports[name]}`, SIGN_ON: `http://127.0.0.1:${ports.signOn}` }
  return started(startProgram('examples/single-logout/dist/service.js', env))
}

async function signIn({ url }: ServerProcess): Promise<string> {
  const answer = await fetch(`${url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'alice', password: 'correct horse battery staple' }),
  })
  return ((await answer.json()) as { access_token: string }).access_token
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
const logOut = async ({ url }: ServerProcess, token: string): Promise<number> =>
  (await fetch(`${url}/auth/logout`, { method: 'POST', ...bearer(token) })).status
const statusAt = async (name: Name, token: string): Promise<number> =>
  (await fetch(`http://127.0.0.1:${ports[name]}/me`, bearer(token))).status
const allAnswer = (names: readonly Name[], token: string, status: number) => async (): Promise<void> =>
  expect(await Promise.all(names.map((name) => statusAt(name, token)))).toEqual(names.map(() => status))

/** How long it takes until all of these refuse a token, in milliseconds. */
async function refusedAfter(names: readonly Name[], token: string): Promise<number> {
  const since = performance.now()
  await vi.waitFor(allAnswer(names, token, 401), SOON)
  return performance.now() - since
}

function judge(what: string, took: readonly number[]): void {
  console.log(`${what}: ${took.map((ms) => `${ms.toFixed(0)} ms`).join(', ')}`)
  expect(Math.min(...took)).toBeLessThan(WITHIN_MS)
}

test('one logout signs out of three services, whoever sends, also of one that was down', async () => {
  const first = await startSignOn(ports.signOn)
  const second = await startSignOn()
  for (const name of ['shop', 'forum'] as const) await startService(name)
  let wiki = await startService('wiki')
  async function signedIn(): Promise<string> {
    const token = await signIn(first)
    await vi.waitFor(allAnswer(NAMES, token, 200), { timeout: 20_000, interval: 50 })
    return token
  }
  const [third, last] = [await signedIn(), await signedIn()]

  const [up, others, back]: [number[], number[], number[]] = [[], [], []]
  for (let round = 0; round < ROUNDS; round++) {
    const [one, another] = [await signedIn(), await signedIn()]
    expect(await logOut(second, one)).toBe(204)
    up.push(await refusedAfter(NAMES, one))
    await allAnswer(NAMES, another, 200)()

    // One of them is down meanwhile.
    await wiki.stop()
    expect(await logOut(second, another)).toBe(204)
    others.push(await refusedAfter(['shop', 'forum'], another))
    wiki = await startService('wiki')
    back.push(await refusedAfter(['wiki'], another))
    await allAnswer(NAMES, third, 200)()
  }
  judge('all three services refuse after', up)
  judge('two of them, while one is down, after', others)
  judge('the one that was down, after it is back', back)

  // And the process that sends is killed before it comes back.
  await wiki.stop()
  expect(await logOut(second, third)).toBe(204)
  await vi.waitFor(allAnswer(['shop', 'forum'], third, 401), SOON)
  second.kill()
  await startService('wiki')
  await vi.waitFor(allAnswer(['wiki'], third, 401), TAKEN_OVER)
  await allAnswer(NAMES, last, 200)()
}, 300_000)
