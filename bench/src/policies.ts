import type { PolicyFigures, PolicyTask } from './policies-program.ts'
import { runProgram } from './process.ts'
import { section, table } from './report.ts'
import type { Extent, Report, Say } from './setup.ts'

const ABOUT = `A decision of \`requirePolicy\` in the process, one after the other, from the guard's call to its verdict, with the
event that tells it. Three policies of Cedar, one condition of CEL; a caller with two roles and a dozen claims.`

export async function measurePolicies(extent: Extent, say: Say): Promise<Report> {
  say('policies: decisions in process')
  const task: PolicyTask = { decisions: extent.full ? 100_000 : 20_000 }
  const figures = await runProgram<PolicyFigures>('policies-program', task)
  const rows = figures.map(({ engine, median, p99 }) => [engine, median.toFixed(1), p99.toFixed(1)])
  return {
    markdown: section('Decisions by policies', ABOUT, table(['engine', 'median, µs', 'p99, µs'], rows)),
    results: figures,
  }
}
