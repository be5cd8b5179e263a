import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { accessOf, type Client, claimsOf, cookieOf, type Reply } from '../faults/client.ts'
import {
  finalStatus,
  type Node,
  RECOVERED_WITHIN_MS,
  REFUSED_WITHIN_MS,
  spread,
  until,
  upTo,
} from '../faults/system.ts'
import { expectUnavailable } from '../faults/unavailable.ts'
import { type PostgresSystem, startPostgresSystem } from './system.ts'

/** So much that for half of it everything is fresh, although two heartbeats were lost before. */
const MAX_STALENESS_MS = 4000
/** Nothing hangs: the command time-out, and as much again, twice, for a busy machine. */
const ANSWERED_WITHIN_MS = 3000
const LOGOUTS = 40
/** What `/readyz` has found counts for a quarter of a second: after that it looks again. */
const READINESS_SHARED_MS = 300

let system: PostgresSystem
let nodes: Node[]
beforeAll(async () => {
  system = await startPostgresSystem({ MAX_STALENESS: String(MAX_STALENESS_MS / 1000) })
  nodes = [await system.start('express'), await system.start('fastify')]
})
afterAll(async () => {
  const { exitCodes, errors } = await system.stop()
  expect(errors).toEqual([])
  expect(exitCodes).toEqual(exitCodes.map(() => 0))
})

// What an earlier test broke is no matter of the next.
beforeEach(async () => {
  for (const node of nodes) await expectReady(node)
})

const nodeAt = (index: number): Node => nodes[index % nodes.length] as Node
const isOk = ({ status }: Reply): boolean => status === 200

async function expectServed(access: string): Promise<void> {
  for (const node of nodes) {
    const reply = await until(() => node.me(access), isOk, RECOVERED_WITHIN_MS)
    expect(reply.status).toBe(200)
  }
}

/** Within a second of now the access tokens are refused by every node, and the refresh tokens too. */
async function expectRefused(replies: readonly Reply[]): Promise<void> {
  for (const node of nodes)
    for (const reply of replies) {
      expect(await finalStatus(node, accessOf(reply))).toBe(401)
      expect((await node.refresh(cookieOf(reply))).status).toBe(401)
    }
}

const goAway = { SIGSTOP: () => system.postgres.pause(), SIGKILL: () => system.postgres.kill() }
const comeBack = { SIGSTOP: () => system.postgres.resume(), SIGKILL: () => system.postgres.restart() }

/** It comes back whatever happens, since the other tests need it. */
async function whileAway<T>(signal: keyof typeof goAway, work: () => Promise<T>): Promise<T> {
  await goAway[signal]()
  try {
    return await work()
  } finally {
    await comeBack[signal]()
  }
}

async function expectReady(node: Client): Promise<number> {
  const from = performance.now()
  const ready = await until(() => node.call('GET', '/readyz'), isOk, RECOVERED_WITHIN_MS)
  expect(ready.status).toBe(200)
  return ready.answeredAt - from
}

