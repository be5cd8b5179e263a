import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HostName, type Hosts, startHosts } from '../support/hosts.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { bearer, type SignedIn, Visitor } from './visitor.ts'

// Three nodes of one system, one on each framework. Their names select no more than that: REDIS_URL is the store.
const nodes: readonly HostName[] = ['express on memory', 'koa on memory', 'fastify on memory']
const me = (token: string) => ({ path: '/api/me', headers: bearer(token) })

let redis: RedisServer
let disturber: Redis
let hosts: Hosts
let visitors: readonly Visitor[]

beforeAll(async () => {
  redis = await startRedis()
  disturber = redisClient(redis)
  const env = { REDIS_URL: redis.url, SECRET: randomBytes(32).toString('base64url'), ALLOW_LIST: 'on' }
  hosts = await startHosts(env, nodes)
  visitors = nodes.map((name, index) => new Visitor(hosts.named(name), 100 + index))
})
afterAll(async () => {
  disturber?.disconnect()
  await hosts?.close()
  await redis?.stop()
})

const visitorAt = (index: number): Visitor => visitors[index % visitors.length] as Visitor
const everywhere = async (status: number, { token }: SignedIn): Promise<void> => {
  const replies = await Promise.all(visitors.map((visitor) => visitor.until(status, me(token))))
  expect(replies.map((reply) => reply.status)).toEqual(replies.map(() => status))
}

describe.each(nodes.map((name, index) => [name.split(' ')[0] ?? '', index] as const))('%s', (_, index) => {
  test('serves whoever signed in at any node, and refuses whose session ended at any other', async () => {
    const session = await visitorAt(index).signIn()
    await everywhere(200, session)
    await visitorAt(index + 1).send({ method: 'POST', path: '/auth/logout', headers: bearer(session.token) })
    await everywhere(401, session)
  })

  test('refuses a session whose record was deleted, and no other', async () => {
    const [gone, kept] = [
      await visitorAt(index).signIn(),
      await visitorAt(index).signIn(`user${200 + index}`),
    ]
    await everywhere(200, gone)
    await everywhere(200, kept)
    const [key] = await disturber.keys(`sp:*:u:${gone.sid.slice(0, 16)}*`)
    expect(key).toBeDefined()
    await disturber.del(key ?? '')
    await everywhere(401, gone)
    await everywhere(200, kept)
  })
})

test('a Redis that lost everything leaves nobody signed in, and lets everybody sign in', async () => {
  const sessions = await Promise.all(visitors.map((visitor) => visitor.signIn()))
  for (const session of sessions) await everywhere(200, session)
  await disturber.flushall()
  for (const session of sessions) await everywhere(401, session)
  for (const visitor of visitors) await everywhere(200, await visitor.signIn())
})

test('while Redis is away, sessions that a node knows go on, and others get 503', async () => {
  const [first, second] = [visitorAt(0), visitorAt(1)]
  const known = await first.signIn()
  await everywhere(200, known)
  const unknown = await second.signIn('user300')
  redis.kill('SIGSTOP')
  const hung = await first.race([me(known.token), me(unknown.token)])
  expect(hung.map(({ status }) => status)).toEqual([200, 503])
  redis.kill('SIGCONT')
  await everywhere(200, unknown)
})
