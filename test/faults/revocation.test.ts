import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { redisClient } from '../support/redis-client.ts'
import { accessOf, bodyOf, claimsOf, cookieOf, PASSWORD, type Reply } from './client.ts'
import { openApplication } from './in-process.ts'
import {
  finalStatus,
  type Node,
  REFUSED_WITHIN_MS,
  type System,
  spread,
  startSystem,
  until,
  upTo,
} from './system.ts'

const LOGOUTS = 200
const LOST = 8

let system: System
let nodes: readonly [Node, Node]
let redis: Redis

beforeAll(async () => {
  system = await startSystem()
  nodes = [await system.start('koa'), await system.start('express')]
  redis = redisClient(system.redis)
})

afterAll(async () => {
  redis.disconnect()
  const { exitCodes, errors } = await system.stop()
  expect(exitCodes).toEqual([0, 0])
  expect(errors).toEqual([])
})

interface Arrival {
  /** When the last request that was still served had been sent, and when the first refusal came; after the 204. */
  readonly lastAcceptedMs: number
  readonly firstRefusedMs: number
}

/** Asks one node with an access token without a pause, from before its session ends at the other until it is refused. */
async function watch(access: string, node: Node, end: () => Promise<Reply>): Promise<Arrival> {
  let endedAt = Number.POSITIVE_INFINITY
  const ending = end().then((reply) => {
    expect(reply.status).toBe(204)
    endedAt = reply.answeredAt
  })
  let lastAccepted = Number.NEGATIVE_INFINITY
  for (;;) {
    const reply = await node.me(access)
    if (reply.status === 401) {
      await ending
      expect(bodyOf(reply).error).toBe('invalid_token')
      return {
        lastAcceptedMs: Math.max(0, lastAccepted - endedAt),
        firstRefusedMs: Math.max(0, reply.answeredAt - endedAt),
      }
    }
    expect(reply.status).toBe(200)
    lastAccepted = reply.sentAt
    if (reply.sentAt > endedAt + 5 * REFUSED_WITHIN_MS) throw new Error('the access token is never refused')
  }
}

function report(what: string, arrivals: readonly Arrival[]): void {
  const accepted = spread(arrivals.map(({ lastAcceptedMs }) => lastAcceptedMs))
  const refused = spread(arrivals.map(({ firstRefusedMs }) => firstRefusedMs))
  const ms = ({ p50, max }: { p50: number; max: number }) => `p50 ${p50.toFixed(1)} max ${max.toFixed(1)} ms`
  console.log(
    `${what} x ${arrivals.length}: last accepted ${ms(accepted)}, first refused ${ms(refused)} after the 204`,
  )
  expect(accepted.max).toBeLessThan(REFUSED_WITHIN_MS)
}

test('a log-out is known to the other process within a second, to the one that answered at once', async () => {
  const arrivals: Arrival[] = []
  for (const index of upTo(LOGOUTS)) {
    const [here, there] = index % 2 === 0 ? nodes : [nodes[1], nodes[0]]
    const login = await here.login(`user${index}`)
    const access = accessOf(login)
    const arrival = await watch(access, there, async () => {
      const reply = await here.logout({ cookie: cookieOf(login) })
      expect((await here.me(access)).status).toBe(401)
      return reply
    })
    arrivals.push(arrival)
  }
  report('log-outs seen by the other process', arrivals)
})

test('a log-out whose announcement is lost is known to the other process within a second', async () => {
  const arrivals: Arrival[] = []
  for (const index of upTo(LOST)) {
    await sleep(Math.random() * 400) // a process asks by itself now and then: not always at the same distance
    const login = await nodes[0].login(`user${1000 + index}`)
    const access = accessOf(login)
    const arrival = await watch(access, nodes[1], async () => {
      // The listening connections are back no sooner than some 20 ms later.
      await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
      return nodes[0].logout({ cookie: cookieOf(login) })
    })
    arrivals.push(arrival)
  }
  report('log-outs whose announcement was lost', arrivals)
})

