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
  subscriber.on('error', () => {})
  const faults: Error[] = []
  commands.on('error', (error: Error) => faults.push(error))
  await commands.connect().catch((error: Error) => faults.push(error))
  const refused = faults.map(refusalOf).find((fault) => fault !== undefined)
  commands.removeAllListeners('error')
  commands.on('error', () => {})
  if (refused !== undefined) {
    commands.disconnect()
    throw refused
  }
  subscriber.connect().catch(() => {})
  return { commands, subscriber }
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
