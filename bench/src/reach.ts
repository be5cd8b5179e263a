import { runProgram } from './process.ts'
import type { ReachFigures, ReachTask } from './reach-program.ts'
import { startRedis } from './redis.ts'
import { fine, section, table } from './report.ts'
import type { Extent, Report, Say } from './setup.ts'

const ABOUT = `From the call that ends a session to the first time that a service refuses its access token, over HTTP on one machine, with
a real Redis. Whoever asks by introspection asks each time; a cache of its own would come on top.`

export async function measureReach(extent: Extent, say: Say): Promise<Report> {
  say('reach: how soon other services refuse a token')
  const redis = await startRedis()
  try {
    const task: ReachTask = { redisUrl: redis.url, rounds: extent.full ? 1000 : 200 }
    const figures = await runProgram<ReachFigures>('reach-program', task)
    const rows = figures.map(({ where, median, p99, most }) => [where, fine(median), fine(p99), fine(most)])
    const columns = ['how the service learns of it', 'median, ms', 'p99, ms', 'greatest, ms']
    return {
      markdown: section('A revocation reaches a service', ABOUT, table(columns, rows)),
      results: figures,
    }
  } finally {
    await redis.stop()
  }
}
