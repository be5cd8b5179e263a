import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { breachesOf } from './history.ts'
import { createRecorder, type Recorder, readyAt, type Session } from './recorder.ts'
import { rounds, TEST_TIMEOUT_MS } from './rounds.ts'
import {
  eachOf,
  type Node,
  RECOVERED_WITHIN_MS,
  REFUSED_WITHIN_MS,
  type System,
  startSystem,
  until,
  upTo,
} from './system.ts'

/** How many present one token at once: mostly a pair of tabs, now and then a crowd. */
const CROWDS = [2, 2, 8, 2, 2, 8, 2, 2, 8, 64] as const
const RACES_AT_ONCE = 8
const HANGS_MS = 500
const PAUSE_MS = 400
/** A sign-in needs Redis before and after the password's hash is computed, and here it never stays for long. */
const SIGNED_IN_WITHIN_MS = 30_000

let system: System
let nodes: readonly [Node, Node, Node]

beforeAll(async () => {
  system = await startSystem()
  nodes = await Promise.all([system.start('express'), system.start('koa'), system.start('fastify')])
})

afterAll(async () => {
  const { exitCodes, errors } = await system.stop()
  expect(errors).toEqual([])
  expect(exitCodes).toEqual([0, 0, 0])
})

const nodeOf = (index: number): Node => nodes[index % nodes.length] as Node

interface Race {
  readonly session: Session
  /** The different cookies that its answers set. */
  readonly returned: readonly string[]
}

/** Many present one token at once, over all nodes, some of them a moment later. */
async function race(recorder: Recorder, index: number): Promise<Race> {
  const session = await until(
    () => recorder.signIn(nodeOf(index), `user${index}`),
    (one) => one !== undefined,
    SIGNED_IN_WITHIN_MS,
    50,
  )
  if (session === undefined) throw new Error('nobody can sign in')
  const presented = session.cookie
  const crowd = CROWDS[index % CROWDS.length] ?? 2
  const replies = await Promise.all(
    upTo(crowd).map(async (one) => {
      if (one % 3 === 2) await sleep(Math.random() * HANGS_MS)
      return recorder.refresh(nodeOf(index + one), session, presented)
    }),
  )
  const returned = replies.flatMap((reply) => (reply?.status === 200 && reply.cookie ? [reply.cookie] : []))
  return { session, returned: [...new Set([presented, ...returned])] }
}

/** What each racer holds is presented again: it leads to one line, or to none. */
async function settle(recorder: Recorder, { session, returned }: Race, index: number): Promise<boolean> {
  const held = returned.toReversed()
  for (const again of upTo(2)) {
    const replies = await eachOf(held, 2, (cookie) =>
      recorder.refresh(nodeOf(index + again), session, cookie),
    )
    for (const reply of replies) if (reply?.status === 200 && reply.cookie) held.push(reply.cookie)
  }
  return held.length > returned.length
}

const faults: Readonly<Record<string, () => Promise<void>>> = {
  'nothing happens': () => sleep(100),
  'Redis hangs again and again': async () => {
    system.redis.kill('SIGSTOP')
    await sleep(HANGS_MS)
    system.redis.kill('SIGCONT')
  },
  'Redis restarts empty again and again': () => system.redis.restartEmpty(),
}

test.each(Object.keys(faults))(
  'refreshes that race while %s have one line at most',
  async (name) => {
    const recorder = createRecorder()
    const kinds = Object.keys(faults)
    const count = Math.ceil(rounds.races / kinds.length)
    let racing = true
    const failing = (async (): Promise<number> => {
      for (let times = 0; ; times++) {
        await sleep(PAUSE_MS)
        if (!racing) return times
        await faults[name]?.()
      }
    })()
    let live = 0
    await eachOf(upTo(count), RACES_AT_ONCE, async (index) => {
      const run = await race(recorder, kinds.indexOf(name) * 20_000 + index)
      if (await settle(recorder, run, index)) live++
    }).finally(() => {
      racing = false
    })
    const times = await failing
    for (const node of nodes) await readyAt(node, RECOVERED_WITHIN_MS)

    const bounds = { refusedWithinMs: REFUSED_WITHIN_MS, maxStalenessMs: 10_000, slackMs: 100 }
    expect(breachesOf(recorder.history, bounds)).toEqual([])
    expect([...recorder.statuses.keys()].filter((status) => ![200, 401, 503].includes(status))).toEqual([])
    const refreshed = recorder.history.length
    console.log(
      `${count} races while ${name} (${times} times): ${refreshed} refreshes, ${recorder.statuses.get(503) ?? 0} of them 503, ` +
        `${live} lines live, no fork`,
    )
  },
  TEST_TIMEOUT_MS,
)