test('announcements are heard again after the listening connections were cut', async () => {
  await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  const listening = async (): Promise<unknown> => {
    const reply = await redis.call('PUBSUB', 'NUMSUB', `${system.keyPrefix}:news`)
    return Array.isArray(reply) ? Number(reply[1]) : reply
  }
  expect(await until(listening, (count) => count === nodes.length, 5000)).toBe(nodes.length)
})

test('the end of all sessions of a user, in any of its ways, reaches every process', async () => {
  const [here, there] = nodes
  const sessions = await Promise.all(
    nodes.flatMap((node) => [node.login('user2000'), node.login('user2000')]),
  )
  const other = accessOf(await there.login('user2001'))
  const [asking] = sessions
  expect((await here.call('POST', '/auth/logout-all', { access: accessOf(asking as Reply) })).status).toBe(
    204,
  )
  await expectEnded(sessions)

  const fresh = await there.login('user2000')
  expect(await statuses(accessOf(fresh))).toEqual([200, 200])
  expect(await statuses(other)).toEqual([200, 200])
})

test('a session that its user ends from another one is refused by every process, and that one only', async () => {
  const [here, there] = nodes
  const lost = await here.login('user2002')
  const own = accessOf(await there.login('user2002'))
  const { sid } = claimsOf(accessOf(lost))
  expect((await there.call('DELETE', `/auth/sessions/${sid}`, { access: own })).status).toBe(204)
  await expectEnded([lost])
  expect(await statuses(own)).toEqual([200, 200])
})

test('a change of password ends the other sessions in every process, and keeps the one that made it', async () => {
  const [here, there] = nodes
  const others = [await here.login('bob'), await there.login('bob')]
  const own = await here.login('bob')
  const change = { current: PASSWORD, next: 'a horse of another colour' }
  const reply = await here.call('POST', '/auth/password', { access: accessOf(own), json: change })
  expect(reply.status).toBe(204)
  await expectEnded(others)
  expect(await statuses(accessOf(own))).toEqual([200, 200])
  expect((await there.refresh(cookieOf(reply))).status).toBe(200)
  expect((await there.login('bob')).status).toBe(401)
})

test('what the application revokes in a process of its own is refused by the servers', async () => {
  const application = await openApplication(system)
  try {
    const logins = await Promise.all(nodes.map((node) => node.login('user2003')))
    const { sub } = claimsOf(accessOf(logins[0] as Reply))
    await application.sessions.revokeAll(sub, { reason: 'account_closed' })
    await expectEnded(logins)

    const kept = await nodes[0].login('user2004')
    const { jti } = claimsOf(accessOf(kept))
    await application.tokens.revoke(jti)
    for (const node of nodes) expect(await finalStatus(node, accessOf(kept))).toBe(401)
    const next = await nodes[1].refresh(cookieOf(kept))
    expect(await statuses(accessOf(next))).toEqual([200, 200])

    const { sid } = claimsOf(accessOf(next))
    expect(await application.sessions.revoke(sid)).toEqual({ ended: [sid] })
    await expectEnded([next])
    expect(await application.sessions.revoke(sid)).toEqual({ ended: [] })
  } finally {
    await application.close()
  }
})

async function statuses(access: string): Promise<readonly number[]> {
  return Promise.all(nodes.map(async (node) => (await node.me(access)).status))
}

/** Within a second of now neither the access tokens nor the refresh cookies are good anywhere. */
async function expectEnded(replies: readonly Reply[]): Promise<void> {
  const judged = replies.flatMap((reply) => nodes.map((node) => finalStatus(node, accessOf(reply))))
  expect(await Promise.all(judged)).toEqual(judged.map(() => 401))
  for (const reply of replies)
    for (const node of nodes) expect((await node.refresh(cookieOf(reply))).status).toBe(401)
}
