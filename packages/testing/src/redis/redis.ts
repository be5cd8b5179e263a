import { ConfigError } from '@sallyport/core'
import { schema } from '@sallyport/core/sink'
import { type RestartOptions, startServer } from './server.ts'

/** What `testRedis` takes. */
export interface TestRedisOptions {
  /** The redis-server to start, such as `process.env.REDIS_SERVER_BIN`. Default: the one on `PATH`. */
  readonly binary?: string | undefined
  /** Further arguments, such as `['--maxmemory', '1mb']`. Default: none. */
  readonly args?: readonly string[] | undefined
  /** Where it listens on 127.0.0.1: 1 to 65,535. Default: a free port. */
  readonly port?: number | undefined
}

/** A real redis-server of the test's own. */
export interface TestRedis {
  /** For `redisStore({ url })`. */
  readonly url: string
  readonly port: number
  /** Ends it and starts it again on the same port: with what it had, or empty. */
  restart(options?: RestartOptions): Promise<void>
  /** Makes it hang: connections stay open, and nothing is answered. */
  pause(): void
  /** Lets it go on after `pause`. */
  resume(): void
  /** Ends it and removes what it has written. */
  stop(): Promise<void>
}

const { custom, group, optional, parse, string, wholeNumber } = schema
const isTexts = (given: unknown): boolean =>
  Array.isArray(given) && given.every((one) => typeof one === 'string')
const optionsSchema = group({
  binary: optional(string(/\S/, 'the path of a redis-server'), 'redis-server'),
  args: optional(custom<readonly string[]>(isTexts, 'an array of strings'), []),
  port: optional(wholeNumber(1, 65_535)),
})

/**
 * Starts a real redis-server for tests: on 127.0.0.1, in a folder of its own that goes away with it. It keeps everything in
 * memory, and dies with this process. For macOS and Linux.
 *
 * Rejects with a `ConfigError` for a wrong option and where there is no redis-server, and with an `Error` that has its log
 * if it does not start.
 *
 * @example
 * ```ts
 * import { createSallyport } from '@sallyport/express'
 * import { redisStore } from '@sallyport/redis'
 * import { testRedis, testSallyport } from '@sallyport/testing'
 *
 * const redis = await testRedis({ binary: process.env.REDIS_SERVER_BIN })
 * const store = redisStore({ url: redis.url, time: 'caller' })
 * const { signIn, close } = await testSallyport(createSallyport, {}, { store })
 * const ada = await signIn('ada')
 * await redis.restart({ empty: true })
 * await close()
 * await redis.stop()
 * ```
 */
export async function testRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  const { binary, ...settings } = parse(optionsSchema, options, { path: 'testRedis' })
  const server = await startServer({ ...settings, program: { command: binary } }).catch((cause: unknown) => {
    if (!/ENOENT|EACCES/.test(String(cause))) throw cause
    throw new ConfigError('testRedis.binary', {
      sentence: `"${binary}" cannot be started: install redis-server, or set "testRedis.binary" to the path of one`,
    })
  })
  return {
    ...{ url: server.url, port: server.port, restart: server.restart, stop: server.stop },
    pause: () => server.kill('SIGSTOP'),
    resume: () => server.kill('SIGCONT'),
  }
}
