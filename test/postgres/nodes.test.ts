import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { accessOf, type Client, cookieOf, type Reply } from '../faults/client.ts'
import {
  expectUnavailable,
  finalStatus,
  type Node,
  RECOVERED_WITHIN_MS,
  REFUSED_WITHIN_MS,
  spread,
  until,
  upTo,
} from '../faults/system.ts'
import { type PostgresSystem, startPostgresSystem } from './system.ts'

const MAX_STALENESS_MS = 2000
/** The command time-out, and some. */
const ANSWERED_WITHIN_MS = 1500
const LOGOUTS = 40

/** A system that ends with its test; its nodes must have ended well and said nothing on standard error. */
async function systemOf(env: Readonly<Record<string, string>> = {}): Promise<PostgresSystem> {
  const system = await startPostgresSystem(env)
  onTestFinished(async () => {
    await system.postgres.resume()
    const { exitCodes, errors } = await system.stop()
    expect(errors).toEqual([])
    expect(exitCodes).toEqual(exitCodes.map(() => 0))
  })
  return system
}

const isOk = ({ status }: Reply): boolean => status === 200

async function expectServed(nodes: readonly Client[], access: string): Promise<void> {
  for (const node of nodes) {
    const reply = await until(() => node.me(access), isOk, RECOVERED_WITHIN_MS)
    expect(reply.status).toBe(200)
  }
}

/** Within a second of now the access tokens are refused by every node, and the refresh tokens too. */
async function expectRefused(nodes: readonly Client[], replies: readonly Reply[]): Promise<void> {
  for (const node of nodes)
    for (const reply of replies) {
      expect(await finalStatus(node, accessOf(reply))).toBe(401)
      expect((await node.refresh(cookieOf(reply))).status).toBe(401)
    }
}

/** How long after the 204 of a log-out the other node serves its token, in milliseconds. */
async function servedFor(here: Node, there: Node, user: string): Promise<number> {
  const login = await here.login(user)
  expect((await there.me(accessOf(login))).status).toBe(200)
  const { status, answeredAt } = await here.logout({ cookie: cookieOf(login) })
  expect(status).toBe(204)
  expect((await here.me(accessOf(login))).status).toBe(401)
  const refused = await until(
    () => there.me(accessOf(login)),
    (reply) => reply.status === 401,
    2 * REFUSED_WITHIN_MS,
    1,
  )
  expect(refused.status).toBe(401)
  return refused.answeredAt - answeredAt
}

function report(what: string, times: readonly number[]): void {
  const { p50, max } = spread(times)
  console.log(`${what}: refused by the other process after ${p50.toFixed(1)} ms (max ${max.toFixed(1)} ms)`)
  expect(max).toBeLessThan(REFUSED_WITHIN_MS)
}

