import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchRedis } from '../redis.ts'
import { fill, type Kind } from './fill.ts'
import { startFollowers } from './followers.ts'
import { countHeld, watchUse } from './server.ts'

/** What it takes to load revocations at start, and to put them back into a server that was emptied. */
export interface Loss {
  readonly kind: Kind
  readonly count: number
  readonly processes: number
  /** Of the slowest process. */
  readonly startMs: number
  readonly startStallMs: number
  /** The same for a start beside an empty server. */
  readonly emptyStartMs: number
  readonly emptyStartStallMs: number
  readonly startBytes: number
  readonly backMs: number
  /** The longest that an event loop stood still meanwhile, and for as long before, when nothing happened. */
  readonly stallMs: number
  readonly idleStallMs: number
  readonly redisMs: number
}

const SETTLED_MS = 3000
const LOOK_EVERY_MS = 100
const MOST_MS = 180_000

export async function measureLoss(
  redis: BenchRedis,
  { kind, count, processes }: Pick<Loss, 'kind' | 'count' | 'processes'>,
): Promise<Loss> {
  await redis.client.flushall()
  const empty = await startFollowers(redis.url, 1, 1)
  await sleep(SETTLED_MS)
  const emptyFigures = await Promise.all(empty.map((follower) => follower.figures()))
  await Promise.all(empty.map((follower) => follower.stop()))
  await fill(redis.url, kind, count)
  // One after the other, so that each shows what a start takes by itself.
  const followers = []
  for (let started = 0; started < processes; started++)
    followers.push(...(await startFollowers(redis.url, 1, 1)))
  try {
    const starts = await Promise.all(followers.map((follower) => follower.figures()))
    await sleep(SETTLED_MS)
    await Promise.all(followers.map((follower) => follower.reset()))
    await sleep(SETTLED_MS)
    const idle = await Promise.all(followers.map((follower) => follower.figures()))
    await Promise.all(followers.map((follower) => follower.reset()))

    const use = await watchUse(redis)
    const began = performance.now()
    await redis.client.flushall('ASYNC')
    while ((await countHeld(redis)) < count) {
      if (performance.now() - began > MOST_MS) throw new Error(`not back after ${MOST_MS} ms`)
      await sleep(LOOK_EVERY_MS)
    }
    const backMs = performance.now() - began
    // The others still read it.
    await sleep(SETTLED_MS)
    const { cpuMs } = await use()
    const figures = await Promise.all(followers.map((follower) => follower.figures()))
    return {
      ...{ kind, count, processes, backMs },
      startMs: Math.max(...starts.map(({ startMs }) => startMs)),
      startStallMs: Math.max(...starts.map(({ longestStallMs }) => longestStallMs)),
      emptyStartMs: emptyFigures[0]?.startMs ?? 0,
      emptyStartStallMs: emptyFigures[0]?.longestStallMs ?? 0,
      startBytes: Math.max(...starts.map(({ rssBytes }) => rssBytes)) - (emptyFigures[0]?.rssBytes ?? 0),
      stallMs: Math.max(...figures.map(({ longestStallMs }) => longestStallMs)),
      idleStallMs: Math.max(...idle.map(({ longestStallMs }) => longestStallMs)),
      redisMs: cpuMs,
    }
  } finally {
    for (const follower of followers) await follower.stop()
  }
}
