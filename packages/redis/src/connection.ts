import { connect as openSocket } from 'node:net'
import { ConfigError, type Random } from '@sallyport/core/store'
import { type Cluster, Redis } from 'ioredis'
import type { Client, RedisSettings } from './options.ts'

/** Two connections of one process: one asks, the other listens. A Cluster client is both in one. */
export interface Connections {
  readonly commands: Client
  readonly subscriber: Client
  /** Ends both for good. */
  close(): void
}

const MAX_RETRY_MS = 500
const ATTEMPTS = 3
const AGAIN_AFTER_MS = 50
const FIRST_BYTE_MS = 300

/**
 * Opens the connections. Resolves also while the server can't be reached, and goes on trying; throws a
 * `ConfigError` for what the server itself refuses.
 */
export async function connect(settings: RedisSettings, random: Random): Promise<Connections> {
  const commands = make(settings, random)
  const subscriber = commands.isCluster ? commands : make(settings, random)
  const clients = new Set([commands, subscriber])
  let closed = false
  const close = (): void => {
    closed = true
    for (const client of clients) client.disconnect()
  }
  for (const client of clients) {
    // A lost connection is told by the commands that fail; without a listener it would end the process.
    client.on('error', () => {})
    // A client gives up for good when a failover is announced while it asks the sentinels for the primary.
    client.on('end', () => {
      setTimeout(() => {
        if (!closed && client.status === 'end') client.connect().catch(() => {})
      }, AGAIN_AFTER_MS).unref()
    })
  }
  const refused = (await firstAnswer(commands, settings.commandTimeoutMs)) ?? (await firstByte(commands))
  if (refused !== undefined) {
    close()
    throw refused
  }
  if (subscriber !== commands) subscriber.connect().catch(() => {})
  return { commands, subscriber, close }
}

/** Waits longer with each attempt, and not as long as other processes do. */
const backOff =
  (random: Random) =>
  (attempt: number): number =>
    attempt === 1
      ? 0
      : Math.min(MAX_RETRY_MS, 25 * 2 ** Math.min(attempt, 6)) * (0.5 + (random(1)[0] ?? 0) / 512)

function make({ source, commandTimeoutMs }: RedisSettings, random: Random): Client {
  const shared = {
    connectionName: 'sallyport',
    connectTimeout: commandTimeoutMs,
    commandTimeout: commandTimeoutMs,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    enableReadyCheck: false,
    replyMapping: 'legacy',
  } as const
  // What can't be sent now must fail now: a queue would answer long after the request was given up.
  const common = {
    lazyConnect: true,
    enableOfflineQueue: false,
    enableAutoPipelining: false,
    keyPrefix: '',
  } as const
  const single = {
    ...shared,
    ...common,
    retryStrategy: backOff(random),
    failoverDetector: true,
  }
  if (source.kind === 'url') return new Redis(source.url, single)
  const { client } = source
  if (!isCluster(client)) return client.duplicate(single)
  return client.duplicate([], {
    ...common,
    clusterRetryStrategy: backOff(random),
    slotsRefreshTimeout: commandTimeoutMs,
    slotsRefreshInterval: 1000,
    maxRedirections: 8,
    retryDelayOnFailover: 50,
    retryDelayOnClusterDown: 50,
    retryDelayOnTryAgain: 20,
    redisOptions: { ...client.options.redisOptions, ...shared },
  })
}

/** Tells the two clients apart. */
export function isCluster(client: Client): client is Cluster {
  return client.isCluster
}

/**
 * Waits until the server is ready, or is known to be away, and gives what it refuses. A connection that
 * was accepted and closed is tried again: what is no Redis may close before its nonsense is read.
 */
function firstAnswer(client: Client, withinMs: number): Promise<ConfigError | undefined> {
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

/**
 * Listens to what a server says that accepted a connection and never became ready. The client writes its
 * greeting in pieces, at which a server that is no Redis may hang up before its answer is read.
 */
function firstByte(client: Client): Promise<ConfigError | undefined> {
  const { host, port, tls } = client.options as Redis['options']
  if (client.status === 'ready' || client.isCluster || tls || port === undefined)
    return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const socket = openSocket({ port, host: host ?? 'localhost', timeout: FIRST_BYTE_MS })
    const settle = (refused?: ConfigError): void => {
      socket.destroy()
      resolve(refused)
    }
    socket.on('data', (said) => settle(/^[-+]/.test(said.toString('latin1')) ? undefined : NO_REDIS()))
    for (const event of ['error', 'timeout', 'end']) socket.on(event, () => settle())
    socket.write('PING\r\n')
  })
}

const NO_REDIS = (): ConfigError => new ConfigError('redis', 'a Redis server')

/** What is no outage but a wrong set-up. Of the server's words only the code is shown: they may repeat arguments. */
export function refusalOf({ message }: Error): ConfigError | undefined {
  const code = /^[A-Z]{3,}/.exec(message)?.[0] ?? ''
  if (['NOAUTH', 'WRONGPASS'].includes(code) || /invalid (username-)?password/i.test(message))
    return new ConfigError(
      'redis',
      `reachable with an account that the server accepts (it says ${code || 'ERR'})`,
    )
  if (code === 'NOPERM' || /can't run this command|can't access at least one of the keys/i.test(message))
    return new ConfigError(
      'redis',
      'given an account with rights to every command and key that the scripts use',
    )
  if (/DB index is out of range|SELECT is not allowed/i.test(message))
    return new ConfigError('redis', 'given a database that the server has')
  return /Protocol error|Unknown RESP type/i.test(message) ? NO_REDIS() : undefined
}
