import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { redisClient } from '../support/redis-client.ts'
import { type RedisCluster, startCluster } from '../support/topologies.ts'
import { accessOf, bodyOf, claimsOf, cookieOf, PASSWORD, type Reply } from './client.ts'
import { breachesOf } from './history.ts'
import { createRecorder, nameOf, type Recorder, readyAt, repeat, type Session } from './recorder.ts'
import { rounds, TEST_TIMEOUT_MS } from './rounds.ts'
import { eachOf, finalStatus, type Node, type Nodes, startNodes, until, upTo } from './system.ts'

const MAX_STALENESS_MS = 2000
const REFUSED_WITHIN_MS = MAX_STALENESS_MS + 1000
const RECOVERED_WITHIN_MS = 10_000
const LOAD_SESSIONS = 40
/** While a slot moves, for so long after each of its keys. */
const KEY_PAUSE_MS = 100

let cluster: RedisCluster
let system: Nodes
let nodes: readonly [Node, Node, Node]

beforeAll(async () => {
  cluster = await startCluster()
  system = await startNodes(
    { REDIS_CLUSTER: cluster.addresses, MAX_STALENESS: String(MAX_STALENESS_MS / 1000) },
    cluster,
  )
  nodes = await Promise.all([system.start('express'), system.start('koa'), system.start('fastify')])
})

afterAll(async () => {
  const { exitCodes, errors } = await system.stop()
  expect(errors.filter((line) => !line.includes('SallyportNotice'))).toEqual([])
  expect(exitCodes).toEqual(exitCodes.map(() => 0))
})

const nodeOf = (index: number): Node => nodes[index % nodes.length] as Node

async function signedIn(recorder: Recorder, count: number, from: number): Promise<Session[]> {
  return eachOf(upTo(count), 4, async (index) => {
    const session = await recorder.signIn(nodeOf(index), `user${from + index}`)
    if (session === undefined) throw new Error('nobody can sign in')
    return session
  })
}

test('what a session can do, three processes do on a cluster', async () => {
  const [one, two, three] = nodes
  for (const index of upTo(8)) {
    const user = `user${index}`
    const login = await one.login(user)
    expect((await two.me(accessOf(login))).status).toBe(200)
    const second = await two.refresh(cookieOf(login))
    expect(cookieOf(await three.refresh(cookieOf(login)))).toBe(cookieOf(second))
    const third = await three.refresh(cookieOf(second))

    const other = await three.login(user)
    const { sessions } = bodyOf(await one.call('GET', '/auth/sessions', { access: accessOf(other) }))
    expect(sessions).toHaveLength(2)
    const { sid } = claimsOf(accessOf(login))
    const deleted = await two.call('DELETE', `/auth/sessions/${sid}`, { access: accessOf(other) })
    expect(deleted.status).toBe(204)
    for (const node of nodes) expect(await finalStatus(node, accessOf(third))).toBe(401)
    expect((await one.refresh(cookieOf(third))).status).toBe(401)

    expect((await one.logout({ cookie: cookieOf(other) })).status).toBe(204)
    for (const node of nodes) expect(await finalStatus(node, accessOf(other))).toBe(401)
    expect((await two.refresh(cookieOf(other))).status).toBe(401)
  }
})

test('theft and a changed password are known on every process of a cluster', async () => {
  const [one, two, three] = nodes
  const login = await one.login('user100')
  const second = await two.refresh(cookieOf(login))
  const third = await three.refresh(cookieOf(second))
  expect((await one.refresh(cookieOf(login))).status).toBe(401)
  for (const node of nodes) expect(await finalStatus(node, accessOf(third))).toBe(401)

  const [here, there] = [await one.login('user101'), await two.login('user101')]
  const json = { current: PASSWORD, next: 'another password' }
  const changed: Reply = await three.call('POST', '/auth/password', { access: accessOf(here), json })
  expect(changed.status).toBe(204)
  for (const node of nodes) {
    expect(await finalStatus(node, accessOf(there))).toBe(401)
    expect((await node.me(accessOf(here))).status).toBe(200)
  }
  expect((await two.refresh(cookieOf(changed))).status).toBe(200)
})

/** Keeps asking and refreshing; a refresh that was answered 503 is repeated with the same cookie. */
function load(recorder: Recorder, sessions: readonly Session[]): { stop(): Promise<number> } {
  return repeat(4, 5, async (index) => {
    const own = sessions.filter((_, at) => at % 4 === index % 4)
    const session = own[Math.floor(index / 4) % own.length]
    if (session === undefined) return
    const node = nodeOf(Math.floor(Math.random() * 3))
    if (index % 3 === 0) await recorder.me(node, session)
    else await recorder.refresh(node, session)
  })
}

function expectClean(recorder: Recorder): void {
  const bounds = { refusedWithinMs: REFUSED_WITHIN_MS, maxStalenessMs: MAX_STALENESS_MS, slackMs: 100 }
  expect(breachesOf(recorder.history, bounds)).toEqual([])
  expect([...recorder.statuses.keys()].filter((status) => ![200, 204, 401, 503].includes(status))).toEqual([])
}

