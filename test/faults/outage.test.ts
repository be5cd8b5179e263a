import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { accessOf, type Client, claimsOf, cookieOf, type Reply } from './client.ts'
import { finalStatus, type Node, RECOVERED_WITHIN_MS, type System, startSystem, until } from './system.ts'
import { expectUnavailable } from './unavailable.ts'

/** A system that ends with its test; its nodes must have ended well and said nothing on standard error. */
async function systemOf(env: Readonly<Record<string, string>>): Promise<System> {
  const system = await startSystem(env)
  onTestFinished(async () => {
    const { exitCodes, errors } = await system.stop()
    expect(errors).toEqual([])
    expect(exitCodes).toEqual(exitCodes.map(() => 0))
  })
  return system
}

async function statuses(nodes: readonly Client[], access: string): Promise<readonly number[]> {
  return Promise.all(nodes.map(async (node) => (await node.me(access)).status))
}

/** Waits for the first log-in that works, and gives it with the time that it took. */
async function loginAgain(
  node: Client,
  user: string,
): Promise<{ readonly reply: Reply; readonly afterMs: number }> {
  const from = performance.now()
  const ok = ({ status }: Reply): boolean => status === 200
  const reply = await until(() => node.login(user), ok, RECOVERED_WITHIN_MS)
  expect(reply.status).toBe(200)
  return { reply, afterMs: reply.answeredAt - from }
}

test('a Redis that dies and comes back empty revives nothing, and ends nothing that was not revoked', async () => {
  const system = await systemOf({ ACCESS_TTL: '7' })
  const nodes = [await system.start('koa'), await system.start('fastify')] as const
  const [koa, fastify] = nodes
  const ended = await koa.login('user1')
  const everywhere = [await koa.login('user2'), await fastify.login('user2')]
  const kept = await fastify.login('user3')
  expect(await statuses(nodes, accessOf(kept))).toEqual([200, 200])
  expect((await koa.logout({ cookie: cookieOf(ended) })).status).toBe(204)
  const all = await fastify.call('POST', '/auth/logout-all', { access: accessOf(everywhere[0] as Reply) })
  expect(all.status).toBe(204)
  const revoked = [ended, ...everywhere]
  await expectRefused(nodes, revoked)

  system.redis.kill()
  await sleep(100)
  for (const node of nodes) {
    expectUnavailable(await node.login('user4'))
    expect((await node.me(accessOf(kept))).status).toBe(200)
    for (const reply of revoked) expect((await node.me(accessOf(reply))).status).toBe(401)
  }

  await system.redis.restartEmpty()
  const again = await Promise.all(nodes.map((node) => loginAgain(node, 'user4')))
  const third = await system.start('express')
  const three = [...nodes, third]
  await expectRefused(three, revoked)
  for (const { reply } of again) expect(await statuses(three, accessOf(reply))).toEqual([200, 200, 200])
  const waits = again.map(({ afterMs }) => `${afterMs.toFixed(0)} ms`).join(', ')
  console.log(`log-in after Redis came back empty: ${waits}`)

  // The session is forgotten, but what was signed for it is good until it ends, and no longer.
  const { exp } = claimsOf(accessOf(kept))
  while (Date.now() < exp * 1000 - 500) {
    expect(await statuses(three, accessOf(kept))).toEqual([200, 200, 200])
    await sleep(50)
  }
  await sleep(exp * 1000 - Date.now() + 5)
  expect(await statuses(three, accessOf(kept))).toEqual([401, 401, 401])
})

test('processes that come back to an empty Redis agree with one that started on it meanwhile', async () => {
  const system = await systemOf({})
  const [koa, express] = [await system.start('koa'), await system.start('express')]
  const kept = await koa.login('user1')
  const ended = await express.login('user1')
  expect((await express.logout({ cookie: cookieOf(ended) })).status).toBe(204)
  await expectRefused([koa, express], [ended])

  // The new one finds neither keys nor revocations, and makes a key of its own.
  for (const node of [koa, express]) process.kill(node.process.pid, 'SIGSTOP')
  await system.redis.restartEmpty()
  const newcomer = await system.start('fastify')
  const fresh = await newcomer.login('user2')
  for (const node of [koa, express]) process.kill(node.process.pid, 'SIGCONT')

  const nodes = [koa, express, newcomer]
  const agreed = async (): Promise<readonly number[]> =>
    (await Promise.all([kept, fresh].map((reply) => statuses(nodes, accessOf(reply))))).flat()
  const seen = await until(agreed, (all) => all.every((status) => status === 200), RECOVERED_WITHIN_MS)
  expect(seen).toEqual(seen.map(() => 200))
  await expectRefused(nodes, [ended])
  expect((await express.refresh(cookieOf(fresh))).status).toBe(200)
})

