import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { redisClient } from '../support/redis-client.ts'
import { accessOf, cookieOf } from './client.ts'
import { type Node, type System, startSystem } from './system.ts'

/** Long enough that every node has read every shard again. */
const HEARTBEATS_MS = 1000
const SERVED = [200, 204, 401, 503]

let system: System
let nodes: Node[]
let redis: Redis

beforeAll(async () => {
  system = await startSystem({ MAX_STALENESS: '1' })
  nodes = [await system.start('express'), await system.start('fastify')]
  redis = redisClient(system.redis)
})
afterAll(async () => {
  redis.disconnect()
  const { exitCodes, errors } = await system.stop()
  expect(exitCodes).toEqual(exitCodes.map(() => 0))
  // What is damaged is told, once a node and step, and nothing else is.
  expect(
    errors.filter((line) => !/SallyportNotice: (?:Redis holds|no "secret" decrypts)/.test(line)),
  ).toEqual([])
  expect(new Set(errors).size).toBe(errors.length)
})
/** A store that lost everything heals by itself. */
afterEach(async () => {
  await redis.flushall()
  await sleep(HEARTBEATS_MS)
})

/** Writes the same over every field, or another type in the place of every key. */
async function damage(pattern: string, how: string): Promise<void> {
  for (const key of await redis.keys(pattern)) {
    if (how === 'another type') {
      await redis.del(key)
      await redis.set(key, 'damaged')
    } else if ((await redis.type(key)) === 'hash')
      for (const field of await redis.hkeysBuffer(key)) await redis.hset(key, field, how)
    else await redis.zadd(key, '1', how)
  }
}

/** Everything that a client does: each request is answered, and never with a 500. */
async function useAll(node: Node, user: string): Promise<void> {
  const login = await node.login(user)
  expect(login.status).toBeOneOf(SERVED)
  if (login.status !== 200) return
  for (const reply of [
    await node.me(accessOf(login)),
    await node.refresh(cookieOf(login)),
    await node.call('GET', '/auth/sessions', { headers: { authorization: `Bearer ${accessOf(login)}` } }),
    await node.call('POST', '/auth/logout-all', { headers: { authorization: `Bearer ${accessOf(login)}` } }),
  ])
    expect(reply.status).toBeOneOf(SERVED)
}

const damages = ['', 'damaged', '-1', '\0'.repeat(64), '\u00ff'.repeat(64), 'another type']
const places = [
  { name: 'of a user', pattern: '*:u:*' },
  { name: 'of the feeds', pattern: '*:r' },
  { name: 'of the shards', pattern: '*:m' },
  { name: 'of the signing keys', pattern: '*:k' },
]

test.each(places)(
  'no damaged value $name makes a 500 or ends a process, running or new',
  async ({ pattern }) => {
    for (const how of damages) {
      const logins = await Promise.all(nodes.map((node, index) => node.login(`user${index}`)))
      await damage(pattern, how)
      for (const [index, node] of nodes.entries()) {
        const login = logins[index]
        if (login?.status === 200) {
          expect((await node.me(accessOf(login))).status).toBeOneOf(SERVED)
          expect((await node.refresh(cookieOf(login))).status).toBeOneOf(SERVED)
        }
        await useAll(node, `user${index}`)
        if (pattern === '*:u:*') expect((await node.login(`user${1000 + index}`)).status).toBe(200)
      }
      await sleep(HEARTBEATS_MS)
      for (const node of nodes) expect((await node.call('GET', '/healthz')).status).toBe(200)
      await redis.flushall()
    }
    await damage(pattern, 'damaged')
    const fresh = await system.start('koa')
    expect((await fresh.call('GET', '/healthz')).status).toBe(200)
    await useAll(fresh, 'user0')
  },
)