async function slotOf(session: Session): Promise<number> {
  const [server] = cluster.nodes
  if (server === undefined) throw new Error('a cluster has nodes')
  const redis = redisClient(server)
  const tag = Buffer.from(session.id.slice(0, 4), 'base64url').readUInt8(0) >> 4
  const slot = Number(await redis.call('CLUSTER', 'KEYSLOT', `${system.keyPrefix}:{${tag.toString(16)}}:u`))
  expect(Number(await redis.call('CLUSTER', 'KEYSLOT', `{${tag.toString(16)}}`))).toBe(slot)
  redis.disconnect()
  return slot
}

test(
  'a slot that is moved under load takes its sessions along',
  async () => {
    for (const round of upTo(rounds.migratedSlots)) {
      const recorder = createRecorder()
      const sessions = await signedIn(recorder, LOAD_SESSIONS, 1000 + 100 * round)
      const running = load(recorder, sessions)
      await sleep(200)
      const slot = await slotOf(sessions[0] as Session)
      const masters = await cluster.masters()
      const from = masters.find(({ slots }) => slots.some(([first, last]) => slot >= first && slot <= last))
      const to = masters.find((one) => one !== from)
      if (from === undefined || to === undefined) throw new Error('nobody has the slot')
      const began = performance.now()
      await cluster.migrate(slot, from, to, KEY_PAUSE_MS)
      const took = performance.now() - began
      await sleep(1000)
      const asked = await running.stop()

      for (const [index, session] of sessions.entries()) {
        const reply = await recorder.refresh(nodeOf(index), session)
        expect(reply?.status).toBe(200)
        expect(await recorder.me(nodeOf(index), session)).toBe(200)
      }
      const refused = recorder.history.filter((fact) => fact.what === 'refreshed' && fact.status === 401)
      expect(refused).toEqual([])
      expectClean(recorder)
      console.log(
        `cluster, slot moved in ${took.toFixed(0)} ms: ${asked} questions, ${recorder.statuses.get(503) ?? 0} of them 503`,
      )
    }
  },
  TEST_TIMEOUT_MS,
)

test(
  'a master that dies under load takes no log-out with it, and everything goes on',
  async () => {
    const recorder = createRecorder()
    const turning = await signedIn(recorder, LOAD_SESSIONS, 2000)
    const ending = await signedIn(recorder, rounds.clusterLogouts, 3000)
    const running = load(recorder, turning)
    const asking = repeat(2, 5, async (index) => {
      await recorder.me(nodeOf(index), ending[Math.floor(Math.random() * ending.length)] as Session)
    })
    const [dying] = await cluster.masters()
    if (dying === undefined) throw new Error('there is no master')
    const statuses = await eachOf(ending, 4, (session) =>
      recorder.logout(nodeOf(ending.indexOf(session)), session),
    )
    const cutAt = performance.now()
    dying.server.kill()
    for (const node of nodes) recorder.note({ what: 'cut', node: nameOf(node), at: cutAt })
    expect(statuses).toEqual(ending.map(() => 204))
    // A node may hear of its new master before this test does, but not before the last look that found none.
    let [before, lookedAt] = [cutAt, cutAt]
    const masters = await until(
      () => {
        before = lookedAt
        lookedAt = performance.now()
        return cluster.masters()
      },
      (all) => all.length === 3 && all.every(({ server }) => server !== dying.server),
      RECOVERED_WITHIN_MS,
    )
    const upAt = performance.now()
    expect(masters.length).toBe(3)
    for (const node of nodes) {
      recorder.note({ what: 'healed', node: nameOf(node), at: before })
      recorder.note({ what: 'reconnected', node: nameOf(node), at: upAt })
    }
    const ready = await Promise.all(nodes.map((node) => readyAt(node, RECOVERED_WITHIN_MS)))
    await sleep(upAt + REFUSED_WITHIN_MS - performance.now())
    await running.stop()
    const fresh = await system.start('fastify')
    recorder.note({ what: 'started', node: nameOf(fresh), at: performance.now() })
    for (const session of ending)
      for (const node of [...nodes, fresh]) expect(await recorder.me(node, session)).toBe(401)
    await asking.stop()
    for (const [index, session] of turning.entries()) {
      expect(await recorder.me(nodeOf(index), session)).toBe(200)
      expect((await recorder.refresh(nodeOf(index), session))?.status).toBe(200)
    }
    expectClean(recorder)
    const asked = recorder.history.length
    console.log(
      `cluster, master killed: its replica took over after ${(upAt - cutAt).toFixed(0)} ms, all ready ` +
        `${(Math.max(...ready) - upAt).toFixed(0)} ms later; ${asked} questions, ${recorder.statuses.get(503) ?? 0} of them 503`,
    )
  },
  TEST_TIMEOUT_MS,
)
