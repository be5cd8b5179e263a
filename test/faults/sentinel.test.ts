import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SentinelSet, startSentinelSet } from '../support/topologies.ts'
import { breachesOf } from './history.ts'
import { createRecorder, nameOf, type Recorder, readyAt, repeat, type Session } from './recorder.ts'
import { rounds, TEST_TIMEOUT_MS } from './rounds.ts'
import { eachOf, type Node, type Nodes, RECOVERED_WITHIN_MS, startNodes, upTo } from './system.ts'

const MAX_STALENESS_MS = 2000
const REFUSED_WITHIN_MS = MAX_STALENESS_MS + 1000
const LOGOUTS = 30
const REFRESHES = 30
const SIGN_INS = 5

let set: SentinelSet
let system: Nodes
let nodes: Node[] = []

beforeAll(async () => {
  set = await startSentinelSet()
  system = await startNodes(
    { REDIS_SENTINEL: set.address, MAX_STALENESS: String(MAX_STALENESS_MS / 1000) },
    set,
  )
  nodes = await Promise.all((['express', 'koa', 'fastify'] as const).map((one) => system.start(one)))
})

afterAll(async () => {
  const { exitCodes, errors } = await system.stop()
  expect(errors.filter((line) => !line.includes('SallyportNotice'))).toEqual([])
  expect(exitCodes).toEqual(exitCodes.map(() => 0))
})

const nodeOf = (index: number): Node => nodes[index % nodes.length] as Node

async function signedIn(recorder: Recorder, count: number, from: number): Promise<Session[]> {
  const sessions = await eachOf(upTo(count), 8, (index) =>
    recorder.signIn(nodeOf(index), `user${from + index}`),
  )
  return sessions.filter((one) => one !== undefined)
}

/** Presents one or two tokens of a session in an order, then everything that came of it; gives the statuses. */
async function present(recorder: Recorder, session: Session, cookies: readonly string[], atOnce: boolean) {
  const ask = (cookie: string, index: number) => recorder.refresh(nodeOf(index), session, cookie)
  const replies = atOnce
    ? await Promise.all(cookies.map(ask))
    : [await ask(cookies[0] ?? '', 0), ...(await Promise.all(cookies.slice(1).map((one) => ask(one, 1))))]
  const returned = new Set(
    replies.flatMap((reply) => (reply?.status === 200 && reply.cookie ? [reply.cookie] : [])),
  )
  const again = await Promise.all([...returned].map((cookie, index) => ask(cookie, index + 1)))
  return { first: replies.map((reply) => reply?.status), again: again.map((reply) => reply?.status) }
}

async function failOver(round: number): Promise<void> {
  const recorder = createRecorder()
  const from = round * 1000
  const kept = await signedIn(recorder, 5, from)
  const ending = await signedIn(recorder, LOGOUTS, from + 100)
  const turning = await signedIn(recorder, REFRESHES, from + 200)
  expect([kept.length, ending.length, turning.length]).toEqual([5, LOGOUTS, REFRESHES])
  const spent = turning.map(({ cookie }) => cookie)
  const probes = repeat(3, 5, async (index) => {
    const session = index % 2 === 0 ? kept[index % kept.length] : ending[index % ending.length]
    await recorder.me(nodeOf(Math.floor(index / 2)), session as Session)
  })

  await set.caughtUp()
  await set.lag()
  const logouts = await eachOf(ending, 4, async (session) =>
    recorder.logout(nodeOf(ending.indexOf(session)), session),
  )
  expect(logouts).toEqual(ending.map(() => 204))
  for (const [index, session] of turning.entries())
    expect((await recorder.refresh(nodeOf(index), session))?.status).toBe(200)
  const lost = await signedIn(recorder, SIGN_INS, from + 300)

  const cutAt = performance.now()
  for (const node of nodes) recorder.note({ what: 'cut', node: nameOf(node), at: cutAt })
  const { promotedAt, knownAt: upAt } = await set.failOver()
  for (const node of nodes) {
    recorder.note({ what: 'healed', node: nameOf(node), at: promotedAt })
    recorder.note({ what: 'reconnected', node: nameOf(node), at: upAt })
  }
  const ready = await Promise.all(nodes.map((node) => readyAt(node, RECOVERED_WITHIN_MS)))

  // What the new primary forgot is put back before it is asked for.
  await sleep(upAt + REFUSED_WITHIN_MS - performance.now())
  const fresh = await system.start('koa')
  recorder.note({ what: 'started', node: nameOf(fresh), at: performance.now() })
  for (const session of ending)
    for (const node of [...nodes, fresh]) {
      expect(await recorder.me(node, session)).toBe(401)
      expect((await recorder.refresh(node, session))?.status).toBe(401)
    }
  for (const session of [...kept, ...lost])
    for (const node of nodes) expect(await recorder.me(node, session)).toBe(200)
  for (const session of lost) expect((await recorder.refresh(nodeOf(0), session))?.status).toBe(401)
  for (const session of kept) expect((await recorder.refresh(nodeOf(1), session))?.status).toBe(200)

  for (const [index, session] of turning.entries()) {
    const [old, latest] = [spent[index] ?? '', session.cookie]
    const orders = [[latest], [old, latest], [latest, old], [old]]
    const { first, again } = await present(recorder, session, orders[index % 4] ?? [], index % 8 > 3)
    expect(first[0]).toBeOneOf([200, 401])
    // Who has nothing but the one token that he was given last goes on with it.
    if (index % 4 === 0 || index % 4 === 3) expect([...first, ...again]).toEqual([200, 200])
  }
  const asked = await probes.stop()
  expect(
    breachesOf(recorder.history, {
      refusedWithinMs: REFUSED_WITHIN_MS,
      maxStalenessMs: MAX_STALENESS_MS,
      slackMs: 100,
    }),
  ).toEqual([])
  expect([...recorder.statuses.keys()].filter((status) => ![200, 204, 401, 503].includes(status))).toEqual([])
  expect(system.audit().filter(({ event }) => event === 'store.rollback').length).toBeGreaterThan(0)
  for (const node of nodes) expect((await node.login('user9')).status).toBe(200)
  expect(await fresh.process.stop()).toBe(0)
  const accepted = lastAccepted(recorder, upAt)
  console.log(
    `sentinel: new primary after ${(upAt - cutAt).toFixed(0)} ms, ready ${Math.max(0, ...ready.map((at) => at - upAt)).toFixed(0)} ms later, ` +
      `${LOGOUTS} lost log-outs accepted until ${accepted} ms after it was up, ${asked} questions`,
  )
  await set.rejoin()
}

/** When a session that was revoked was accepted for the last time, after an instant. */
function lastAccepted({ history }: Recorder, instant: number): string {
  const revokedAt = new Map(
    history.flatMap((fact) => (fact.what === 'revoked' ? [[fact.session, fact.at]] : [])),
  )
  const times = history.flatMap((fact) =>
    fact.what === 'judged' && fact.status === 200 && fact.sentAt > (revokedAt.get(fact.session) ?? Infinity)
      ? [fact.sentAt - instant]
      : [],
  )
  return times.length === 0 ? 'never' : Math.max(...times).toFixed(0)
}

test(
  'a failover to a replica that lags revives nothing, forks nothing, and is told',
  async () => {
    for (const round of upTo(rounds.sentinelFailovers)) await failOver(round)
  },
  TEST_TIMEOUT_MS,
)
