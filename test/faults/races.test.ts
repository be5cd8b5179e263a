import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accessOf, bodyOf, cookieOf, type Reply } from './client.ts'
import {
  eachOf,
  finalStatus,
  type Node,
  type Nodes,
  startAnySystem,
  startEmptySystem,
  upTo,
} from './system.ts'

const ROUNDS = 200
/** Rounds take as long as they take on a busy machine. */
const PATIENT = { timeout: 240_000 }
const AT_ONCE = 50
const ALARMS = ['refresh.reused', 'refresh.mismatched']

/** The ways to end a session. */
const waysOut: readonly ((node: Node, login: Reply) => Promise<Reply>)[] = [
  (node, login) => node.logout({ cookie: cookieOf(login) }),
  (node, login) => node.logout({ access: accessOf(login) }),
  (node, login) => node.call('POST', '/auth/logout-all', { access: accessOf(login) }),
]

let system: Nodes
let nodes: readonly [Node, Node]

async function start(env: Readonly<Record<string, string>>): Promise<void> {
  system = await startAnySystem(env)
  nodes = [await system.start('express'), await system.start('fastify')]
}

async function stop(): Promise<void> {
  const { exitCodes, errors } = await system.stop()
  expect(exitCodes).toEqual([0, 0])
  expect(errors).toEqual([])
}

/** Presents one refresh token many times at once, in turn to both nodes. */
function race(cookie: string): Promise<Reply[]> {
  return Promise.all(upTo(AT_ONCE).map((index) => nodes[index % 2 === 0 ? 0 : 1].refresh(cookie)))
}

function alarms(): readonly unknown[] {
  return system.audit().filter(({ event }) => ALARMS.includes(String(event)))
}

test('processes that start at once on an empty store share one key', async () => {
  system = await startEmptySystem()
  const started = await Promise.all((['express', 'koa', 'fastify'] as const).map((one) => system.start(one)))
  const sets = await Promise.all(
    started.map(async (node) => (await node.call('GET', '/.well-known/jwks.json')).text),
  )
  expect(new Set(sets).size).toBe(1)
  const logins = await Promise.all(started.map((node, index) => node.login(`user${index}`)))
  for (const login of logins)
    for (const node of started) expect((await node.me(accessOf(login))).status).toBe(200)
  expect((await system.stop()).errors).toEqual([])
})

describe('within the grace', PATIENT, () => {
  beforeAll(() => start({}))
  afterAll(stop)

  test('refreshes that race over two processes all succeed and agree on the next cookie', async () => {
    const began = performance.now()
    const seen = new Set<string>()
    let cookie = cookieOf(await nodes[0].login('user1'))
    for (const round of upTo(ROUNDS)) {
      const replies = await race(cookie)
      expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200))
      const cookies = new Set(replies.map(cookieOf))
      expect(cookies.size).toBe(1)
      // The next round presents what this one returned: that it works is seen there.
      const [next = ''] = cookies
      expect(seen.has(next)).toBe(false)
      seen.add(next)
      cookie = next
      const access = accessOf(replies[round % AT_ONCE] as Reply)
      expect(await Promise.all(nodes.map(async (node) => (await node.me(access)).status))).toEqual([200, 200])
    }
    expect((await nodes[1].refresh(cookie)).status).toBe(200)
    expect(alarms()).toEqual([])
    const seconds = (performance.now() - began) / 1000
    console.log(
      `racing refreshes: ${ROUNDS} x ${AT_ONCE} over 2 processes in ${seconds.toFixed(1)} s, no alarm`,
    )
  })

  test('a log-out, of one session or of all, that races refreshes of the other process leaves nothing alive', async () => {
    const survivors = await eachOf(upTo(ROUNDS), 8, async (index) => {
      const login = await nodes[index % 2 === 0 ? 0 : 1].login(`user${1000 + index}`)
      const [here, there] = index % 4 < 2 ? nodes : [nodes[1], nodes[0]]
      const cookie = cookieOf(login)
      const end = waysOut[index % waysOut.length] as (typeof waysOut)[number]
      const later = async (send: () => Promise<Reply>): Promise<Reply> => {
        await sleep(Math.random() * 6)
        return send()
      }
      const [logout, ...refreshes] = await Promise.all([
        later(() => end(here, login)),
        ...upTo(1 + (index % 3)).map(() => later(() => there.refresh(cookie))),
      ])
      expect(logout.status).toBe(204)
      const won = refreshes.filter(({ status }) => status === 200)
      for (const reply of refreshes) expect([200, 401]).toContain(reply.status)

      const tokens = [login, ...won].map(accessOf)
      const judged = tokens.flatMap((access) => nodes.map((node) => finalStatus(node, access)))
      const cookies = new Set([cookie, ...won.map(cookieOf)])
      const refreshed = [...cookies].flatMap((one) => nodes.map((node) => node.refresh(one)))
      const statuses = [
        ...(await Promise.all(judged)),
        ...(await Promise.all(refreshed)).map(({ status }) => status),
      ]
      return { won: won.length, alive: statuses.filter((status) => status !== 401).length }
    })
    expect(survivors.filter(({ alive }) => alive > 0)).toEqual([])
    expect(alarms()).toEqual([])
    const won = survivors.filter((one) => one.won > 0).length
    console.log(`log-outs racing refreshes: ${ROUNDS}, in ${won} of them a refresh came first, nothing alive`)
  })
})

describe('with single use', PATIENT, () => {
  beforeAll(() => start({ REUSE_GRACE: '0' }))
  afterAll(stop)

  test('of refreshes that race over two processes one succeeds, and the session ends', async () => {
    for (const round of upTo(ROUNDS)) {
      const login = await nodes[round % 2 === 0 ? 0 : 1].login(`user${round}`)
      const replies = await race(cookieOf(login))
      const [winner, ...others] = replies.filter(({ status }) => status === 200)
      expect(others).toEqual([])
      if (winner === undefined) throw new Error('no refresh succeeded')
      const losers = replies.filter((reply) => reply !== winner)
      expect(losers.map(({ status }) => status)).toEqual(losers.map(() => 401))
      expect(new Set(losers.map((reply) => bodyOf(reply).error))).toEqual(new Set(['invalid_grant']))
      expect(new Set(losers.map(({ cookie }) => cookie))).toEqual(new Set([undefined]))

      const tokens = [accessOf(login), accessOf(winner)]
      const judged = tokens.flatMap((access) => nodes.map((node) => finalStatus(node, access)))
      expect(await Promise.all(judged)).toEqual(judged.map(() => 401))
      const again = await Promise.all(nodes.map((node) => node.refresh(cookieOf(winner))))
      expect(again.map(({ status }) => status)).toEqual([401, 401])
    }
    const told = system.audit().filter(({ event }) => event === 'refresh.reused')
    expect(told).toHaveLength(ROUNDS)
    expect(system.audit().filter(({ event }) => event === 'refresh.mismatched')).toEqual([])
  })
})
