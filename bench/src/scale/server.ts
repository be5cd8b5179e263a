import { connect } from 'node:net'
import type { BenchRedis } from '../redis.ts'

/** What a server did since. */
export interface Use {
  readonly cpuMs: number
  readonly milliseconds: number
}

/** Starts to measure the processor time of a server. The function that it returns tells what there was since. */
export async function watchUse(redis: BenchRedis): Promise<() => Promise<Use>> {
  const before = await cpuMs(redis)
  const began = performance.now()
  return async () => ({
    cpuMs: (await cpuMs(redis)) - before,
    milliseconds: performance.now() - began,
  })
}

async function cpuMs({ client }: BenchRedis): Promise<number> {
  const info = await client.info('cpu')
  const seconds = ['used_cpu_sys', 'used_cpu_user'].map((name) =>
    Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1]),
  )
  return seconds.reduce((sum, one) => sum + one, 0) * 1000
}

/** Counts the commands that clients send while some work is done, those inside scripts left out. */
export async function countSent(redis: BenchRedis, work: () => Promise<unknown>): Promise<number> {
  // A client takes what the server tells for answers to its own commands, so this is a bare socket.
  const socket = connect(Number(new URL(redis.url).port), '127.0.0.1')
  socket.setEncoding('latin1')
  socket.write('MONITOR\r\n')
  let told = ''
  socket.on('data', (text: string) => {
    told += text
  })
  await work()
  socket.destroy()
  return told.split('\n').filter((line) => /^\+\d+\.\d+ \[\d+ (?!lua)/.test(line) && !/\] "info"/i.test(line))
    .length
}

const FEEDS = Array.from({ length: 16 }, (_, shard) => `sp:{${shard.toString(16)}}:r`)

/** How many revocations the server holds. */
export async function countHeld({ client }: BenchRedis): Promise<number> {
  const counts = await Promise.all(FEEDS.map((feed) => client.zcard(feed)))
  return counts.reduce((sum, one) => sum + one, 0)
}
