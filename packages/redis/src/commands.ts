import type { ConfigError, Unavailable } from '@sallyport/core/store'
import { Command, type Redis } from 'ioredis'
import { isCluster, refusalOf } from './connection.ts'
import type { Client, RedisSettings } from './options.ts'
import { type Argument, loadScripts, type Script, type ScriptName } from './scripts.ts'

/** What a script returns: nested lists of bulk strings and integers. */
export type Reply = Buffer | number | null | Reply[]
export type Answered<T> = { readonly kind: 'answered'; readonly value: T } | Unavailable

/**
 * Runs commands and scripts. Whatever the server can't do counts as away: nothing waits longer than the
 * command time-out, and while a server hangs, one command at a time waits for it and the others fail at once.
 */
export interface Commands {
  run(
    name: ScriptName,
    lane: number,
    keys: readonly string[],
    args: readonly Argument[],
  ): Promise<Answered<Reply>>
  /** As `run`, and answered only when as many replicas as the durability asks for have it too. */
  runDurably(
    name: ScriptName,
    lane: number,
    keys: readonly string[],
    args: readonly Argument[],
  ): Promise<Answered<Reply>>
  /** Runs a script once, for what a server refuses because it is set up wrongly. */
  refused(name: ScriptName, keys: readonly string[]): Promise<ConfigError | undefined>
  call(lane: number, command: string, ...args: (string | Buffer)[]): Promise<Answered<Reply>>
}

/** What is known of the server that serves some of the shards. */
interface Lane {
  pending: number
  hangs: boolean
  /** Durable steps under way, and whether the last one reached too few replicas. */
  durable: number
  unreplicated: boolean
}

const UNAVAILABLE: Unavailable = { kind: 'unavailable' }
const MAX_PENDING = 10_000
const LEAVE_EVERY_MS = 1000
/** Commands that one write holds at most: with more, Redis would rest while they are gathered, and we while it works. */
const MOST_HELD = 16
/** As ioredis says it. */
const TIMED_OUT = 'Command timed out'

