import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchRedis } from '../redis.ts'
import { startFollowers } from './followers.ts'
import { countSent, watchUse } from './server.ts'

/** What so many followers cost while nothing happens, and while tokens are revoked. */
export interface Spreading {
  readonly followers: number
  /** Of all together. */
  readonly idleCommandsPerSecond: number
  /** Share of a core. */
  readonly idleRedis: number
  /** Share of a core that one process of one follower takes. */
  readonly idleProcess: number
  readonly commandsPerRevocation: number
  readonly redisMsPerRevocation: number
  /** Until all know a revocation, in milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly missed: number
}

export interface SpreadingTask {
  readonly followers: number
  /** Beyond so many, several followers share a process. */
  readonly processes: number
  readonly idleSeconds: number
  readonly perSecond: number
  readonly revocations: number
}

/** Long enough for what a start leaves to do. */
const SETTLED_MS = 3000

export async function measureSpreading(redis: BenchRedis, task: SpreadingTask): Promise<Spreading> {
  await redis.client.flushall()
  const followers = await startFollowers(redis.url, task.followers, task.processes)
  try {
    for (const follower of followers) await follower.rest()
    await sleep(SETTLED_MS)
    const [first] = followers
    if (first === undefined) throw new RangeError('there must be a follower')

    const idleMs = task.idleSeconds * 1000
    const idleCommands = await countSent(redis, () => sleep(idleMs))
    const before = await first.figures()
    const idleUse = await watchUse(redis)
    await sleep(idleMs)
    const idle = await idleUse()
    const after = await first.figures()

    // To watch the commands costs the server more than to carry them out, so that is done in a run of its own.
    const counted = Math.ceil(task.revocations / 4)
    const countedSeconds = counted / task.perSecond
    const sent = await countSent(redis, () => first.revoke(task.perSecond, counted))
    for (const follower of followers) await follower.reset()
    const sending = await watchUse(redis)
    const revokedAt = await first.revoke(task.perSecond, task.revocations)
    const use = await sending()
    await sleep(500)
    const heard = await Promise.all(followers.map((follower) => follower.heard()))
    const delays = Object.entries(revokedAt).map(([jti, at]) =>
      Math.max(...heard.map((one) => (one[jti] ?? Number.POSITIVE_INFINITY) - at)),
    )
    return {
      followers: task.followers,
      idleCommandsPerSecond: idleCommands / task.idleSeconds,
      idleRedis: idle.cpuMs / idle.milliseconds,
      idleProcess: (after.cpuMs - before.cpuMs) / idle.milliseconds / first.copies,
      commandsPerRevocation: (sent - (idleCommands / task.idleSeconds) * countedSeconds) / counted,
      redisMsPerRevocation:
        (use.cpuMs - (idle.cpuMs / idle.milliseconds) * use.milliseconds) / task.revocations,
      p50: quantile(delays, 0.5),
      p99: quantile(delays, 0.99),
      missed: delays.filter((delay) => !Number.isFinite(delay)).length,
    }
  } finally {
    for (const follower of followers) await follower.stop()
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}
