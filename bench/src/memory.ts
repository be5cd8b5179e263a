import type { MemoryFigures, MemoryTask } from './memory-program.ts'
import { runProgram } from './process.ts'
import { startRedis } from './redis.ts'
import { number, section, table } from './report.ts'
import type { Extent, Report, Say } from './setup.ts'

export async function measureMemory(extent: Extent, say: Say): Promise<Report> {
  say('memory: sessions in Redis, cached tokens in the process')
  const redis = await startRedis()
  try {
    const task: MemoryTask = {
      redisUrl: redis.url,
      users: extent.full ? 200_000 : 10_000,
      rotations: extent.full ? 20_000 : 1000,
      cachedTokens: extent.full ? [20_000, 100_000] : [20_000],
    }
    const figures = await runProgram<MemoryFigures>('memory-program', task, { flags: ['--expose-gc'] })
    return { markdown: report(figures), results: figures }
  } finally {
    await redis.stop()
  }
}

function report({ users, rotations, perUser, perUserRotated, perCachedToken }: MemoryFigures): string {
  const rows = [
    [`Redis, per user with one session, ${users.toLocaleString('en')} users`, number(perUser)],
    [`the same after ${rotations.toLocaleString('en')} of them refreshed`, number(perUserRotated)],
    ...perCachedToken.map(({ tokens, bytes }) => [
      `process, per cached token, ${tokens.toLocaleString('en')} tokens`,
      number(bytes),
    ]),
  ]
  return section('Memory', table(['what', 'bytes'], rows))
}
