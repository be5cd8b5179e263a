import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SentinelSet, startSentinelSet } from '../support/topologies.ts'
import { createRecorder, type Recorder, readyAt, type Session } from './recorder.ts'
import { rounds, TEST_TIMEOUT_MS } from './rounds.ts'
import { eachOf, type Node, type Nodes, startNodes, until, upTo } from './system.ts'

const KILLED = 137
const AT_ONCE = 8
/** With one replica gone, nothing is acknowledged until there is one again. */
const REPLICATED_WITHIN_MS = 10_000

let set: SentinelSet
let system: Nodes

beforeAll(async () => {
  set = await startSentinelSet()
  system = await startNodes(
    { REDIS_SENTINEL: set.address, DURABILITY: 'replicated', MAX_STALENESS: '2' },
    set,
  )
})

afterAll(async () => {
  const { exitCodes, errors } = await system.stop()
  expect(errors.filter((line) => !line.includes('SallyportNotice'))).toEqual([])
  expect(exitCodes.filter((code) => code !== KILLED)).toEqual([0, 0])
})

const startTwo = (): Promise<readonly [Node, Node]> =>
  Promise.all([system.start('express'), system.start('fastify')])

async function sessionsOf(recorder: Recorder, nodes: readonly Node[], count: number): Promise<Session[]> {
  const sessions = await eachOf(upTo(count), AT_ONCE, (index) =>
    recorder.signIn(nodes[index % nodes.length] as Node, `user${index}`),
  )
  return sessions.filter((one) => one !== undefined)
}

test(
  'with replicated durability no acknowledged log-out is lost, although nobody who knew of it is left',
  async () => {
    const recorder = createRecorder()
    const wanted = Math.ceil(rounds.replicatedLogouts / rounds.replicatedFailovers)
    const kept: Session[] = []
    const acknowledged: Session[] = []
    let nodes = await startTwo()
    let doubted = 0

    for (const round of upTo(rounds.replicatedFailovers)) {
      await Promise.all(nodes.map((node) => readyAt(node, REPLICATED_WITHIN_MS)))
      const [one = nodes[0]] = nodes
      const first = await until(
        () => recorder.signIn(one, `user${99_000 + round}`),
        (session) => session !== undefined,
        REPLICATED_WITHIN_MS,
      )
      const sessions = await sessionsOf(recorder, nodes, Math.ceil(wanted * 1.5))
      if (first !== undefined) kept.push(first)
      expect(sessions.length).toBe(Math.ceil(wanted * 1.5))
      let known = 0
      let failover: Promise<unknown> | undefined
      const die = async (): Promise<unknown> => {
        // In every other round the replica had got nothing for a while.
        if (round % 2 === 0) {
          await set.lag()
          await sleep(200)
        }
        const took = set.failOver()
        for (const node of nodes) node.process.kill()
        return took
      }
      await eachOf(sessions, AT_ONCE, async (session) => {
        const node = nodes[sessions.indexOf(session) % 2] as Node
        const status = await recorder.logout(node, session)
        if (status === 204) acknowledged.push(session)
        else doubted++
        if (status === 204 && ++known === wanted) failover = die()
      })
      await failover
      // These have no memory: what they know they have from the new primary.
      nodes = await startTwo()
      for (const node of nodes) {
        await readyAt(node, REPLICATED_WITHIN_MS)
        const statuses = await eachOf(acknowledged, AT_ONCE, async (session) =>
          until(
            () => node.me(session.access),
            ({ status }) => status !== 503,
            REPLICATED_WITHIN_MS,
          ),
        )
        expect(statuses.filter(({ status }) => status !== 401)).toEqual([])
        for (const session of kept) expect((await node.me(session.access)).status).toBe(200)
      }
      await set.rejoin()
    }
    // Until the replica is back nothing is promised, and the answer is 503.
    const refreshed = await eachOf(acknowledged, AT_ONCE, ({ cookie }) =>
      until(
        () => nodes[0].refresh(cookie),
        ({ status }) => status !== 503,
        REPLICATED_WITHIN_MS,
      ),
    )
    expect(refreshed.filter(({ status }) => status !== 401)).toEqual([])
    expect([...recorder.statuses.keys()].filter((status) => ![0, 200, 204, 503].includes(status))).toEqual([])
    expect(acknowledged.length).toBeGreaterThanOrEqual(rounds.replicatedLogouts)
    expect(doubted).toBeGreaterThan(0)
    console.log(
      `replicated: ${acknowledged.length} log-outs acknowledged, ${doubted} not, over ` +
        `${rounds.replicatedFailovers} failovers: none lost`,
    )
  },
  TEST_TIMEOUT_MS,
)
