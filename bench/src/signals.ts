import { runProgram } from './process.ts'
import { startRedis } from './redis.ts'
import { fine, section, table } from './report.ts'
import type { Extent, Report, Say } from './setup.ts'
import type { SignalFigures, SignalTask } from './signals-program.ts'

const ABOUT = `From the call that ends a session in one deployment to the first refusal of that user's access token in another, which
takes the signal by push (RFC 8935) over HTTP. One Redis has both; the signal is signed, kept, sent, verified and followed.`

export async function measureSignals(extent: Extent, say: Say): Promise<Report> {
  say('signals: from one deployment to another')
  const redis = await startRedis()
  try {
    const task: SignalTask = { redisUrl: redis.url, signals: extent.full ? 1000 : 200 }
    const figures = await runProgram<SignalFigures>('signals-program', task)
    const rows = figures.map(({ where, median, p99, most }) => [where, fine(median), fine(p99), fine(most)])
    const columns = ['refused by', 'median, ms', 'p99, ms', 'greatest, ms']
    return { markdown: section('Shared signals', ABOUT, table(columns, rows)), results: figures }
  } finally {
    await redis.stop()
  }
}
