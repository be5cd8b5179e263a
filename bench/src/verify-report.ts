import { describeCommands } from './commands.ts'
import type { Contender } from './contenders/catalogue.ts'
import type { Served } from './lines.ts'
import { fine, mebibytes, number, percents, section, spread, table } from './report.ts'
import type { Report } from './setup.ts'
import { compared, difference, median, quartiles, ratio, summarize } from './stats.ts'
import type { ContenderFigures, Round, VerifySet } from './verify.ts'

const ABOUT = `\`GET /api/me\` with a bearer token that was seen before. The limit is the same framework and handler with a
\`Map\` from the token's text to its claims in front. Ratios are paired: each round against the same round of bare
and of the limit; "by CPU" compares the server's processor time per request, which no load generator can flatter.
There are many short rounds in which all take turns, since this machine stops for milliseconds now and then: median
(lower–upper quartile; of the requests' ratios also least–greatest). Peers are in fewer rounds.`

const LATENCY = `At a third of what the limit can take, requests evenly spaced, connections open, in many rounds of few
requests, in which all take turns: the median round's p99 (lower–upper quartile), and what it adds to bare's in the same round.`

export function reportVerify(sets: readonly VerifySet[]): Report {
  const tables = sets.flatMap((set) => [titleOf(set), ratesOf(set)])
  const asked = sets.map((set) => [titleOf(set).slice(4), describeCommands(set.commands)])
  const markdown = section(
    'Verification',
    ABOUT,
    ...tables,
    '### Latency',
    LATENCY,
    latenciesOf(sets),
    '### Redis commands per verified request',
    table(['set', 'commands of ours'], asked),
  )
  return { markdown, results: sets.map((set) => ({ ...set, commands: Object.fromEntries(set.commands) })) }
}

function titleOf({ framework, algorithm, tokens }: VerifySet): string {
  const name = framework[0]?.toUpperCase() + framework.slice(1)
  return `### ${name}, ${algorithm}, ${tokens.toLocaleString('en')} ${tokens === 1 ? 'token' : 'tokens'}`
}

function ratesOf(set: VerifySet): string {
  const bare = figuresOf(set, 'bare')
  const limit = figuresOf(set, 'limit')
  const rows = set.figures.map((one) => [
    labelOf(one),
    spread(quartiles(of(one, 'perSecond'))),
    against(one, bare, compareRates),
    against(one, limit, compareRates),
    fine(median(of(one, 'cpuMicros'))),
    against(one, bare, compareCosts),
    against(one, limit, compareCosts),
    fine(median(of(one, 'p50Ms'))),
    fine(median(of(one, 'p99Ms'))),
    mebibytes(one.rounds.at(-1)?.residentBytes ?? 0),
  ])
  const headings = ['contender', 'requests/s', 'of bare', 'of the limit', 'CPU µs', 'of bare, by CPU']
  return table([...headings, 'of the limit, by CPU', 'p50 ms', 'p99 ms', 'RSS MiB'], rows)
}

/** Figures with failures in them are not to be trusted, so they are told where they stand. */
function labelOf(figures: ContenderFigures): string {
  const failures = of(figures, 'failures').reduce((sum, one) => sum + one, 0)
  return figures.contender.label + (failures > 0 ? ` (${failures} requests failed!)` : '')
}

type Compare = (one: ContenderFigures, other: ContenderFigures) => number[]

function against(one: ContenderFigures, other: ContenderFigures, compare: Compare): string {
  if (one === other) return '100 %'
  const ratios = compare(one, other)
  return percents(quartiles(ratios), compare === compareRates ? summarize(ratios) : undefined)
}

function latenciesOf(sets: readonly VerifySet[]): string {
  const rows = sets.flatMap((set) => {
    const bare = figuresOf(set, 'bare')
    return set.figures
      .filter(({ paces }) => paces.length > 0)
      .map((one) => [
        `${titleOf(set).slice(4)}: ${one.contender.label}`,
        number(set.rate),
        fine(median(paced(one, 'p50Ms'))),
        spread(quartiles(paced(one, 'p99Ms')), fine),
        one === bare
          ? ''
          : spread(quartiles(compared(paced(one, 'p99Ms'), paced(bare, 'p99Ms'), difference)), fine),
      ])
  })
  return table(['contender', 'requests/s', 'p50 ms', 'p99 ms', 'p99 added to bare, ms'], rows)
}

export function figuresOf(set: VerifySet, guard: Contender['guard']): ContenderFigures {
  const found = set.figures.find(({ contender }) => contender.guard === guard)
  if (found === undefined) throw new Error(`${guard} was not measured`)
  return found
}

function of(figures: ContenderFigures, name: keyof Round): number[] {
  return figures.rounds.map((round) => round[name])
}

function paced(figures: ContenderFigures, name: keyof Served): number[] {
  return figures.paces.map((one) => one[name])
}

export function compareRates(one: ContenderFigures, other: ContenderFigures): number[] {
  return compared(of(one, 'perSecond'), of(other, 'perSecond'), ratio)
}

/** The cheaper, the greater: so that it reads as the ratio of rates does. */
function compareCosts(one: ContenderFigures, other: ContenderFigures): number[] {
  return compared(of(other, 'cpuMicros'), of(one, 'cpuMicros'), ratio)
}
