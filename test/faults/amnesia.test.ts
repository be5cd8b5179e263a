import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { breachesOf } from './history.ts'
import { createRecorder, nameOf, readyAt, repeat, residentMiB, type Session } from './recorder.ts'
import { rounds, TEST_TIMEOUT_MS } from './rounds.ts'
import {
  type Node,
  RECOVERED_WITHIN_MS,
  REFUSED_WITHIN_MS,
  type System,
  startSystem,
  upTo,
} from './system.ts'

const ENDED_A_ROUND = 4
const MOST_KEPT = 20
const NEWCOMERS = 3
/** By then every path has run and V8 has made itself at home. */
const WARM_AFTER = 5
const MAX_GROWN_MIB = 48
/**
 * The demo's scrypt takes 32 MiB on each thread of the pool. This makes the C library give it back each
 * time, as it else does or doesn't, so that what is measured is the server.
 */
const GIVE_BACK = { GLIBC_TUNABLES: 'glibc.malloc.mmap_threshold=4194304' }

let system: System
const nodes: Node[] = []
const recorder = createRecorder()

beforeAll(async () => {
  system = await startSystem()
  for (const framework of ['express', 'koa', 'fastify'] as const) nodes.push(await started(framework))
})

afterAll(async () => {
  const { exitCodes, errors } = await system.stop()
  expect(errors).toEqual([])
  expect(exitCodes).toEqual(exitCodes.map(() => 0))
})

async function started(framework: Node['framework']): Promise<Node> {
  const node = await system.start(framework, GIVE_BACK)
  recorder.note({ what: 'started', node: nameOf(node), at: performance.now() })
  return node
}

const anyOf = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)] as T

test(
  'a Redis that dies and comes back empty, again and again, revives nothing',
  async () => {
    const ended: Session[] = []
    const kept: Session[] = []
    const first = nodes.slice()
    const resident = () => first.map(({ process: { pid } }) => residentMiB(pid))
    let warm = resident()

    // Half of all questions are about what was revoked last, the others about all else.
    const probes = repeat(3, 3, async (index) => {
      const node = nodes[index % nodes.length] as Node
      const among = [kept, ended.slice(-ENDED_A_ROUND), ended, ended.slice(-ENDED_A_ROUND)][index % 4] ?? []
      if (among.length > 0) await recorder.me(node, anyOf(among))
    })
    let turning: Session | undefined
    const load = repeat(2, 10, async (index) => {
      const node = anyOf(nodes)
      turning ??= await recorder.signIn(node, `user${90_000 + index}`)
      if (turning === undefined) return
      const reply = await recorder.refresh(node, turning)
      // It was forgotten with all else.
      if (reply?.status === 401) turning = undefined
    })

    for (const round of upTo(rounds.amnesias)) {
      if (round === WARM_AFTER) warm = resident()
      const fresh: Session[] = []
      for (const index of upTo(2 * ENDED_A_ROUND)) {
        const session = await recorder.signIn(anyOf(nodes), `user${round * 100 + index}`)
        if (session === undefined) throw new Error('nobody can sign in')
        fresh.push(session)
      }
      kept.push(...fresh.splice(0, kept.length < MOST_KEPT ? ENDED_A_ROUND : 0))
      // The last acknowledgement comes right before the end.
      const ending = fresh.slice(-ENDED_A_ROUND)
      ended.push(...ending)
      const statuses = await Promise.all(ending.map((session) => recorder.logout(anyOf(nodes), session)))
      system.redis.kill()
      expect(statuses).toEqual(ending.map(() => 204))
      const at = performance.now()
      for (const node of nodes) recorder.note({ what: 'cut', node: nameOf(node), at })
      await sleep(Math.random() * 300)
      await system.redis.restartEmpty()
      const healed = performance.now()
      for (const node of nodes) recorder.note({ what: 'healed', node: nameOf(node), at: healed })
      if (round < NEWCOMERS) {
        const back = nodes.slice()
        const newcomer = started((['koa', 'fastify', 'express'] as const)[round] ?? 'koa')
        await allReady(back)
        nodes.push(await newcomer)
        // The next rounds go on with as many as before, so that they meet one that has no long memory.
        if (nodes.length > 4) nodes.splice(1, 1)
      } else await allReady(nodes)
      await sleep(REFUSED_WITHIN_MS + 100)
      for (const node of nodes)
        for (const session of ended.slice(-ENDED_A_ROUND)) expect(await recorder.me(node, session)).toBe(401)
    }
    await load.stop()
    const probed = await probes.stop()
    for (const node of nodes) {
      for (const session of ended) expect(await recorder.me(node, session)).toBe(401)
      for (const session of kept) expect(await recorder.me(node, session)).toBe(200)
    }

    const bounds = { refusedWithinMs: REFUSED_WITHIN_MS, maxStalenessMs: 10_000, slackMs: 100 }
    expect(breachesOf(recorder.history, bounds)).toEqual([])
    expect([...recorder.statuses.keys()].filter((status) => ![200, 204, 401, 503].includes(status))).toEqual(
      [],
    )
    const grown = resident().map((after, index) => after - (warm[index] ?? 0))
    expect(Math.max(...grown)).toBeLessThan(MAX_GROWN_MIB)
    console.log(
      `Redis empty ${rounds.amnesias} times: ${ended.length} revoked, ${kept.length} kept, ${probed} questions, ` +
        `last accepted ${lastAccepted(ended)} ms after its log-out; MiB ${warm.join('/')} -> ${resident().join('/')}`,
    )
  },
  TEST_TIMEOUT_MS,
)

async function allReady(some: readonly Node[]): Promise<void> {
  await Promise.all(
    some.map(async (node) => {
      const at = await readyAt(node, RECOVERED_WITHIN_MS)
      recorder.note({ what: 'reconnected', node: nameOf(node), at })
    }),
  )
}

function lastAccepted(ended: readonly Session[]): number {
  const revokedAt = new Map(
    recorder.history.flatMap((fact) => (fact.what === 'revoked' ? [[fact.session, fact.at] as const] : [])),
  )
  const known = new Set(ended.map(({ id }) => id))
  const after = recorder.history.flatMap((fact) =>
    fact.what === 'judged' && fact.status === 200 && known.has(fact.session)
      ? [fact.sentAt - (revokedAt.get(fact.session) ?? fact.sentAt)]
      : [],
  )
  return Math.round(Math.max(0, ...after))
}
