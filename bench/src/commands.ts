import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { commandCalls } from './redis.ts'

/** Commands of Redis per operation, by name, those inside scripts included; rare ones are left out. */
export type CommandsEach = ReadonlyMap<string, number>

const OF_THE_BENCH: ReadonlySet<string> = new Set(['info', 'config|resetstat', 'config'])
const RARE = 0.02

/**
 * Counts what some work asks of Redis. Ours pulls news by the clock: what an idle interval of the same
 * length asks is subtracted.
 *
 * @param work answers how many operations it did
 */
export async function countCommands(redis: Redis, work: () => Promise<number>): Promise<CommandsEach> {
  await redis.config('RESETSTAT')
  const start = performance.now()
  const operations = await work()
  const working = await commandCalls(redis)
  const milliseconds = performance.now() - start
  await redis.config('RESETSTAT')
  await sleep(milliseconds)
  const idle = await commandCalls(redis)
  const each = [...working].map(
    ([name, calls]) => [name, (calls - (idle.get(name) ?? 0)) / operations] as const,
  )
  return new Map(each.filter(([name, calls]) => calls >= RARE && !OF_THE_BENCH.has(name)))
}

export function describeCommands(each: CommandsEach): string {
  if (each.size === 0) return 'none'
  const sorted = [...each].sort(([, calls], [, others]) => others - calls)
  return sorted.map(([name, calls]) => `${name.toUpperCase()} ${calls.toFixed(2)}`).join(', ')
}
