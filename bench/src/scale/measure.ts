import { startRedis } from '../redis.ts'
import { fine, mebibytes, number, percent, section, table } from '../report.ts'
import type { Extent, Report, Say } from '../setup.ts'
import type { Kind } from './fill.ts'
import { type Loss, measureLoss } from './losses.ts'
import { measureSpreading, type Spreading } from './spreading.ts'

/** So many processes fit on a small machine; more followers share them. */
const PROCESSES = 8

/** What more processes, and more live revocations, cost a server and each process. */
export async function measureScale({ full }: Extent, say: Say): Promise<Report> {
  const redis = await startRedis('anywhere')
  try {
    const spreadings: Spreading[] = []
    for (const followers of full ? [1, 2, 4, 8, 16, 40, 64] : [1, 4, 8, 40]) {
      say(`scale: ${followers} followers`)
      spreadings.push(
        await measureSpreading(redis, {
          followers,
          processes: followers > PROCESSES ? 1 : PROCESSES,
          idleSeconds: full ? 20 : 5,
          perSecond: 100,
          revocations: full ? 2000 : 500,
        }),
      )
    }
    const losses: Loss[] = []
    const kinds: readonly Kind[] = ['sessions', 'tokens', 'mixed']
    const cases = [
      ...kinds.flatMap((kind) => [1, 3].map((processes) => ({ kind, count: 100_000, processes }))),
      ...(full
        ? [1, 3].map((processes) => ({ kind: 'sessions' as const, count: 1_000_000, processes }))
        : []),
    ]
    for (const one of cases) {
      say(`scale: ${one.count} ${one.kind}, ${one.processes} processes`)
      losses.push(await measureLoss(redis, one))
    }
    const markdown = section('Scale', about(), spreadingTable(spreadings), lossTable(losses))
    return { markdown, results: { spreadings, losses } }
  } finally {
    await redis.stop()
  }
}

function about(): string {
  return `Up to ${PROCESSES} followers are processes of their own, more of them are copies of the library in one process. 100 revocations a second. "Until all know it" is from before the call in one of them until the last one has it.`
}

function spreadingTable(all: readonly Spreading[]): string {
  const headings = [
    'followers',
    'idle: commands a second',
    'of them each',
    'Redis',
    'process',
    'commands per revocation',
    'Redis, µs per revocation',
    'until all know it, p50 ms',
    'p99 ms',
    'missed',
  ]
  const rows = all.map((one) => [
    number(one.followers).replace('.0', ''),
    number(one.idleCommandsPerSecond),
    fine(one.idleCommandsPerSecond / one.followers),
    percent(one.idleRedis),
    percent(one.idleProcess),
    fine(one.commandsPerRevocation),
    number(one.redisMsPerRevocation * 1000),
    fine(one.p50),
    fine(one.p99),
    String(one.missed),
  ])
  return table(headings, rows)
}

function lossTable(all: readonly Loss[]): string {
  const headings = [
    'live revocations',
    'processes',
    'start, s',
    'without any, s',
    'stall at start, ms',
    'without any, ms',
    'MiB',
    'Redis emptied: all back, s',
    'longest stall, ms',
    'when idle, ms',
    'Redis, s',
  ]
  const rows = all.map((one) => [
    `${one.count.toLocaleString('en')} ${one.kind}`,
    String(one.processes),
    fine(one.startMs / 1000),
    fine(one.emptyStartMs / 1000),
    number(one.startStallMs),
    number(one.emptyStartStallMs),
    mebibytes(one.startBytes),
    fine(one.backMs / 1000),
    number(one.stallMs),
    number(one.idleStallMs),
    fine(one.redisMs / 1000),
  ])
  return table(headings, rows)
}
