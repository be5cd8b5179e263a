import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { redisClient } from '../support/redis-client.ts'
import { accessOf, cookieOf, type Reply } from './client.ts'
import {
  eachOf,
  finalStatus,
  type Node,
  RECOVERED_WITHIN_MS,
  REFUSED_WITHIN_MS,
  type System,
  startSystem,
  until,
  upTo,
} from './system.ts'
import { expectUnavailable } from './unavailable.ts'

const SESSIONS = 20
const REFRESHES = 25
const CUT_EVERY_MS = 100

let system: System
let nodes: readonly [Node, Node]
let redis: Redis

beforeAll(async () => {
  system = await startSystem({ REUSE_GRACE: '0' })
  nodes = [await system.start('express'), await system.start('fastify')]
  redis = redisClient(system.redis)
})

afterAll(async () => {
  redis.disconnect()
  const { exitCodes, errors } = await system.stop()
  expect(exitCodes).toEqual([0, 0])
  expect(errors.filter((line) => !/command with OOM|--trace-warnings/.test(line))).toEqual([])
})

/** Logs in, again and again while the store is away. */
const loggedIn = (node: Node, user: string): Promise<Reply> =>
  until(
    () => node.login(user),
    ({ status }) => status === 200,
    RECOVERED_WITHIN_MS,
  )

test('sessions survive connections that are cut in the middle of their refreshes', async () => {
  const logins = await eachOf(upTo(SESSIONS), 4, (index) => loggedIn(nodes[0], `user${index}`))
  let cutting = true
  let served = 0
  // The next cut waits for a refresh that succeeded, however slow the machine is.
  const cuts = (async () => {
    for (let count = 0; ; count++) {
      if (!cutting) return count
      await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      const before = served
      do await sleep(CUT_EVERY_MS)
      while (cutting && served === before)
    }
  })()

  const refused = await eachOf(logins, SESSIONS, async (login) => {
    let cookie = cookieOf(login)
    let count = 0
    for (const index of upTo(REFRESHES)) {
      const node = nodes[index % 2 === 0 ? 0 : 1]
      const reply = await until(
        async () => {
          const one = await node.refresh(cookie)
          if (one.status === 200) {
            served++
            return one
          }
          expectUnavailable(one)
          count++
          return one
        },
        ({ status }) => status === 200,
        RECOVERED_WITHIN_MS,
      )
      cookie = cookieOf(reply)
    }
    expect((await nodes[0].refresh(cookie)).status).toBeOneOf([200, 503])
    return count
  })
  cutting = false
  const retried = refused.reduce((sum, one) => sum + one, 0)
  console.log(
    `connections cut ${await cuts} times: ${SESSIONS * REFRESHES} refreshes, ${retried} of them repeated after a 503`,
  )
  expect(retried).toBeGreaterThan(0)
  expect(system.audit().filter(({ event }) => event === 'refresh.reused')).toEqual([])
})

test('what was seen in use while Redis took no writes is known once it does: the old token is theft', async () => {
  const [first, second] = nodes
  const login = await loggedIn(first, 'user1000')
  expect((await second.me(accessOf(login))).status).toBe(200)
  const refreshed = await first.refresh(cookieOf(login))
  await redis.call('CONFIG', 'SET', 'maxmemory', '1')
  expect((await second.me(accessOf(refreshed))).status).toBe(200)
  await sleep(100)
  await redis.call('CONFIG', 'SET', 'maxmemory', '0')
  expect((await second.me(accessOf(refreshed))).status).toBe(200)

  await sleep(REFUSED_WITHIN_MS)
  const replay: Reply = await until(
    () => first.refresh(cookieOf(login)),
    ({ status }) => status !== 503,
    RECOVERED_WITHIN_MS,
  )
  expect(replay.status).toBe(401)
  for (const node of nodes) expect(await finalStatus(node, accessOf(refreshed))).toBe(401)
})
