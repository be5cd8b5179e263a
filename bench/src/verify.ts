import { createSallyport } from '@sallyport/core'
import { type CommandsEach, countCommands } from './commands.ts'
import { type Contender, contenders, isPeer } from './contenders/catalogue.ts'
import { ourOptions } from './contenders/ours.ts'
import { type Lines, openLines, type Served } from './lines.ts'
import { authorized, inTurn, type Source, send } from './load.ts'
import { probe, type Revoke, revokeEverywhere } from './probe.ts'
import { type Contestant, startContestant } from './process.ts'
import { type BenchRedis, startRedis } from './redis.ts'
import { type Algorithm, type Extent, type Framework, frameworks, type Say, type Setup } from './setup.ts'
import { median } from './stats.ts'
import { type BenchKey, createKey, createSupply } from './tokens.ts'

/** One framework, one algorithm, one number of tokens: contenders that are compared with each other. */
export interface VerifySet {
  readonly framework: Framework
  readonly algorithm: Algorithm
  readonly tokens: number
  readonly figures: readonly ContenderFigures[]
  /** At `rate`, a third of what the limit can do. */
  readonly rate: number
  readonly commands: CommandsEach
}

export interface ContenderFigures {
  readonly contender: Contender
  readonly rounds: readonly Round[]
  /** Of bare, the limit and ours only. */
  readonly paces: readonly Served[]
}

/** One contender in one round, with all that it can take. */
export interface Round extends Served {
  /** Processor time of the server per request: what remains true where the load is the limit. */
  readonly cpuMicros: number
  readonly residentBytes: number
}

export interface VerifyChoice {
  readonly framework: Framework | undefined
  /** Part of a contender's label; bare, the limit and ours are always there. */
  readonly match: string | undefined
}

/** Express needs more than 10,000 requests until its code is compiled for good. */
const WARM_REQUESTS = 12_000
const COUNTED_REQUESTS = 5000
/** Before each measurement: a process that rested has its memory and its caches to fetch again first. */
const RUN_IN_SECONDS = 0.05

export async function measureVerify(extent: Extent, choice: VerifyChoice, say: Say): Promise<VerifySet[]> {
  const sets: VerifySet[] = []
  for (const algorithm of extent.algorithms) {
    const key = await createKey(algorithm)
    const supply = createSupply(key)
    for (const tokens of extent.tokens)
      for (const framework of frameworks) {
        if (choice.framework !== undefined && choice.framework !== framework) continue
        const chosen = contendersFor({ framework, algorithm, tokens }, extent, choice.match)
        say(`verify: ${framework}, ${algorithm}, ${tokens} tokens, ${chosen.length} contenders`)
        const requests = authorized(supply.take(tokens))
        sets.push(await measureSet({ framework, algorithm, tokens, key, requests }, chosen, extent, say))
      }
  }
  return sets
}

type SetName = Pick<VerifySet, 'framework' | 'algorithm' | 'tokens'>

function contendersFor({ framework, algorithm, tokens }: SetName, extent: Extent, match = ''): Contender[] {
  return contenders.filter((one) => {
    if (one.framework !== framework || !one.algorithms.includes(algorithm)) return false
    if (isPeer(one) && !one.label.includes(match)) return false
    // Who remembers nothing does not see how many tokens there are: once is enough to show it.
    if (tokens !== 1000 && isPeer(one) && !one.remembers && algorithm !== 'ES256') return false
    return !one.fullOnly || (extent.full && tokens === 1000)
  })
}

interface SetParts extends SetName {
  readonly key: BenchKey
  readonly requests: readonly Buffer[]
}

interface Running {
  readonly contender: Contender
  readonly contestant: Contestant
  readonly source: Source
  readonly lines: Lines
  readonly rounds: Round[]
  readonly paces: Served[]
}

async function measureSet(
  parts: SetParts,
  chosen: readonly Contender[],
  extent: Extent,
  say: Say,
): Promise<VerifySet> {
  const { framework, algorithm, tokens, key, requests } = parts
  const redis = await startRedis()
  const setup: Setup = { algorithm, privateJwk: key.privateJwk, redisUrl: redis.url }
  const authority = await createSallyport(ourOptions(setup))
  const revoke = revokeEverywhere(redis.client, authority)
  const running: Running[] = []
  try {
    for (const contender of chosen)
      running.push(await start(contender, { ...parts, setup, revoke, requests }))
    await authority.close()

    say(`verify: ${extent.verify.count} rounds`)
    for (let round = 0; round < extent.verify.count; round++)
      // Each begins a round once, so that nobody always follows the same neighbour.
      for (const one of turned(running, round)) {
        if (isPeer(one.contender) && round >= extent.verify.peers) continue
        one.rounds.push(await measureRound(one, extent.verify.seconds))
      }
    const rate = Math.round(median(of('limit', running).rounds.map((one) => one.perSecond)) / 3)
    say(`verify: ${extent.latency.count} rounds of ${rate} requests/s`)
    const own = running.filter(({ contender }) => !isPeer(contender))
    for (let round = 0; round < extent.latency.count; round++)
      for (const { lines, paces } of turned(own, round)) {
        await lines.pace(rate, Math.round(rate * RUN_IN_SECONDS))
        paces.push(await lines.pace(rate, extent.latency.requests))
      }
    const commands = await commandsPerRequest(redis, of('ours', running))
    const figures = running.map(({ contender, rounds, paces }) => ({ contender, rounds, paces }))
    return { framework, algorithm, tokens, figures, rate, commands }
  } finally {
    for (const { lines } of running) lines.close()
    await Promise.all(running.map(({ contestant }) => contestant.stop()))
    await redis.stop()
  }
}

async function measureRound({ lines, contestant }: Running, seconds: number): Promise<Round> {
  await lines.saturate(RUN_IN_SECONDS)
  const before = await contestant.figures()
  const served = await lines.saturate(seconds)
  const after = await contestant.figures()
  const cpuMicros = (after.cpuMicros - before.cpuMicros) / (after.requests - before.requests)
  return { ...served, cpuMicros, residentBytes: after.residentBytes }
}

async function start(
  contender: Contender,
  { setup, key, revoke, requests }: SetParts & { readonly setup: Setup; readonly revoke: Revoke },
): Promise<Running> {
  const { framework, id } = contender
  const contestant = await startContestant({ framework, id, route: 'verify' }, setup)
  await probe(contestant.port, contender, key, revoke)
  const source = inTurn(requests)
  const warm = Math.max(WARM_REQUESTS, contender.remembers ? requests.length : 0)
  const failures = await send(contestant.port, source, warm)
  if (failures > 0)
    throw new Error(`${framework}, ${contender.label}: ${failures} of ${warm} requests failed`)
  const lines = await openLines(contestant.port, source)
  return { contender, contestant, source, lines, rounds: [], paces: [] }
}

function turned<T>(items: readonly T[], by: number): T[] {
  const at = by % items.length
  return [...items.slice(at), ...items.slice(0, at)]
}

function of(guard: Contender['guard'], running: readonly Running[]): Running {
  const found = running.find(({ contender }) => contender.guard === guard)
  if (found === undefined) throw new Error(`${guard} does not run`)
  return found
}

function commandsPerRequest(redis: BenchRedis, { contestant, source }: Running): Promise<CommandsEach> {
  return countCommands(redis.client, async () => {
    await send(contestant.port, source, COUNTED_REQUESTS)
    return COUNTED_REQUESTS
  })
}