test('in strict mode a log-out is known everywhere at once, and nothing is served without Redis', async () => {
  const system = await systemOf({ REVOCATION: 'strict' })
  const nodes = [await system.start('express'), await system.start('fastify')] as const
  const [here, there] = nodes
  const kept = await here.login('user1')
  const ended = await there.login('user2')
  expect(await statuses(nodes, accessOf(ended))).toEqual([200, 200])
  expect((await here.logout({ access: accessOf(ended) })).status).toBe(204)
  expect(await statuses(nodes, accessOf(ended))).toEqual([401, 401])

  system.redis.kill()
  await sleep(20)
  const refused = await Promise.all(nodes.map((node) => node.me(accessOf(kept))))
  for (const reply of refused) expectUnavailable(reply)
  const slowest = Math.max(...refused.map(({ sentAt, answeredAt }) => answeredAt - sentAt))
  console.log(`strict mode without Redis: 503 after at most ${slowest.toFixed(1)} ms`)

  await system.redis.restartEmpty()
  const seen = await until(
    () => statuses(nodes, accessOf(kept)),
    (all) => all.every((status) => status === 200),
    RECOVERED_WITHIN_MS,
  )
  expect(seen).toEqual([200, 200])
  await expectRefused(nodes, [ended])
})

test.each(['SIGKILL', 'SIGSTOP'] as const)(
  'a server that starts while Redis is away (%s) waits for it',
  async (signal) => {
    const system = await systemOf({})
    system.redis.kill(signal)
    await sleep(50)
    const node = await system.start('koa')
    expect((await node.call('GET', '/healthz')).status).toBe(200)
    expectUnavailable(await node.call('GET', '/readyz'))
    expectUnavailable(await node.login('user1'))

    if (signal === 'SIGKILL') await system.redis.restartEmpty()
    else system.redis.kill('SIGCONT')
    const from = performance.now()
    const ready = await until(
      () => node.call('GET', '/readyz'),
      ({ status }) => status === 200,
      RECOVERED_WITHIN_MS,
    )
    expect(ready.status).toBe(200)
    console.log(`ready after Redis came (${signal}): ${(ready.answeredAt - from).toFixed(0)} ms`)
    const { reply } = await loginAgain(node, 'user1')
    expect((await node.me(accessOf(reply))).status).toBe(200)
    expect((await node.refresh(cookieOf(reply))).status).toBe(200)
  },
)

test.each(['SIGKILL', 'SIGSTOP'] as const)(
  'SIGTERM ends a server well while Redis is away (%s)',
  async (signal) => {
    const system = await systemOf({})
    const nodes: readonly Node[] = [await system.start('express'), await system.start('fastify')]
    const cookies = await Promise.all(nodes.map(async (node) => cookieOf(await node.login('user1'))))
    system.redis.kill(signal)
    const running = nodes.map((node, index) => node.refresh(cookies[index] ?? ''))
    await sleep(20)
    const codes = await Promise.all(nodes.map((node) => node.process.stop()))
    expect(codes).toEqual([0, 0])
    // What was being asked is answered before the end.
    for (const reply of await Promise.all(running)) expectUnavailable(reply)
  },
)

/** Within a second of now the access tokens are refused by every node, and their refresh cookies too. */
async function expectRefused(nodes: readonly Client[], replies: readonly Reply[]): Promise<void> {
  for (const node of nodes)
    for (const reply of replies) {
      expect(await finalStatus(node, accessOf(reply))).toBe(401)
      expect((await node.refresh(cookieOf(reply))).status).toBe(401)
    }
}
