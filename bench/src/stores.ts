import { CONNECTIONS } from './load.ts'
import { startPostgres } from './postgres.ts'
import { type Contestant, startContestant } from './process.ts'
import { startRedis } from './redis.ts'
import { type RefreshingDevice, type RefreshRound, refreshFor, signInDevices } from './refresh-load.ts'
import { fine, mebibytes, number, percents, section, spread, table } from './report.ts'
import type { Extent, Framework, Report, Say, Setup, StoreName } from './setup.ts'
import { median, paired, ratio, summarize } from './stats.ts'
import { createKey } from './tokens.ts'

interface Running {
  readonly label: string
  readonly contestant: Contestant
  readonly devices: readonly RefreshingDevice[]
  readonly rounds: RefreshRound[]
}

const ALGORITHM = 'ES256'
const WARM_SECONDS = 1
const RUN_IN_SECONDS = 0.3

/** Refreshes on each store, which take turns. */
export async function measureStores(
  extent: Extent,
  framework: Framework = 'fastify',
  say: Say,
): Promise<Report> {
  say(`stores: ${framework}`)
  const redis = await startRedis()
  const postgres = await startPostgres()
  const { privateJwk } = await createKey(ALGORITHM)
  const setup = { algorithm: ALGORITHM, privateJwk, redisUrl: redis.url, databaseUrl: postgres.url } as const
  const running: Running[] = []
  try {
    running.push(await start('memory, one process', 'memory', framework, setup))
    running.push(await start(`Redis ${redis.version}, nothing on disk`, 'redis', framework, setup))
    running.push(await start(`PostgreSQL ${postgres.version}, fsync on`, 'postgres', framework, setup))
    for (let round = 0; round < extent.refresh.count; round++)
      for (let index = 0; index < running.length; index++) {
        const one = running[(index + round) % running.length]
        if (one === undefined) continue
        await refreshFor(one.contestant, one.devices, RUN_IN_SECONDS)
        one.rounds.push(await refreshFor(one.contestant, one.devices, extent.refresh.seconds))
      }
    const figures = running.map(({ label, rounds }) => ({ label, rounds }))
    return {
      markdown: report(figures, framework, postgres.syncsPerSecond),
      results: { framework, syncsPerSecond: postgres.syncsPerSecond, figures },
    }
  } finally {
    await Promise.all(running.map(({ contestant }) => contestant.stop()))
    await Promise.all([redis.stop(), postgres.stop()])
  }
}

async function start(label: string, store: StoreName, framework: Framework, setup: Setup): Promise<Running> {
  const contestant = await startContestant({ framework, id: 'ours', route: 'refresh' }, { ...setup, store })
  const devices = await signInDevices(contestant.port, CONNECTIONS)
  await refreshFor(contestant, devices, WARM_SECONDS)
  return { label, contestant, devices, rounds: [] }
}

type Figures = Pick<Running, 'label' | 'rounds'>

function report(figures: readonly Figures[], framework: Framework, syncsPerSecond: number): string {
  const about = `\`POST /auth/refresh\` on ${framework} with ${ALGORITHM}, over ${CONNECTIONS} connections, on each store in turn.
The server has a core to itself, and the stores share the others with the load. PostgreSQL has the settings of its
authors, so each refresh waits until it is on the disk; where it keeps its data, a page can be written like that
${number(syncsPerSecond)} times a second, one after the other.`
  const titles = ['store', 'refreshes/s', 'of Redis', 'CPU µs of the server', 'p50 ms', 'p99 ms', 'RSS MiB']
  const redis = figures.find(({ label }) => label.startsWith('Redis'))?.rounds ?? []
  const rows = figures.map(({ label, rounds }) => [
    label,
    spread(summarize(of(rounds, 'perSecond'))),
    percents(paired(of(rounds, 'perSecond'), of(redis, 'perSecond'), ratio)),
    fine(median(of(rounds, 'cpuMicros'))),
    fine(median(of(rounds, 'p50Ms'))),
    fine(median(of(rounds, 'p99Ms'))),
    mebibytes(rounds.at(-1)?.residentBytes ?? 0),
  ])
  return section('Stores', about, table(titles, rows))
}

function of(rounds: readonly RefreshRound[], name: keyof RefreshRound): number[] {
  return rounds.map((round) => round[name])
}
