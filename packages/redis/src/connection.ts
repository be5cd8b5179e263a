import { ConfigError } from '@sallyport/core'
import { Redis, type RedisOptions } from 'ioredis'
import type { RedisSettings } from './options.ts'

/** Two connections of one process: one asks, the other listens. */
export interface Connections {
  readonly commands: Redis
  readonly subscriber: Redis
}

type ClientOptions = RedisOptions & { replyMapping?: 'legacy' }

const MAX_RETRY_MS = 500
const ATTEMPTS = 3

/**
 * Opens the connections. Resolves also while the server can't be reached, and goes on trying; throws a
 * `ConfigError` for what the server itself refuses.
 */
export async function connect(settings: RedisSettings): Promise<Connections> {
  const options: ClientOptions = {
    lazyConnect: true,
    connectionName: 'sallyport',
    connectTimeout: settings.commandTimeoutMs,
    commandTimeout: settings.commandTimeoutMs,
    // What can't be sent now must fail now: a queue would answer long after the request was given up.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableAutoPipelining: false,
    enableReadyCheck: false,
    autoResubscribe: false,
    keyPrefix: '',
    replyMapping: 'legacy',
    retryStrategy: (attempt) =>
      Math.min(MAX_RETRY_MS, 25 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random() / 2),
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  }
  const commands = make(settings, options)
  const subscriber = make(settings, options)
  // A lost connection is told by the commands that fail; without a listener it would end the process.
  for (const client of [commands, subscriber]) client.on('error', () => {})
  const refused = await firstAnswer(commands, settings.commandTimeoutMs)
  if (refused !== undefined) {
    commands.disconnect()
    throw refused
  }
  subscriber.connect().catch(() => {})
  return { commands, subscriber }
}

/**
 * Waits until the server is ready, or is known to be away, and gives what it refuses. A connection that
 * was accepted and closed is tried again: what is no Redis may close before its nonsense is read.
 */
function firstAnswer(client: Redis, withinMs: number): Promise<ConfigError | undefined> {
  return new Promise((resolve) => {
    let closes = 0
    let accepted = false
    const listeners = {
      connect: () => {
        accepted = true
      },
      ready: () => settle(),
      close: () => {
        closes++
        if (!accepted || closes === ATTEMPTS) settle()
      },
      error: (error: Error) => {
        const refused = refusalOf(error)
        if (refused !== undefined) settle(refused)
      },
    }
    const settle = (refused?: ConfigError): void => {
      clearTimeout(late)
      for (const [event, listener] of Object.entries(listeners)) client.off(event, listener)
      resolve(refused)
    }
    const late = setTimeout(settle, withinMs).unref()
    for (const [event, listener] of Object.entries(listeners)) client.on(event, listener)
    client.connect().catch(() => {})
  })
}

function make({ source }: RedisSettings, options: ClientOptions): Redis {
  return source.kind === 'url' ? new Redis(source.url, options) : source.client.duplicate(options)
}

/** What is no outage but a wrong set-up. Of the server's words only the code is shown: they may repeat arguments. */
function refusalOf({ message }: Error): ConfigError | undefined {
  const code = /^[A-Z]{3,}/.exec(message)?.[0] ?? ''
  if (['NOAUTH', 'WRONGPASS', 'NOPERM'].includes(code) || /invalid (username-)?password/i.test(message))
    return new ConfigError(
      'redis',
      `reachable with an account that the server accepts (it says ${code || 'ERR'})`,
    )
  if (/Protocol error|Unknown RESP type/i.test(message)) return new ConfigError('redis', 'a Redis server')
  return undefined
}
