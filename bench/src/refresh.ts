import { type CommandsEach, countCommands } from './commands.ts'
import { type Rotator, rotators } from './contenders/catalogue.ts'
import { CONNECTIONS } from './load.ts'
import { type Contestant, startContestant } from './process.ts'
import { startRedis } from './redis.ts'
import { type RefreshingDevice, type RefreshRound, refreshFor, signInDevices } from './refresh-load.ts'
import { type Algorithm, type Extent, type Framework, frameworks, type Say } from './setup.ts'
import { createKey } from './tokens.ts'

/** One framework and algorithm: rotations that are compared with each other. */
export interface RefreshSet {
  readonly framework: Framework
  readonly algorithm: Algorithm
  readonly figures: readonly RotatorFigures[]
}

export interface RotatorFigures {
  readonly rotator: Rotator
  readonly label: string
  readonly rounds: readonly RefreshRound[]
  readonly commands: CommandsEach
}

interface Running extends RotatorFigures {
  readonly contestant: Contestant
  readonly devices: readonly RefreshingDevice[]
  readonly rounds: RefreshRound[]
}

const WARM_SECONDS = 1
const COUNTED_SECONDS = 0.5
/** A process that rested has its memory and its caches to fetch again first. */
const RUN_IN_SECONDS = 0.3

export async function measureRefresh(
  extent: Extent,
  chosen: Framework | undefined,
  say: Say,
): Promise<RefreshSet[]> {
  const sets: RefreshSet[] = []
  for (const algorithm of extent.algorithms)
    for (const framework of frameworks) {
      if (chosen !== undefined && chosen !== framework) continue
      say(`refresh: ${framework}, ${algorithm}`)
      sets.push(await measureSet(framework, algorithm, extent))
    }
  return sets
}

async function measureSet(framework: Framework, algorithm: Algorithm, extent: Extent): Promise<RefreshSet> {
  const redis = await startRedis()
  const { privateJwk } = await createKey(algorithm)
  const setup = { algorithm, privateJwk, redisUrl: redis.url }
  const running: Running[] = []
  try {
    for (const { id, label, algorithms, fullOnly } of rotators) {
      if (!algorithms.includes(algorithm) || (fullOnly && !extent.full)) continue
      const contestant = await startContestant({ framework, id, route: 'refresh' }, setup)
      const devices = await signInDevices(contestant.port, CONNECTIONS)
      await refreshFor(contestant, devices, WARM_SECONDS)
      // While nobody else asks this Redis anything.
      const commands = await countCommands(redis.client, async () => {
        const { refreshes } = await refreshFor(contestant, devices, COUNTED_SECONDS)
        return refreshes
      })
      running.push({ rotator: id, label, contestant, devices, commands, rounds: [] })
    }
    for (let round = 0; round < extent.refresh.count; round++)
      for (let index = 0; index < running.length; index++) {
        const one = running[(index + round) % running.length]
        if (one === undefined) continue
        if (one.rotator.startsWith('naive') && round >= extent.refresh.peers) continue
        await refreshFor(one.contestant, one.devices, RUN_IN_SECONDS)
        one.rounds.push(await refreshFor(one.contestant, one.devices, extent.refresh.seconds))
      }
    const figures = running.map(({ rotator, label, rounds, commands }) => ({
      rotator,
      label,
      rounds,
      commands,
    }))
    return { framework, algorithm, figures }
  } finally {
    await Promise.all(running.map(({ contestant }) => contestant.stop()))
    await redis.stop()
  }
}
