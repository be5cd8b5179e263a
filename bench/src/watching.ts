import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Lines, openLines } from './lines.ts'
import { authorized, CONNECTIONS, inTurn } from './load.ts'
import { type Contestant, startContestant } from './process.ts'
import { startRedis } from './redis.ts'
import { refreshFor, signInDevices } from './refresh-load.ts'
import { fine, percents, section, table } from './report.ts'
import { type Extent, type Framework, frameworks, type Report, type Say, type Watched } from './setup.ts'
import { compared, median, quartiles, ratio } from './stats.ts'
import { type BenchKey, createKey, createSupply, forgeToken, subjectOf } from './tokens.ts'

interface Watching extends Pick<Watched, 'by' | 'subjects'> {
  readonly label: string
}

const watchings: readonly Watching[] = [
  { label: 'a trail', by: 'trail', subjects: 'pseudonyms' },
  { label: 'a trail with plain subjects', by: 'trail', subjects: 'plain' },
  { label: 'a trail, rules, activity, metrics', by: 'everything', subjects: 'pseudonyms' },
  { label: 'all of that with plain subjects', by: 'everything', subjects: 'plain' },
  { label: 'a trail with 1 % of all uses', by: 'samples', subjects: 'pseudonyms' },
  { label: '1 % of all uses, plain subjects', by: 'samples', subjects: 'plain' },
]
/** Samples concern the uses of access tokens. */
const ofRoute = {
  verify: watchings,
  refresh: watchings.filter(({ by }) => by !== 'samples'),
} as const
type Route = keyof typeof ofRoute

const UNWATCHED = 'nothing'
const TOKENS = 1000
/** Two processes of the same program differ by some percent for as long as they live. */
const GENERATIONS = 3
/** Until the code that follows events is compiled for good, of which sampled events run little. */
const EVENTS_SECONDS = 3
const FORGED = 500
const WARM_SECONDS = { verify: 1, refresh: 4 } as const
const RUN_IN_SECONDS = 0.1
/** Few enough refreshes of each device for the rules to find nothing unusual. */
const REFRESH_SECONDS = 0.3
/** Until the events of the sign-ins are written. */
const WRITTEN_MS = 400

/** What one process did in one round. */
interface Round {
  readonly perSecond: number
  readonly cpuMicros: number
}

interface Running {
  readonly label: string
  readonly contestant: Contestant
  readonly rounds: Round[]
  measure(): Promise<Round>
}

interface WatchingSet {
  readonly framework: Framework
  readonly route: Route
  readonly figures: readonly { readonly label: string; readonly rounds: readonly Round[] }[]
}

const ABOUT = `Ours on Redis, ES256, with nothing that follows its events, and with a trail in files (\`toFile\`) and more, in
processes of their own that take turns: median ratio of a round to the same round without (lower–upper quartile).
"Speed" is requests per second, with the processor time of the server per request behind it.`

/** What it costs that somebody is watching. */
export async function measureWatching(
  extent: Extent,
  chosen: Framework | undefined,
  say: Say,
): Promise<Report> {
  const key = await createKey('ES256')
  const sets: WatchingSet[] = []
  for (const route of ['verify', 'refresh'] as const)
    for (const framework of frameworks) {
      if (chosen !== undefined && chosen !== framework) continue
      say(`watching: ${route}, ${framework}`)
      sets.push(await measureSet(framework, route, key, extent[route].count))
    }
  return { markdown: section('Watching', ABOUT, ...sets.flatMap(tableOf)), results: sets }
}

async function measureSet(
  framework: Framework,
  route: Route,
  key: BenchKey,
  rounds: number,
): Promise<WatchingSet> {
  const figures = new Map<string, Round[]>()
  for (let generation = 0; generation < GENERATIONS; generation++)
    for (const { label, rounds: measured } of await measureOnce(framework, route, key, rounds / GENERATIONS))
      figures.set(label, [...(figures.get(label) ?? []), ...measured])
  return { framework, route, figures: [...figures].map(([label, rounds]) => ({ label, rounds })) }
}

async function measureOnce(
  framework: Framework,
  route: Route,
  key: BenchKey,
  rounds: number,
): Promise<readonly Running[]> {
  const redis = await startRedis()
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-trails-'))
  const running: Running[] = []
  try {
    const setup = { algorithm: key.algorithm, privateJwk: key.privateJwk, redisUrl: redis.url }
    const start = async (label: string, watched?: Watched): Promise<void> => {
      const given = { ...setup, ...(watched && { watched }) }
      const contestant = await startContestant({ framework, id: 'ours', route }, given)
      const measure = await (route === 'verify' ? verifying(contestant, key) : refreshing(contestant))
      running.push({ label, contestant, measure, rounds: [] })
    }
    await start(UNWATCHED)
    for (const [index, { label, ...watching }] of ofRoute[route].entries())
      await start(label, { ...watching, folder: await mkdtemp(join(folder, `${index}-`)) })
    for (let round = 0; round < rounds; round++)
      for (let index = 0; index < running.length; index++) {
        const one = running[(index + round) % running.length]
        one?.rounds.push(await one.measure())
      }
    return running
  } finally {
    await Promise.all(running.map(({ contestant }) => contestant.stop()))
    await redis.stop()
    await rm(folder, { recursive: true })
  }
}

async function verifying(contestant: Contestant, key: BenchKey): Promise<Running['measure']> {
  const requests = authorized(createSupply(key).take(TOKENS))
  const lines: Lines = await openLines(contestant.port, inTurn(requests))
  const forged = Array.from({ length: FORGED }, (_, index) => forgeToken(key, subjectOf(index)))
  const attack = await openLines(contestant.port, inTurn(authorized(forged)))
  await attack.saturate(EVENTS_SECONDS)
  attack.close()
  await lines.saturate(WARM_SECONDS.verify)
  return async () => {
    await lines.saturate(RUN_IN_SECONDS)
    const before = await contestant.figures()
    const { perSecond, failures } = await lines.saturate(RUN_IN_SECONDS * 3)
    const after = await contestant.figures()
    if (failures > 0) throw new Error(`${failures} requests failed`)
    return { perSecond, cpuMicros: (after.cpuMicros - before.cpuMicros) / (after.requests - before.requests) }
  }
}

async function refreshing(contestant: Contestant): Promise<Running['measure']> {
  const measure = async (seconds: number): Promise<Round> => {
    const devices = await signInDevices(contestant.port, CONNECTIONS)
    await sleep(WRITTEN_MS)
    return refreshFor(contestant, devices, seconds)
  }
  await measure(WARM_SECONDS.refresh)
  return () => measure(REFRESH_SECONDS)
}

const ratios = (some: readonly Round[], others: readonly Round[], name: keyof Round): number[] =>
  compared(of(some, name), of(others, name), ratio)

const of = (rounds: readonly Round[], name: keyof Round): number[] => rounds.map((round) => round[name])

function tableOf({ framework, route, figures }: WatchingSet): string[] {
  const without = figures.find(({ label }) => label === UNWATCHED)?.rounds ?? []
  const rows = figures.map(({ label, rounds }) => [
    label,
    percents(quartiles(ratios(rounds, without, 'perSecond'))),
    percents(quartiles(ratios(without, rounds, 'cpuMicros'))),
    fine(median(of(rounds, 'cpuMicros'))),
  ])
  const title = `### ${framework[0]?.toUpperCase()}${framework.slice(1)}, ${route === 'verify' ? 'verification' : 'refresh'}`
  return [title, table(['watched by', 'speed', 'speed, by CPU', 'CPU µs'], rows)]
}
