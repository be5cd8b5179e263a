import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, openConnections } from './client.ts'
import type { FloodFigures, FloodTask } from './flood-program.ts'
import { authorized, inTurn, type Source, send } from './load.ts'
import { type Contestant, runProgram, startContestant } from './process.ts'
import { startRedis } from './redis.ts'
import { fine, mebibytes, number, percent, section, table } from './report.ts'
import type { ServerFigures } from './server.ts'
import type { Extent, Report, Say } from './setup.ts'
import { type BenchKey, createKey, createSupply } from './tokens.ts'

type Sent = 'genuine ones instead' | 'forged, no limiter' | 'forged, a limiter'

interface FloodRun {
  readonly sent: Sent
  readonly warmPerSecond: { readonly before: number; readonly during: number; readonly after: number }
  /** Processor time of the server per request, forged ones and all. */
  readonly cpuMicros: { readonly before: number; readonly during: number }
  readonly residentBytes: { readonly before: number; readonly after: number; readonly rested: number }
  readonly flood: FloodFigures
}

const TOKENS = 1000
const CONNECTIONS_EACH = 32
const FLOOD_SOURCE = '127.0.0.2'
const REST_MS = 3000
/** More than one address has any use for; without a limit their signatures take a quarter of a core. */
const FORGED_PER_SECOND = 1000

const ABOUT = `Sallyport on Fastify, ES256, while 1,000 genuine tokens are in use over ${CONNECTIONS_EACH} connections and
${CONNECTIONS_EACH} other connections from another address send ${FORGED_PER_SECOND} well-formed tokens a second with a wrong signature, each once.
Both load generators share a core, so the first row shows what as many genuine requests cost.`

/** What forged tokens do to those who have genuine ones, and to the memory of the process. */
export async function measureFlood(extent: Extent, say: Say): Promise<Report> {
  const runs: FloodRun[] = []
  for (const sent of ['genuine ones instead', 'forged, no limiter', 'forged, a limiter'] as const) {
    say(`flood: ${sent}`)
    runs.push(await measureRun(extent, sent))
  }
  return { markdown: report(runs), results: runs }
}

async function measureRun(extent: Extent, sent: Sent): Promise<FloodRun> {
  const redis = await startRedis()
  const key = await createKey('ES256')
  const limited = sent === 'forged, a limiter'
  const setup = { algorithm: key.algorithm, privateJwk: key.privateJwk, redisUrl: redis.url, limited }
  const contestant = await startContestant({ framework: 'fastify', id: 'ours', route: 'verify' }, setup)
  try {
    const tokens = createSupply(key).take(TOKENS)
    const source = inTurn(authorized(tokens))
    const genuine = sent === 'genuine ones instead' ? tokens[0] : undefined
    await send(contestant.port, source, TOKENS * 20)
    return { sent, ...(await floodOver(contestant, source, key, extent, genuine)) }
  } finally {
    await contestant.stop()
    await redis.stop()
  }
}

async function floodOver(
  { port, figures }: Contestant,
  source: Source,
  { algorithm, kid }: BenchKey,
  extent: Extent,
  genuine: string | undefined,
): Promise<Omit<FloodRun, 'sent'>> {
  const aWhile = (): Promise<void> => sleep(extent.full ? 5000 : 2000)
  const start = await figures()
  const before = await warmDuring(port, source, aWhile())
  const calm = await figures()
  const task: FloodTask = {
    port,
    count: extent.full ? 100_000 : 10_000,
    perSecond: FORGED_PER_SECOND,
    connections: CONNECTIONS_EACH,
    source: FLOOD_SOURCE,
    algorithm,
    kid,
    ...(genuine !== undefined && { genuine }),
  }
  const flooding = runProgram<FloodFigures>('flood-program', task, { place: 'others' })
  const during = await warmDuring(port, source, flooding)
  const flood = await flooding
  const over = await figures()
  await sleep(REST_MS)
  const after = await warmDuring(port, source, aWhile())
  return {
    warmPerSecond: { before, during, after },
    cpuMicros: { before: cpuEach(start, calm), during: cpuEach(calm, over) },
    residentBytes: {
      before: calm.residentBytes,
      after: over.residentBytes,
      rested: (await figures()).residentBytes,
    },
    flood,
  }
}

function cpuEach(from: ServerFigures, to: ServerFigures): number {
  return (to.cpuMicros - from.cpuMicros) / (to.requests - from.requests)
}

/** Genuine requests per second until something else has ended. */
async function warmDuring(port: number, source: Source, until: Promise<unknown>): Promise<number> {
  const connections = await openConnections(port, CONNECTIONS_EACH)
  let running = true
  let answered = 0
  const start = performance.now()
  const drive = async (connection: Connection): Promise<void> => {
    while (running) if ((await connection.exchange(source())).status === 200) answered++
    connection.close()
  }
  const driving = connections.map(drive)
  await until
  running = false
  await Promise.all(driving)
  return (answered * 1000) / (performance.now() - start)
}

function report(runs: readonly FloodRun[]): string {
  const rows = runs.map(({ sent, warmPerSecond, cpuMicros, residentBytes, flood }) => [
    sent,
    number(warmPerSecond.before),
    `${number(warmPerSecond.during)} (${percent(warmPerSecond.during / warmPerSecond.before)})`,
    number(warmPerSecond.after),
    Object.entries(flood.statuses)
      .map(([status, times]) => `${number(times)} × ${status}`)
      .join(', '),
    fine(flood.seconds),
    [cpuMicros.before, cpuMicros.during].map(fine).join(' → '),
    [residentBytes.before, residentBytes.after, residentBytes.rested].map(mebibytes).join(' → '),
  ])
  const headings = ['flood', 'genuine/s before', 'during', 'after', 'forged ones answered', 'in s']
  return section(
    'A flood of forged tokens',
    ABOUT,
    table([...headings, 'CPU µs per request: before → during', 'RSS MiB: before → after → at rest'], rows),
  )
}