describe('a log-out is known to the other process within a second', () => {
  /** How long after the 204 the other node serves the token, in milliseconds. */
  async function servedFor(here: Node, there: Node, user: string): Promise<number> {
    const login = await here.login(user)
    expect((await until(() => there.me(accessOf(login)), isOk, RECOVERED_WITHIN_MS)).status).toBe(200)
    const { status, answeredAt } = await here.logout({ cookie: cookieOf(login) })
    expect(status).toBe(204)
    expect((await here.me(accessOf(login))).status).toBe(401)
    const isRefused = (reply: Reply): boolean => reply.status === 401
    const refused = await until(() => there.me(accessOf(login)), isRefused, 2 * REFUSED_WITHIN_MS, 1)
    expect(refused.status).toBe(401)
    return refused.answeredAt - answeredAt
  }

  function report(what: string, times: readonly number[]): void {
    const { p50, max } = spread(times)
    console.log(`${what}: refused by the other process after ${p50.toFixed(1)} ms (max ${max.toFixed(1)} ms)`)
    expect(max).toBeLessThan(REFUSED_WITHIN_MS)
  }

  test('by its announcement', async () => {
    const times: number[] = []
    for (const index of upTo(LOGOUTS))
      times.push(await servedFor(nodeAt(index), nodeAt(index + 1), `user${index}`))
    report('log-outs', times)
  })

  test('and without it, since the server has ended the connections that listen', async () => {
    const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'
      OR (application_name LIKE 'sallyport%' AND pid <> pg_backend_pid())`
    const times: number[] = []
    for (const index of upTo(5)) {
      expect((await system.postgres.query(end, system.url)).length).toBeGreaterThan(0)
      times.push(await servedFor(nodeAt(index), nodeAt(index + 1), `user${100 + index}`))
    }
    report('log-outs after the listening connections were ended', times)
  })
})

test('a server that crashes and comes back under load loses no session, and revives none', async () => {
  const ended = await nodeAt(0).login('user201')
  expect((await nodeAt(1).logout({ cookie: cookieOf(ended) })).status).toBe(204)
  await expectRefused([ended])

  const logins = await Promise.all(upTo(4).map((index) => nodeAt(index).login(`user${210 + index}`)))
  let going = true
  const users = logins.map(async (login, index) => {
    let latest = login
    const statuses = new Set<number>()
    for (let turn = index; going; turn++) {
      const reply = await nodeAt(turn).refresh(cookieOf(latest))
      statuses.add(reply.status)
      if (reply.status === 200) latest = reply
      else expectUnavailable(reply)
    }
    return { latest, statuses }
  })
  for (const _ of upTo(2)) {
    await sleep(300)
    await system.postgres.kill()
    await sleep(300)
    await system.postgres.restart()
    const fresh = await until(() => nodeAt(0).login('user202'), isOk, RECOVERED_WITHIN_MS)
    expect(fresh.status).toBe(200)
    await expectServed(accessOf(fresh))
  }
  going = false
  for (const { latest, statuses } of await Promise.all(users)) {
    expect([...statuses].sort()).toEqual([200, 503])
    // The answer to the last refresh may have been lost with the server: its repetition converges.
    expect((await nodeAt(1).refresh(cookieOf(latest))).status).toBe(200)
  }
  await expectRefused([ended])
})

describe.each(['SIGSTOP', 'SIGKILL'] as const)('while PostgreSQL is away (%s)', (signal) => {
  test('what is fresh is served until it is stale, all else is answered 503, and nothing hangs', async () => {
    const kept = await nodeAt(0).login('user301')
    const leaving = await nodeAt(1).login('user302')
    const ended = await nodeAt(0).login('user303')
    expect((await nodeAt(0).logout({ cookie: cookieOf(ended) })).status).toBe(204)
    await expectRefused([ended])
    await expectServed(accessOf(kept))
    await sleep(READINESS_SHARED_MS)

    const { changed, judged, awayAt } = await whileAway(signal, async () => {
      const awayAt = performance.now()
      const changes = Promise.all(
        nodes.flatMap((node) => [
          node.refresh(cookieOf(kept)),
          node.login('user304'),
          node.logout({ cookie: cookieOf(leaving) }),
          node.call('POST', '/auth/logout-all', { access: accessOf(leaving) }),
          node.call('GET', '/auth/sessions', { access: accessOf(leaving) }),
          node.call('GET', '/readyz'),
        ]),
      )
      const judged: Reply[] = []
      while (performance.now() - awayAt < MAX_STALENESS_MS + 1000)
        for (const node of nodes) {
          judged.push(await node.me(accessOf(kept)))
          expect((await node.me(accessOf(ended))).status).toBe(401)
          await sleep(20)
        }
      return { changed: await changes, judged, awayAt }
    })
    for (const reply of changed) expectUnavailable(reply)
    const waits = [...changed, ...judged].map(({ sentAt, answeredAt }) => answeredAt - sentAt)
    console.log(
      `while PostgreSQL is away (${signal}): answered after at most ${Math.max(...waits).toFixed(0)} ms`,
    )
    expect(Math.max(...waits)).toBeLessThan(ANSWERED_WITHIN_MS)
    for (const { sentAt, status } of judged)
      if (sentAt - awayAt < MAX_STALENESS_MS / 2) expect(status).toBe(200)
    const stale = judged.filter(({ sentAt }) => sentAt - awayAt >= MAX_STALENESS_MS)
    expect(stale.length).toBeGreaterThan(0)
    for (const reply of stale) expectUnavailable(reply)

    await expectServed(accessOf(kept))
    await expectRefused([ended])
    expect((await nodeAt(1).refresh(cookieOf(kept))).status).toBe(200)
    expect((await nodeAt(0).logout({ cookie: cookieOf(leaving) })).status).toBe(204)
    await expectRefused([leaving])
  })

  test('a server that starts waits for it, and one that ends does not', async () => {
    const login = await nodeAt(0).login('user1')
    const node = await whileAway(signal, async () => {
      const started = await system.start('koa')
      expect((await started.call('GET', '/healthz')).status).toBe(200)
      expectUnavailable(await started.call('GET', '/readyz'))
      expectUnavailable(await started.login('user1'))
      expect(await nodeAt(0).process.stop()).toBe(0)
      return started
    })
    nodes = [...nodes.slice(1), node]
    console.log(`ready after PostgreSQL came (${signal}): ${(await expectReady(node)).toFixed(0)} ms`)
    expect((await node.refresh(cookieOf(login))).status).toBe(200)
  })
})

test('a database that is set back to a backup revives nothing that was revoked since', async () => {
  const logins = await Promise.all(upTo(6).map((index) => nodeAt(0).login(`user${400 + index}`)))
  const [kept, one, other, ...all] = logins as [Reply, Reply, Reply, ...Reply[]]
  const setBack = await system.postgres.backUp()
  for (const node of nodes) await expectReady(node)
  await expectServed(accessOf(kept))

  expect((await nodeAt(0).logout({ cookie: cookieOf(one) })).status).toBe(204)
  expect((await nodeAt(1).logout({ access: accessOf(other) })).status).toBe(204)
  for (const reply of all)
    expect((await nodeAt(1).call('POST', '/auth/logout-all', { access: accessOf(reply) })).status).toBe(204)
  const revoked = [one, other, ...all]
  await expectRefused(revoked)

  await setBack()
  for (const node of nodes) {
    await expectReady(node)
    const fresh = await until(() => node.login('user450'), isOk, RECOVERED_WITHIN_MS)
    await expectServed(accessOf(fresh))
  }
  // The sessions that came back with the data are ended again, so that whoever has never heard of them refuses as well.
  const isEnded = (rows: readonly object[]): boolean => rows.length === 0
  const ids = revoked.map((reply) => `'${claimsOf(accessOf(reply)).sid}'`).join()
  const alive = `SELECT id FROM sallyport.sessions WHERE ended_at IS NULL AND id IN (${ids})`
  expect(await until(() => system.postgres.query(alive, system.url), isEnded, RECOVERED_WITHIN_MS)).toEqual(
    [],
  )
  await expectRefused(revoked)
  expect((await nodeAt(0).refresh(cookieOf(kept))).status).toBe(200)
})