/** The connections that listen are ended by the server, as when it drops them or a firewall does. */
function endListeners({ postgres, url }: PostgresSystem): Promise<readonly object[]> {
  const listening = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'
    OR application_name LIKE 'sallyport%' AND pid <> pg_backend_pid()`
  return postgres.query(listening, url)
}

test('a log-out is known to the other process within a second, with and without its announcement', async () => {
  const system = await systemOf()
  const [here, there] = [await system.start('express'), await system.start('fastify')]
  const told: number[] = []
  for (const index of upTo(LOGOUTS)) told.push(await servedFor(here, there, `user${index}`))
  report('log-outs', told)

  const untold: number[] = []
  for (const index of upTo(5)) {
    const ended = await endListeners(system)
    expect(ended.length).toBeGreaterThan(0)
    untold.push(await servedFor(here, there, `user${100 + index}`))
  }
  report('log-outs after the listening connections were ended', untold)
})

test('a server that crashes and comes back under load loses no session, and revives none', async () => {
  const system = await systemOf()
  const nodes = [await system.start('koa'), await system.start('express')] as const
  const ended = await nodes[0].login('user1')
  expect((await nodes[1].logout({ cookie: cookieOf(ended) })).status).toBe(204)
  await expectRefused(nodes, [ended])

  let going = true
  const users = upTo(8).map(async (index) => {
    let latest = await nodes[0].login(`user${10 + index}`)
    const statuses = new Set<number>()
    for (let turn = index; going; turn++) {
      const reply = await (nodes[turn % 2] as Node).refresh(cookieOf(latest))
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
    const fresh = await until(() => nodes[0].login('user2'), isOk, RECOVERED_WITHIN_MS)
    expect(fresh.status).toBe(200)
  }
  await expectServed(nodes, accessOf(await nodes[1].login('user3')))
  going = false
  for (const { latest, statuses } of await Promise.all(users)) {
    expect([...statuses].sort()).toEqual([200, 503])
    // The answer to the last refresh may have been lost with the server: its repetition converges.
    expect((await nodes[1].refresh(cookieOf(latest))).status).toBe(200)
  }
  await expectRefused(nodes, [ended])
})

describe.each(['SIGSTOP', 'SIGKILL'] as const)('while PostgreSQL is away (%s)', (signal) => {
  test('what is fresh is served until it is stale, all else is answered 503, and nothing hangs', async () => {
    const system = await systemOf({ MAX_STALENESS: String(MAX_STALENESS_MS / 1000) })
    const nodes = [await system.start('fastify'), await system.start('koa')] as const
    const kept = await nodes[0].login('user1')
    const leaving = await nodes[1].login('user2')
    const ended = await nodes[0].login('user3')
    expect((await nodes[0].logout({ cookie: cookieOf(ended) })).status).toBe(204)
    await expectRefused(nodes, [ended])
    await expectServed(nodes, accessOf(kept))

    if (signal === 'SIGSTOP') await system.postgres.pause()
    else await system.postgres.kill()
    const awayAt = performance.now()
    const changes = Promise.all(
      nodes.flatMap((node) => [
        node.refresh(cookieOf(kept)),
        node.login('user4'),
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
        const refused = await node.me(accessOf(ended))
        expect(refused.status).toBe(401)
        await sleep(20)
      }
    for (const reply of await changes) expectUnavailable(reply)
    const slowest = Math.max(
      ...[...(await changes), ...judged].map(({ sentAt, answeredAt }) => answeredAt - sentAt),
    )
    expect(slowest).toBeLessThan(ANSWERED_WITHIN_MS)
    const sentBetween = (from: number, to: number): readonly Reply[] =>
      judged.filter(({ sentAt }) => sentAt - awayAt >= from && sentAt - awayAt < to)
    for (const reply of sentBetween(0, MAX_STALENESS_MS / 2)) expect(reply.status).toBe(200)
    const stale = sentBetween(MAX_STALENESS_MS, Number.POSITIVE_INFINITY)
    expect(stale.length).toBeGreaterThan(0)
    for (const reply of stale) expectUnavailable(reply)

    if (signal === 'SIGSTOP') await system.postgres.resume()
    else await system.postgres.restart()
    await expectServed(nodes, accessOf(kept))
    await expectRefused(nodes, [ended])
    expect((await nodes[1].refresh(cookieOf(kept))).status).toBe(200)
    expect((await nodes[0].logout({ cookie: cookieOf(leaving) })).status).toBe(204)
    await expectRefused(nodes, [leaving])
  })

  test('a server that starts waits for it, and one that ends does not', async () => {
    const system = await systemOf()
    const before = await system.start('express')
    const login = await before.login('user1')
    if (signal === 'SIGSTOP') await system.postgres.pause()
    else await system.postgres.kill()

    const node = await system.start('koa')
    expect((await node.call('GET', '/healthz')).status).toBe(200)
    expectUnavailable(await node.call('GET', '/readyz'))
    expectUnavailable(await node.login('user1'))
    const running = before.refresh(cookieOf(login))
    await sleep(20)
    expect(await before.process.stop()).toBe(0)
    expectUnavailable(await running)

    if (signal === 'SIGSTOP') await system.postgres.resume()
    else await system.postgres.restart()
    const cameAt = performance.now()
    const ready = await until(() => node.call('GET', '/readyz'), isOk, RECOVERED_WITHIN_MS)
    expect(ready.status).toBe(200)
    console.log(`ready after PostgreSQL came (${signal}): ${(ready.answeredAt - cameAt).toFixed(0)} ms`)
    expect((await node.refresh(cookieOf(login))).status).toBe(200)
  })
})

test('a database that is set back to a backup revives nothing that was revoked since', async () => {
  const system = await systemOf()
  const nodes = [await system.start('express'), await system.start('fastify')] as const
  const logins = await Promise.all(upTo(6).map((index) => nodes[0].login(`user${index}`)))
  const [kept, one, other, ...all] = logins as [Reply, Reply, Reply, ...Reply[]]
  const setBack = await system.postgres.backUp()
  await expectServed(nodes, accessOf(kept))
  await until(() => nodes[0].call('GET', '/readyz'), isOk, RECOVERED_WITHIN_MS)

  expect((await nodes[0].logout({ cookie: cookieOf(one) })).status).toBe(204)
  expect((await nodes[1].logout({ access: accessOf(other) })).status).toBe(204)
  for (const reply of all)
    expect((await nodes[1].call('POST', '/auth/logout-all', { access: accessOf(reply) })).status).toBe(204)
  const revoked = [one, other, ...all]
  await expectRefused(nodes, revoked)

  await setBack()
  // Put back within the second in which the contract wants a revocation known everywhere.
  const again = await Promise.all(
    nodes.map((node) => until(() => node.login('user50'), isOk, RECOVERED_WITHIN_MS)),
  )
  for (const reply of again) await expectServed(nodes, accessOf(reply))
  const newcomer = await system.start('koa')
  await until(() => newcomer.call('GET', '/readyz'), isOk, RECOVERED_WITHIN_MS)
  await expectRefused([...nodes, newcomer], revoked)
  expect((await newcomer.refresh(cookieOf(kept))).status).toBe(200)
})
