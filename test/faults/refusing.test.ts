import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { redisClient } from '../support/redis-client.ts'
import { accessOf, type Client, cookieOf, type Reply } from './client.ts'
import { type Node, RECOVERED_WITHIN_MS, type System, startSystem, until } from './system.ts'
import { expectUnavailable } from './unavailable.ts'

const MAX_STALENESS_MS = 1000
const NOTICE = /SallyportNotice: Redis refuses a command with ([A-Z]+): it counts as away/

interface Fault {
  readonly what: string
  readonly code: string
  readonly begin: readonly [string, ...string[]]
  readonly end: readonly [string, ...string[]]
}

const faults: readonly Fault[] = [
  {
    what: 'is out of memory',
    code: 'OOM',
    begin: ['CONFIG', 'SET', 'maxmemory', '1'],
    end: ['CONFIG', 'SET', 'maxmemory', '0'],
  },
  {
    what: 'is read-only',
    code: 'READONLY',
    begin: ['REPLICAOF', '127.0.0.1', '1'],
    end: ['REPLICAOF', 'NO', 'ONE'],
  },
  {
    what: 'forbids the scripts',
    code: 'NOPERM',
    begin: ['ACL', 'SETUSER', 'default', '-evalsha', '-eval'],
    end: ['ACL', 'SETUSER', 'default', '+evalsha', '+eval'],
  },
]

let system: System
let nodes: readonly [Node, Node]
let redis: Redis

beforeAll(async () => {
  system = await startSystem({ MAX_STALENESS: String(MAX_STALENESS_MS / 1000) })
  nodes = [await system.start('koa'), await system.start('express')]
  redis = redisClient(system.redis)
})

afterAll(async () => {
  redis.disconnect()
  const { exitCodes, errors } = await system.stop()
  expect(exitCodes).toEqual([0, 0])
  // The operator is told what is wrong, once a node and fault, with no more than the code.
  const told = errors.filter((line) => !line.includes('--trace-warnings'))
  expect(told.filter((line) => !NOTICE.test(line))).toEqual([])
  for (const { code } of faults)
    expect(told.filter((line) => line.includes(` ${code}: `))).toHaveLength(nodes.length)
})

for (const [index, { what, begin, end }] of faults.entries())
  test(`a Redis that ${what} counts as away, and everything works again once it is over`, async () => {
    const [first, second] = nodes
    const kept = await first.login('user1')
    const ended = await second.login('user2')
    expect((await second.logout({ cookie: cookieOf(ended) })).status).toBe(204)

    await redis.call(...begin)
    for (const node of nodes)
      for (const reply of await Promise.all(changes(node, kept))) expectUnavailable(reply)
    // Now they know no news for too long, and ask about each token; Redis may still answer that.
    await sleep(MAX_STALENESS_MS + 300)
    for (const node of nodes) {
      expect([200, 503]).toContain((await node.me(accessOf(kept))).status)
      expect((await node.me(accessOf(ended))).status).toBe(401)
    }

    await redis.call(...end)
    for (const node of nodes) {
      const served = await until(() => node.login('user3'), isServed, RECOVERED_WITHIN_MS)
      expect(served.status).toBe(200)
      const judged = await until(() => node.me(accessOf(kept)), isServed, RECOVERED_WITHIN_MS)
      expect(judged.status).toBe(200)
      expect((await node.me(accessOf(ended))).status).toBe(401)
    }
    // The next fault is another outage once this one was told to be over.
    for (const { process } of nodes) {
      const endings = () => process.errors.filter((line) => line.includes('Redis serves again')).length
      expect(
        await until(
          async () => endings(),
          (count) => count === index + 1,
          RECOVERED_WITHIN_MS,
        ),
      ).toBe(index + 1)
    }
    const repeated = await second.refresh(cookieOf(kept))
    expect(repeated.status).toBe(200)
    expect((await first.logout({ cookie: cookieOf(repeated) })).status).toBe(204)
  })

function changes(node: Client, kept: Reply): readonly Promise<Reply>[] {
  return [
    node.login('user3'),
    node.refresh(cookieOf(kept)),
    node.logout({ cookie: cookieOf(kept) }),
    node.logout({ access: accessOf(kept) }),
    node.call('POST', '/auth/logout-all', { access: accessOf(kept) }),
  ]
}

function isServed({ status }: Reply): boolean {
  return status === 200
}
