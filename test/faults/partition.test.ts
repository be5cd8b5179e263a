import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startProxy, type TcpProxy } from '../support/proxy.ts'
import { breachesOf } from './history.ts'
import { createRecorder, nameOf, type Recorder, readyAt, repeat, type Session } from './recorder.ts'
import { rounds, TEST_TIMEOUT_MS } from './rounds.ts'
import {
  type Node,
  RECOVERED_WITHIN_MS,
  REFUSED_WITHIN_MS,
  type System,
  startSystem,
  upTo,
} from './system.ts'

const MAX_STALENESS_MS = 2000
const bounds = { refusedWithinMs: REFUSED_WITHIN_MS, maxStalenessMs: MAX_STALENESS_MS, slackMs: 100 }

let system: System
let proxy: TcpProxy
let far: Node
let near: readonly [Node, Node]

beforeAll(async () => {
  system = await startSystem({ MAX_STALENESS: String(MAX_STALENESS_MS / 1000) })
  proxy = await startProxy(system.redis.port)
  far = await system.start('koa', { REDIS_URL: `redis://127.0.0.1:${proxy.port}/0` })
  near = [await system.start('express'), await system.start('fastify')]
})

afterAll(async () => {
  const { exitCodes, errors } = await system.stop()
  await proxy.stop()
  expect(errors).toEqual([])
  expect(exitCodes).toEqual([0, 0, 0])
})

async function signedIn(recorder: Recorder, node: Node, user: string): Promise<Session> {
  const session = await recorder.signIn(node, user)
  if (session === undefined) throw new Error('nobody can sign in')
  return session
}

const ways = {
  'refuses connections': () => proxy.cut('refuse'),
  'accepts connections and says nothing': () => proxy.cut('swallow'),
  'lets nothing pass any more': () => proxy.stall(),
} as const

test.each(Object.keys(ways) as (keyof typeof ways)[])(
  'a process whose way to Redis %s stops in time, the others go on, and it comes back knowing all',
  async (way) => {
    for (const round of upTo(rounds.partitions)) await cutOff(way, round)
  },
  TEST_TIMEOUT_MS,
)

async function cutOff(way: keyof typeof ways, round: number): Promise<void> {
  const recorder = createRecorder()
  const [one, two] = near
  const kept = await signedIn(recorder, far, `user${round}`)
  const before = await signedIn(recorder, one, `user${100 + round}`)
  const during = await signedIn(recorder, far, `user${200 + round}`)
  expect(await recorder.logout(one, before)).toBe(204)
  await sleep(REFUSED_WITHIN_MS)

  const at = performance.now()
  recorder.note({ what: 'cut', node: nameOf(far), at })
  ways[way]()
  const probes = repeat(3, 5, async (index) => {
    const node = [far, one, two][index % 3] as Node
    await recorder.me(node, [kept, before, during][Math.floor(index / 3) % 3] as Session)
  })
  expect(await recorder.logout(two, during)).toBe(204)
  const [refresh, login, logout] = await Promise.all([
    far.refresh(kept.cookie),
    far.login('user300'),
    far.logout({ cookie: kept.cookie }),
  ])
  expect([refresh.status, login.status, logout.status]).toEqual([503, 503, 503])
  expect((await recorder.refresh(one, kept))?.status).toBe(200)
  await sleep(at + MAX_STALENESS_MS + 1000 - performance.now())
  expect(await recorder.me(far, kept)).toBe(503)
  expect(await recorder.me(far, before)).toBe(401)

  recorder.note({ what: 'healed', node: nameOf(far), at: performance.now() })
  const healedAt = performance.now()
  proxy.heal()
  const back = await readyAt(far, RECOVERED_WITHIN_MS)
  recorder.note({ what: 'reconnected', node: nameOf(far), at: back })
  await sleep(REFUSED_WITHIN_MS)
  const asked = await probes.stop()

  expect(breachesOf(recorder.history, bounds)).toEqual([])
  const judged = recorder.history.filter((fact) => fact.what === 'judged')
  const ofFar = judged.filter(({ node }) => node === nameOf(far))
  for (const { status } of judged.filter(({ node }) => node !== nameOf(far)))
    expect([200, 401]).toContain(status)
  // As long as it may, it serves on.
  const early = ofFar.filter((fact) => fact.session === kept.id && fact.sentAt < at + MAX_STALENESS_MS / 2)
  expect(early.length).toBeGreaterThan(0)
  for (const { status } of early) expect(status).toBe(200)
  expect(await recorder.me(far, kept)).toBe(200)
  expect(await recorder.me(far, during)).toBe(401)
  expect((await recorder.refresh(far, kept))?.status).toBe(200)

  const served = ofFar
    .filter(({ status, sentAt }) => status === 200 && sentAt < healedAt)
    .map(({ sentAt }) => sentAt)
  const slowest = Math.max(...ofFar.map((fact) => fact.at - fact.sentAt))
  console.log(
    `cut off (${way}): ${asked} questions, served for ${(Math.max(...served) - at).toFixed(0)} ms of ${MAX_STALENESS_MS}, ` +
      `slowest answer ${slowest.toFixed(0)} ms, back after ${(back - healedAt).toFixed(0)} ms`,
  )
}
