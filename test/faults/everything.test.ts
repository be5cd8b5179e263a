import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { type DeviceBinding, type SessionStore, sessionIdFrom, tagOf } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ServerProcess, startProgram } from '../support/processes.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { storeContext } from '../support/store-context.ts'
import { accessOf, type Client, cookieOf, createClient } from './client.ts'
import { repeat } from './recorder.ts'
import { rounds, TEST_TIMEOUT_MS } from './rounds.ts'
import { REFUSED_WITHIN_MS, until, upTo } from './system.ts'

const SHARDS = 16
const NODES = 3
const USERS = 24
const DAY = 86_400_000
const NO_DEVICE: DeviceBinding = { cells: new Uint8Array(), version: 0 }
const secret = randomBytes(32).toString('base64url')

interface Node extends Client {
  readonly process: ServerProcess
}
interface Session {
  access: string
  cookie: string
}

let redis: RedisServer
let nodes: Node[]

beforeEach(async () => {
  redis = await startRedis()
  const environment = { SECRET: secret, REDIS_URL: redis.url }
  nodes = await Promise.all(
    upTo(NODES).map(async () => {
      const process = await startProgram('test/faults/follower-node.mjs', environment)
      return { ...createClient(process.url), process }
    }),
  )
})
afterEach(async () => {
  const codes = await Promise.all(nodes.map((node) => node.process.stop()))
  await redis.stop()
  expect(codes).toEqual(nodes.map(() => 0))
})

const nodeAt = (index: number): Node => nodes[index % NODES] as Node

async function signIn(node: Node, name: string): Promise<Session> {
  const reply = await node.call('POST', `/auth/login?sub=${name}`)
  return { access: accessOf(reply), cookie: cookieOf(reply) }
}

/** Fills Redis with the sessions of very many others. */
async function others(count: number): Promise<void> {
  const store = await redisStore({ url: redis.url }).open(storeContext)
  for (let from = 0; from < count; from += 500)
    await Promise.all(upTo(500).map((index) => open(store.sessions, `other ${from + index}`)))
  await store.close()
}

async function open(sessions: SessionStore, subject: string): Promise<void> {
  const tag = tagOf(subject)
  const outcome = await sessions.open({
    id: sessionIdFrom(tag, randomBytes(16).toString('base64url')),
    tag,
    grant: {
      ...{ subject, client: 'app', scope: '', transport: 'cookie', device: 'Firefox on Linux' },
      authenticatedAt: Math.floor(Date.now() / 1000),
    },
    binding: NO_DEVICE,
    at: Date.now(),
    lifetimes: { idleMs: 7 * DAY, absoluteMs: 30 * DAY },
    known: { endedUntil: 0, refusedUntil: 0 },
    sessionLimit: 100,
    keyed: false,
  })
  expect(outcome.kind).toBe('opened')
}

/** Until nobody's old token is taken any more, at any node. */
async function refusedAfter(sessions: readonly Session[]): Promise<number> {
  const began = performance.now()
  for (const { access } of sessions)
    for (const node of nodes)
      expect(
        await until(
          async () => (await node.me(access)).status,
          (status) => status === 401,
          REFUSED_WITHIN_MS,
        ),
      ).toBe(401)
  return performance.now() - began
}

for (const { what, emptied } of [
  { what: 'signs out everybody', emptied: false },
  { what: 'signs out everybody, although Redis is emptied in the same second', emptied: true },
])
  test(
    `revokeAll on one of three nodes under load ${what}`,
    async () => {
      await others(rounds.otherUsers)
      const before = await Promise.all(upTo(USERS).map((index) => signIn(nodeAt(index), `user-${index}`)))
      const statuses = new Set<number>()
      const load = repeat(2, 5, async (index) => {
        const session = before[index % USERS] as Session
        statuses.add((await nodeAt(index).me(session.access)).status)
        if (index % 4 !== 0) return
        const reply = await nodeAt(index + 1).refresh(session.cookie)
        statuses.add(reply.status)
        if (reply.status === 200) Object.assign(session, { access: accessOf(reply), cookie: cookieOf(reply) })
      })

      const monitor = watch(redis.port)
      expect((await nodes[0]?.call('POST', '/test/revoke-all'))?.status).toBe(200)
      const at = performance.now()
      if (emptied) await redis.restartEmpty()
      const fresh = emptied
        ? []
        : await Promise.all(upTo(USERS).map((index) => signIn(nodeAt(index), `user-${index}`)))
      await load.stop()
      await refusedAfter(before)
      const took = performance.now() - at
      const commands = monitor.stop().filter((line) => /lua\] "ZADD" .* "a:/.test(line)).length

      for (const { cookie } of before) {
        const reply = await until(
          () => nodeAt(1).refresh(cookie),
          ({ status }) => status !== 503,
          5000,
        )
        expect(reply.status).toBe(401)
      }
      for (const [index, { access, cookie }] of fresh.entries()) {
        for (const node of nodes) expect((await node.me(access)).status).toBe(200)
        expect((await nodeAt(index).refresh(cookie)).status).toBe(200)
      }
      if (!emptied) expect(commands).toBe(SHARDS)
      expect([...statuses].filter((status) => ![200, 401, 503].includes(status))).toEqual([])
      const late = await signInSoon('latecomer')
      for (const node of nodes) expect((await node.me(late.access)).status).toBe(200)
      console.log(
        `${rounds.otherUsers} other users: revoked by ${commands} commands, refused everywhere after ${took.toFixed(0)} ms`,
      )
    },
    TEST_TIMEOUT_MS,
  )

/** Every command that the server carries out from now on. A client takes them for answers, so this is a bare socket. */
function watch(port: number): { stop(): string[] } {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1')
  })
  socket.on('error', () => {})
  socket.write('MONITOR\r\n')
  return {
    stop() {
      socket.destroy()
      return text.split('\n')
    },
  }
}

/** Once Redis is back. */
async function signInSoon(name: string): Promise<Session> {
  const reply = await until(
    () => nodeAt(2).call('POST', `/auth/login?sub=${name}`),
    ({ status }) => status === 200,
    5000,
  )
  return { access: accessOf(reply), cookie: cookieOf(reply) }
}
