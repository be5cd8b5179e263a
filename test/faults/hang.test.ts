import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accessOf, cookieOf, type Reply } from './client.ts'
import { openApplication, signIn } from './in-process.ts'
import { isLong, TEST_TIMEOUT_MS } from './rounds.ts'
import { type Node, RECOVERED_WITHIN_MS, type System, startSystem, until } from './system.ts'
import { expectUnavailable } from './unavailable.ts'

/** So much that for half of it everything is fresh, although two heartbeats were lost before. */
const MAX_STALENESS_MS = 4000
const HANGS_MS = isLong ? [5000, 30_000] : [5000]
/** The command time-out, and some. */
const ANSWERED_WITHIN_MS = 1500

let system: System
let nodes: readonly [Node, Node]

async function start(env: Readonly<Record<string, string>>): Promise<void> {
  system = await startSystem({ MAX_STALENESS: String(MAX_STALENESS_MS / 1000), ...env })
  nodes = [await system.start('fastify'), await system.start('koa')]
}

async function stop(): Promise<void> {
  system.redis.kill('SIGCONT')
  const { exitCodes, errors } = await system.stop()
  expect(errors).toEqual([])
  expect(exitCodes).toEqual([0, 0])
}

/** Asks every node for `/api/me`, again and again, until it is told to stop. */
function askOn(access: string): { stop(): Promise<readonly Reply[]> } {
  let going = true
  const asking = nodes.map(async (node) => {
    const replies: Promise<Reply>[] = []
    while (going) {
      replies.push(node.me(access))
      await sleep(50)
    }
    return Promise.all(replies)
  })
  return {
    async stop() {
      going = false
      return (await Promise.all(asking)).flat()
    },
  }
}

function expectPrompt(replies: readonly Reply[]): number {
  const slowest = Math.max(...replies.map(({ sentAt, answeredAt }) => answeredAt - sentAt))
  expect(slowest).toBeLessThan(ANSWERED_WITHIN_MS)
  return slowest
}

describe('while Redis hangs', () => {
  beforeAll(() => start({}))
  afterAll(stop)

  test.each(HANGS_MS)(
    'for %i ms: what is fresh is served, all else is answered 503, nothing waits',
    async (hangMs) => {
      const [first, second] = nodes
      const kept = await second.refresh(cookieOf(await first.login('user1')))
      const leaving = await second.login('user2')
      const ended = await first.login('user3')
      expect((await first.logout({ cookie: cookieOf(ended) })).status).toBe(204)
      await sleep(1000)

      system.redis.kill('SIGSTOP')
      const hungAt = performance.now()
      const valid = askOn(accessOf(kept))
      const revoked = askOn(accessOf(ended))
      const changes = await Promise.all(
        nodes.flatMap((node) => [
          node.refresh(cookieOf(kept)),
          node.login('user4'),
          node.login('alice'),
          node.logout({ cookie: cookieOf(leaving) }),
          node.logout({ access: accessOf(leaving) }),
          node.call('POST', '/auth/logout-all', { access: accessOf(leaving) }),
          node.call('GET', '/auth/sessions', { access: accessOf(leaving) }),
          node.call('GET', '/readyz'),
        ]),
      )
      for (const reply of changes) expectUnavailable(reply)
      expect((await first.call('GET', '/healthz')).status).toBe(200)
      await sleep(hangMs - (performance.now() - hungAt))
      const judged = await valid.stop()
      const refused = await revoked.stop()

      const slowest = expectPrompt([...changes, ...judged, ...refused])
      for (const reply of refused) expect(reply.status).toBe(401)
      const sentBetween = (from: number, to: number): readonly Reply[] =>
        judged.filter(({ sentAt }) => sentAt - hungAt >= from && sentAt - hungAt < to)
      for (const reply of sentBetween(0, MAX_STALENESS_MS / 2)) expect(reply.status).toBe(200)
      for (const reply of sentBetween(MAX_STALENESS_MS / 2, MAX_STALENESS_MS))
        expect([200, 503]).toContain(reply.status)
      const stale = sentBetween(MAX_STALENESS_MS, Number.POSITIVE_INFINITY)
      expect(stale.length).toBeGreaterThan(0)
      for (const reply of stale) expectUnavailable(reply)
      const lastServed = Math.max(
        ...judged.filter(({ status }) => status === 200).map(({ sentAt }) => sentAt),
      )
      console.log(
        `Redis hangs ${hangMs} ms: slowest answer ${slowest.toFixed(0)} ms, tokens served for ${(lastServed - hungAt).toFixed(0)} ms of ${MAX_STALENESS_MS}`,
      )

      system.redis.kill('SIGCONT')
      const took = await recover(async () => (await first.me(accessOf(kept))).status)
      await recover(async () => (await second.me(accessOf(kept))).status)
      console.log(`Redis goes on: served again after ${took.toFixed(0)} ms`)
      for (const node of nodes) {
        expect((await node.me(accessOf(ended))).status).toBe(401)
        expect((await node.call('GET', '/readyz')).status).toBe(200)
        expect((await node.login('user4')).status).toBe(200)
      }
      const repeated = await second.refresh(cookieOf(kept))
      expect(repeated.status).toBe(200)
      expect((await first.refresh(cookieOf(repeated))).status).toBe(200)
      expect((await first.logout({ cookie: cookieOf(leaving) })).status).toBe(204)
      expect((await second.refresh(cookieOf(leaving))).status).toBe(401)
    },
    TEST_TIMEOUT_MS,
  )
})

