import { type RunningServer, startServer } from '../../packages/testing/src/redis/server.ts'
import { findRedis } from '../../scripts/redis.mjs'

export interface RedisOptions {
  /** Further arguments of redis-server, e.g. `['--maxmemory', '1mb']`. */
  readonly args?: readonly string[]
  /** Default: a free one. */
  readonly port?: number
  /** Text of a configuration file, for what no argument can say; the server may write to the file. */
  readonly config?: string
}

export interface RedisServer extends Omit<RunningServer, 'kill' | 'restart'> {
  /** Sends a signal and does not wait. Default SIGKILL; SIGSTOP and SIGCONT make it hang and go on. */
  kill(signal?: NodeJS.Signals): void
  /** A new, empty server on the same port with the same arguments, whether the old one still runs or not. */
  restartEmpty(): Promise<void>
}

/** To find it takes about as long as to start it. */
let found: ReturnType<typeof findRedis> | undefined

/** Starts a real redis-server of its own on 127.0.0.1, which keeps nothing on disk and dies with the tests. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  found ??= findRedis()
  const { command, env } = await found
  const program = { command, env: { ...process.env, ...env } }
  const { url, port, restart, kill, stop } = await startServer({ ...options, program })
  return {
    ...{ url, port, stop },
    kill: (signal = 'SIGKILL') => kill(signal),
    restartEmpty: () => restart({ empty: true }),
  }
}