export function createCommands(
  client: Client,
  { replicas, commandTimeoutMs }: Pick<RedisSettings, 'replicas' | 'commandTimeoutMs'>,
  notice: (message: string) => void,
): Commands {
  const scripts = loadScripts()
  const lanes = new Map<number, Lane>()
  const told = new Set<string>()
  let leftAt = Number.NEGATIVE_INFINITY
  let corked: Redis['stream'] | undefined
  let held = 0

  /** On a Cluster, shards lie on different servers, one of which may hang alone. */
  function laneOf(shard: number): Lane {
    const index = client.isCluster ? shard : 0
    const known = lanes.get(index)
    if (known !== undefined) return known
    const fresh = { pending: 0, hangs: false, durable: 0, unreplicated: false }
    lanes.set(index, fresh)
    return fresh
  }

  /**
   * What is sent in one turn of the event loop leaves in few writes, since one costs a process as much as all
   * else about a command. A Cluster's connections are its client's own.
   */
  function gather(): void {
    if (isCluster(client) || client.status !== 'ready') return
    if (corked !== undefined) {
      if (++held % MOST_HELD !== 0) return
      corked.uncork()
      corked.cork()
      return
    }
    const { stream } = client
    corked = stream
    held = 0
    stream.cork()
    setImmediate(() => {
      corked = undefined
      stream.uncork()
    })
  }

  async function attempt(lane: Lane, send: Send): Promise<Answered<Reply>> {
    if (lane.pending >= MAX_PENDING || (lane.hangs && lane.pending > 0)) return UNAVAILABLE
    const startedAt = performance.now()
    lane.pending++
    gather()
    try {
      // A single command is bounded by the client; a Cluster's may be redirected many times.
      return answered(
        lane,
        await (client.isCluster ? within(commandTimeoutMs, send('evalsha')) : send('evalsha')),
      )
    } catch (cause) {
      if (!isScriptMissing(cause)) return failed(lane, cause)
      const left = commandTimeoutMs - (performance.now() - startedAt)
      return await within(left, send('eval')).then(
        (value) => answered(lane, value),
        (again: unknown) => failed(lane, again),
      )
    } finally {
      lane.pending--
    }
  }

  function answered(lane: Lane, value: unknown): Answered<Reply> {
    lane.hangs = false
    return { kind: 'answered', value: value as Reply }
  }

  function failed(lane: Lane, cause: unknown): Unavailable {
    lane.hangs = cause instanceof Error && cause.message === TIMED_OUT
    tell(cause)
    return UNAVAILABLE
  }

  /** The server's message may repeat arguments, and so tokens: only its code is told. */
  function tell(cause: unknown): void {
    const code =
      cause instanceof Error && cause.name === 'ReplyError' ? /^[A-Z]+/.exec(cause.message)?.[0] : undefined
    if (code === 'READONLY') leaveReplica()
    if (code === undefined || code === 'LATE' || told.has(code)) return
    told.add(code)
    notice(`Redis refuses a command with ${code}: it counts as away until it accepts`)
  }

  /** Behind one address there may be another primary now; a Cluster's client finds out by itself. */
  function leaveReplica(): void {
    if (client.isCluster || client.status !== 'ready' || performance.now() - leftAt < LEAVE_EVERY_MS) return
    leftAt = performance.now()
    client.disconnect(true)
  }

  /** Sends a script and, right behind it on the same connection, the question how many replicas have it. */
  async function sendAndWait(lane: Lane, command: string, args: Argument[]): Promise<unknown> {
    const pipeline = client
      .pipeline()
      .callBuffer(command, args)
      .callBuffer('wait', [replicas, commandTimeoutMs / 4])
    const [ran, waited] = (await pipeline.exec()) ?? []
    const fault = ran?.[0] ?? waited?.[0]
    if (fault !== undefined && fault !== null) throw fault
    const reached = Number(waited?.[1] ?? 0)
    lane.unreplicated = reached < replicas
    if (lane.unreplicated) throw new Error('too few replicas have it')
    return ran?.[1]
  }

  const run: Commands['run'] = (name, shard, keys, args) =>
    attempt(laneOf(shard), (how) => {
      // As callBuffer does it, but for its copies of the arguments.
      const command = new Command(how, argumentsOf(scripts[name], how, keys, args), { replyEncoding: null })
      client.sendCommand(command)
      return command.promise
    })

  async function runOnReplicas(
    name: ScriptName,
    shard: number,
    keys: readonly string[],
    args: readonly Argument[],
  ): Promise<Answered<Reply>> {
    const lane = laneOf(shard)
    // Each such step holds the connection up while it waits for replicas that are not there.
    if (lane.unreplicated && lane.durable > 0) return UNAVAILABLE
    lane.durable++
    const answer = await attempt(lane, (how) =>
      sendAndWait(lane, how, argumentsOf(scripts[name], how, keys, args)),
    )
    lane.durable--
    return answer
  }

  return {
    run,
    runDurably: replicas === 0 ? run : runOnReplicas,
    call: (shard, command, ...args) => attempt(laneOf(shard), () => client.callBuffer(command, args)),
    async refused(name, keys) {
      try {
        await client.callBuffer('eval', argumentsOf(scripts[name], 'eval', keys, []))
        return undefined
      } catch (cause) {
        return cause instanceof Error ? refusalOf(cause) : undefined
      }
    },
  }
}

/** A server that does not have the script under its digest is sent the whole of it. */
type How = 'evalsha' | 'eval'
type Send = (how: How) => Promise<unknown>

function argumentsOf(
  script: Script,
  how: How,
  keys: readonly string[],
  args: readonly Argument[],
): Argument[] {
  return [how === 'evalsha' ? script.sha : script.text, keys.length, ...keys, ...args]
}

function isScriptMissing(cause: unknown): boolean {
  return cause instanceof Error && cause.message.startsWith('NOSCRIPT')
}

/** A step may take several commands; its caller waits only so long. */
function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(TIMED_OUT)), milliseconds).unref()
    work.then(resolve, reject).finally(() => clearTimeout(late))
  })
}
