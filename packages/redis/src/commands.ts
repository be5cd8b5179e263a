import type { ConfigError, Unavailable } from '@sallyport/core/store'
import type { FaultReports } from './fault-reports.ts'
import { createLanes, type Lane } from './lanes.ts'
import type { Client, RedisSettings } from './options.ts'
import { refusalOf } from './refusals.ts'
import { sendAndWait, TooFewReplicas } from './replication.ts'
import { ScriptCommand } from './script-command.ts'
import {
  argumentsOf,
  isLate,
  isScriptMissing,
  type LateArgument,
  loadScripts,
  rendered,
  type ScriptName,
  type Verb,
} from './scripts.ts'
import { isTimeout, timedOut, within } from './timeout.ts'
import { createWriteBatches } from './write-batches.ts'

/** What a script returns: bulk strings and integers, in nested arrays. */
export type Reply = Buffer | number | null | Reply[]
/** Makes the arguments of a step. The function that it returns sends them. */
type Prepare = () => (verb: Verb) => Promise<unknown>
export type Answered<T> = { readonly kind: 'answered'; readonly value: T } | Unavailable

type Run = (
  name: ScriptName,
  shard: number,
  keys: readonly string[],
  args: readonly LateArgument[],
) => Promise<Answered<Reply>>

/**
 * Sends commands and scripts. Whatever the server cannot do counts as unavailable. No call takes longer than the
 * command time-out, or twice that if it was sent late. While a server hangs, one command at a time waits for it and all
 * others fail at once.
 */
export interface Commands {
  /** Runs a script whose keys all belong to one shard. */
  readonly run: Run
  /** Like `run`, but succeeds only once as many replicas as the settings ask for have the change too. */
  readonly runDurably: Run
  /** Runs a script once. Gives the error if the server refuses it because of how it or this store is set up. */
  refused(
    name: ScriptName,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<ConfigError | undefined>
  /** Sends one command to the server of a shard. */
  call(shard: number, command: string, ...args: (string | Buffer)[]): Promise<Answered<Reply>>
}

const UNAVAILABLE: Unavailable = { kind: 'unavailable' }

export function createCommands(
  client: Client,
  { replicas, commandTimeoutMs }: Pick<RedisSettings, 'replicas' | 'commandTimeoutMs'>,
  reports: FaultReports,
): Commands {
  const scripts = loadScripts()
  const laneOf = createLanes(client)
  const batchWrites = createWriteBatches(client)

  /** Every refresh passes here, so it makes no more promises than it must. */
  function attempt(lane: Lane, step: string, prepare: Prepare): Promise<Answered<Reply>> {
    if (lane.isBlocked()) return Promise.resolve(blocked(lane, step))
    const sent = once(prepare)
    lane.pending++
    const succeed = (value: unknown): Answered<Reply> => answered(lane, step, value)
    const fail = (cause: unknown): Unavailable => failed(lane, step, cause)
    return sent.then(succeed, (cause: unknown) =>
      // A step that is refused as late although it is waited for was sent late, by a process that was held up.
      isLate(cause) ? once(prepare).then(succeed, fail) : fail(cause),
    )
  }

  function once(prepare: Prepare): Promise<unknown> {
    batchWrites()
    const send = prepare()
    return within(
      commandTimeoutMs,
      () => send('evalsha'),
      (cause) => (isScriptMissing(cause) ? send('eval') : undefined),
    )
  }

  function answered(lane: Lane, step: string, value: unknown): Answered<Reply> {
    lane.pending--
    lane.hangs = false
    reports.answered(step)
    return { kind: 'answered', value: value as Reply }
  }

  function failed(lane: Lane, step: string, cause: unknown): Unavailable {
    lane.pending--
    lane.hangs = isTimeout(cause)
    reports.failed(step, cause)
    return UNAVAILABLE
  }

  /** Nothing is sent, but if the server hangs, that is still so. */
  function blocked(lane: Lane, step: string): Unavailable {
    if (lane.hangs) reports.failed(step, timedOut())
    return UNAVAILABLE
  }

  const run: Run = (name, shard, keys, args) =>
    attempt(laneOf(shard), name, () => {
      const made = rendered(args)
      return (verb) => {
        const command = new ScriptCommand(verb, argumentsOf(scripts[name], verb, keys, made))
        client.sendCommand(command)
        return command.promise
      }
    })

  const runOnReplicas: Run = async (name, shard, keys, args) => {
    const lane = laneOf(shard)
    // A step that waits for absent replicas holds up the whole connection, so only one at a time may try.
    if (lane.unreplicated && lane.durable > 0) return UNAVAILABLE
    lane.durable++
    try {
      return await attempt(lane, name, () => {
        const made = rendered(args)
        return async (verb) => {
          const all = argumentsOf(scripts[name], verb, keys, made)
          const { reply, reached } = await sendAndWait(client, verb, all, replicas, commandTimeoutMs / 4)
          lane.unreplicated = reached < replicas
          if (lane.unreplicated) throw new TooFewReplicas()
          return reply
        }
      })
    } finally {
      lane.durable--
    }
  }

  return {
    run,
    runDurably: replicas === 0 ? run : runOnReplicas,
    call: (shard, command, ...args) =>
      attempt(laneOf(shard), command, () => () => client.callBuffer(command, args)),
    async refused(name, keys, args) {
      try {
        const all = argumentsOf(scripts[name], 'eval', keys, args)
        await within(commandTimeoutMs, () => client.callBuffer('eval', all))
        return undefined
      } catch (cause) {
        return cause instanceof Error ? refusalOf(cause) : undefined
      }
    },
  }
}
