import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Revocation } from '@sallyport/core'
import { type RevocationStore, sessionIdFrom, tagOf } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import type { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ServerProcess, startProgram } from '../support/processes.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { storeContext } from '../support/store-context.ts'
import { rounds, TEST_TIMEOUT_MS } from './rounds.ts'
import { until, upTo } from './system.ts'

const NODES = 3
const SHARDS = 16
/** Nothing of this is about the machine's pace. */
const BACK_WITHIN_MS = 60_000
const secret = randomBytes(32).toString('base64url')

type Kind = 'sessions' | 'tokens' | 'mixed'

let redis: RedisServer
let admin: Redis
let nodes: ServerProcess[]

beforeEach(async () => {
  redis = await startRedis()
  admin = redisClient(redis)
  nodes = []
})
afterEach(async () => {
  const codes = await Promise.all(nodes.map((node) => node.stop()))
  admin.disconnect()
  await redis.stop()
  expect(codes).toEqual(codes.map(() => 0))
})

function make(kind: Kind, index: number): Revocation {
  const tag = tagOf(`user ${index}`)
  const session = sessionIdFrom(tag, randomBytes(16).toString('base64url'))
  switch (kind === 'mixed' ? index % 5 : kind === 'sessions' ? 0 : 1) {
    case 0:
      return { kind: 'session', session }
    case 1:
      return { kind: 'token', jti: randomBytes(16).toString('base64url') }
    case 2:
      return { kind: 'subject', tag, notBefore: Math.floor(Date.now() / 1000) }
    case 3:
      return { kind: 'generation', session, generation: 3 }
    default:
      return { kind: 'token', jti: `https://issuer.example ${index}` }
  }
}

async function put(revocations: RevocationStore, made: readonly Revocation[]): Promise<void> {
  const byShard = upTo(SHARDS).map((shard) => made.filter((one) => revocations.shardOf(one) === shard))
  for (const [shard, some] of byShard.entries())
    expect(await revocations.assert(shard, some, Date.now())).toEqual({ kind: 'asserted' })
}

/** All that the feeds hold. */
async function members(): Promise<string[]> {
  const feeds = await Promise.all(
    upTo(SHARDS).map((shard) => admin.zrangeBuffer(`sp:{${shard.toString(16)}}:r`, '0', '-1')),
  )
  return feeds.flat().map((member) => member.toString('latin1'))
}

const count = async (): Promise<number> => {
  const counts = await Promise.all(upTo(SHARDS).map((shard) => admin.zcard(`sp:{${shard.toString(16)}}:r`)))
  return counts.reduce((sum, one) => sum + one, 0)
}

/** Nodes that know so many live revocations, which are what they find in Redis. */
async function known(kind: Kind): Promise<ReadonlySet<string>> {
  const store = await redisStore({ url: redis.url }).open(storeContext)
  await put(
    store.revocations,
    upTo(rounds.liveRevocations).map((index) => make(kind, index)),
  )
  await store.close()
  const environment = { SECRET: secret, REDIS_URL: redis.url }
  nodes.push(
    ...(await Promise.all(upTo(NODES).map(() => startProgram('test/faults/follower-node.mjs', environment)))),
  )
  const all = new Set(await members())
  expect(all.size).toBe(rounds.liveRevocations)
  return all
}

/** Waits until everything is back, and tells how long that took. */
async function back(expected: ReadonlySet<string>): Promise<number> {
  const began = performance.now()
  expect(await until(count, (found) => found >= expected.size, BACK_WITHIN_MS, 50)).toBe(expected.size)
  expect(new Set(await members())).toEqual(expected)
  return Math.round(performance.now() - began)
}

const leases = (): Promise<string[]> => admin.keys('sp:*:l')

describe('a Redis that was emptied under three processes gets everything back', () => {
  test.each(['sessions', 'tokens', 'mixed'] as const)(
    'that is revoked: %s',
    async (kind) => {
      const all = await known(kind)
      for (const { url } of nodes) await fetch(`${url}/test/stall`)
      await admin.flushall()
      const took = await back(all)
      const stalls = await Promise.all(
        nodes.map(
          async ({ url }) => JSON.parse(await (await fetch(`${url}/test/stall`)).text()).longestStallMs,
        ),
      )
      const longest = Math.max(...stalls)
      console.log(`${all.size} ${kind}: back after ${took} ms, longest stall ${longest.toFixed(0)} ms`)
      await until(leases, (held) => held.length === 0, BACK_WITHIN_MS)
    },
    TEST_TIMEOUT_MS,
  )

  test(
    'also when it is killed again in the middle, twice',
    async () => {
      const all = await known('mixed')
      await redis.restartEmpty()
      for (const _ of upTo(2)) {
        await until(count, (found) => found > all.size / 10, BACK_WITHIN_MS, 5)
        await redis.restartEmpty()
      }
      await back(all)
    },
    TEST_TIMEOUT_MS,
  )

  test.each(upTo(NODES))(
    'also when process %i is stopped in the middle, whatever it has claimed',
    async (index) => {
      const all = await known('mixed')
      await admin.flushall()
      await until(leases, (held) => held.length > 0, BACK_WITHIN_MS, 1)
      const { pid } = nodes[index] as ServerProcess
      process.kill(pid, 'SIGSTOP')
      try {
        await back(all)
      } finally {
        process.kill(pid, 'SIGCONT')
      }
      await sleep(500)
      expect(new Set(await members())).toEqual(all)
    },
    TEST_TIMEOUT_MS,
  )
})

test(
  'a process that starts right after a Redis was emptied knows what the others knew when it serves',
  async () => {
    const all = await known('sessions')
    for (const _ of upTo(rounds.newcomers)) {
      await admin.flushall()
      const newcomer = await startProgram('test/faults/follower-node.mjs', {
        SECRET: secret,
        REDIS_URL: redis.url,
      })
      // It is the only one that can tell them now.
      for (const node of nodes) node.kill()
      nodes = [newcomer]
      await admin.flushall()
      await back(all)
      const environment = { SECRET: secret, REDIS_URL: redis.url }
      nodes.push(await startProgram('test/faults/follower-node.mjs', environment))
    }
  },
  TEST_TIMEOUT_MS,
)
