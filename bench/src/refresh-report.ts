import { describeCommands } from './commands.ts'
import type { Rotator } from './contenders/catalogue.ts'
import type { RefreshSet, RotatorFigures } from './refresh.ts'
import type { RefreshRound } from './refresh-load.ts'
import { fine, mebibytes, number, percents, section, spread, table } from './report.ts'
import type { Report } from './setup.ts'
import { median, paired, ratio, summarize } from './stats.ts'

const ABOUT = `\`POST /auth/refresh\` on Redis over 64 connections, each reply's cookie being the next request's. The limit is a
bare handler with one EVALSHA that compares and sets, and one signature with a parsed key. The naive rotation is that of
the articles: a refresh token that is a JWT, five commands one after the other, two signatures.`

export function reportRefresh(sets: readonly RefreshSet[]): Report {
  const titles = ['rotation', 'refreshes/s', 'of the limit', 'of the naive', 'CPU µs', 'of the limit, by CPU']
  const headings = [...titles, 'p50 ms', 'p99 ms', 'RSS MiB', 'Redis commands each']
  const tables = sets.flatMap((set) => [
    `### ${set.framework[0]?.toUpperCase()}${set.framework.slice(1)}, ${set.algorithm}`,
    table(
      headings,
      set.figures.map((one) => rowOf(set, one)),
    ),
  ])
  const results = sets.map(({ figures, ...set }) => ({
    ...set,
    figures: figures.map((one) => ({ ...one, commands: Object.fromEntries(one.commands) })),
  }))
  return { markdown: section('Refresh', ABOUT, ...tables), results }
}

function rowOf(set: RefreshSet, one: RotatorFigures): string[] {
  const limit = roundsOf(set, 'limit')
  const naive = roundsOf(set, 'naive')
  const rates = of(one.rounds, 'perSecond')
  return [
    one.label,
    spread(summarize(rates)),
    percents(paired(rates, of(limit, 'perSecond'), ratio)),
    naive.length === 0 ? '' : `${number(median(rates) / median(of(naive, 'perSecond')))} ×`,
    fine(median(of(one.rounds, 'cpuMicros'))),
    percents(paired(of(limit, 'cpuMicros'), of(one.rounds, 'cpuMicros'), ratio)),
    fine(median(of(one.rounds, 'p50Ms'))),
    fine(median(of(one.rounds, 'p99Ms'))),
    mebibytes(one.rounds.at(-1)?.residentBytes ?? 0),
    describeCommands(one.commands),
  ]
}

/** Empty where the algorithm is beyond it. */
function roundsOf(set: RefreshSet, rotator: Rotator): readonly RefreshRound[] {
  return set.figures.find((one) => one.rotator === rotator)?.rounds ?? []
}

function of(rounds: readonly RefreshRound[], name: keyof RefreshRound): number[] {
  return rounds.map((round) => round[name])
}