describe('while Redis hangs, in strict mode', () => {
  beforeAll(() => start({ REVOCATION: 'strict' }))
  afterAll(stop)

  test('no token is served, and nothing hangs', async () => {
    const kept = await nodes[0].login('user1')
    system.redis.kill('SIGSTOP')
    const replies = await Promise.all(nodes.map((node) => node.me(accessOf(kept))))
    for (const reply of replies) expectUnavailable(reply)
    expectPrompt(replies)
    system.redis.kill('SIGCONT')
    await recover(async () => (await nodes[0].me(accessOf(kept))).status)
    await recover(async () => (await nodes[1].me(accessOf(kept))).status)
  })
})

describe('what was sent while Redis hung and answered 503', () => {
  beforeAll(() => start({ REUSE_GRACE: '0' }))
  afterAll(stop)

  /** Lets Redis hang while something is asked of it. */
  async function duringHang<T>(ask: () => Promise<T>): Promise<T> {
    // Redis must know the scripts: it carries out what lies in its socket when it goes on.
    await nodes[1].refresh(cookieOf(await nodes[1].login('user2')))
    system.redis.kill('SIGSTOP')
    const answer = await ask()
    system.redis.kill('SIGCONT')
    for (const node of nodes) await recover(async () => (await node.call('GET', '/readyz')).status)
    return answer
  }

  test('a refresh has not happened: its cookie is still good, once', async () => {
    const [first, second] = nodes
    const login = await first.login('user1')
    const refused = await duringHang(() => first.refresh(cookieOf(login)))
    expectUnavailable(refused)
    expectPrompt([refused])
    expect((await second.refresh(cookieOf(login))).status).toBe(200)
    expect((await first.refresh(cookieOf(login))).status).toBe(401)
  })

  test('a sign-in has not happened: it left no session behind', async () => {
    const application = await openApplication(system)
    try {
      expect(await duringHang(() => signIn(application, 'somebody'))).toMatchObject({
        status: 503,
        cookie: '',
      })
      expect(await application.sessions.list('somebody')).toEqual([])
    } finally {
      await application.close()
    }
  })
})

/** Waits until a status is 200 again, and gives the time that it took. */
async function recover(status: () => Promise<number>): Promise<number> {
  const from = performance.now()
  expect(await until(status, (one) => one === 200, RECOVERED_WITHIN_MS)).toBe(200)
  return performance.now() - from
}
