import { patiently, type Random } from '@sallyport/core/store'
import { type Cluster, Redis } from 'ioredis'
import { type Causes, watchCauses } from './causes.ts'
import { firstAnswer, firstByte } from './first-contact.ts'
import type { Client, RedisSettings } from './options.ts'
import { timedOut } from './timeout.ts'

/** The connections of one process. A Cluster client serves as both. */
export interface Connections {
  readonly commands: Client
  readonly subscriber: Client
  readonly causes: Causes
  /** Ends both for good. */
  close(): void
}

const MAX_RETRY_MS = 500
const REOPEN_AFTER_MS = 50

/**
 * Opens the connections. If the server cannot be reached, it resolves all the same and keeps trying. Throws a
 * `ConfigError` if the server refuses the connection because of how it or this store is set up.
 */
export async function connect(settings: RedisSettings, random: Random): Promise<Connections> {
  const commands = createClient(settings, random)
  const subscriber = commands.isCluster ? commands : createClient(settings, random)
  const clients = new Set([commands, subscriber])
  const causes = watchCauses(commands, settings.commandTimeoutMs)
  let closed = false
  const close = (): void => {
    closed = true
    for (const client of clients) client.disconnect()
  }
  for (const client of clients) {
    // The commands that fail report a lost connection. Without a listener, the event would end the process.
    client.on('error', () => {})
    // A client gives up for good if a failover is announced while it asks the sentinels for the primary.
    client.on('end', () => {
      setTimeout(() => {
        if (!closed && client.status === 'end') client.connect().catch(() => {})
      }, REOPEN_AFTER_MS).unref()
    })
  }
  const refused = (await firstAnswer(commands, settings.commandTimeoutMs)) ?? (await firstByte(commands))
  if (refused !== undefined) {
    close()
    throw refused
  }
  if (subscriber !== commands) subscriber.connect().catch(() => {})
  return { commands, subscriber, causes, close }
}

/** Waits longer after each attempt, with jitter so that processes do not reconnect all at once. */
const backOff =
  (random: Random) =>
  (attempt: number): number =>
    attempt === 1
      ? 0
      : Math.min(MAX_RETRY_MS, 25 * 2 ** Math.min(attempt, 6)) * (0.5 + (random(1)[0] ?? 0) / 512)

function createClient(settings: RedisSettings, random: Random): Client {
  const client = openClient(settings, random)
  if (isCluster(client)) client.on('+node', (node: Redis) => limitHandshake(node, settings.commandTimeoutMs))
  else limitHandshake(client, settings.commandTimeoutMs)
  return client
}

/** Hangs up on a server that takes a connection and then says nothing. */
function limitHandshake(client: Redis, withinMs: number): void {
  let answered = (): void => {}
  client.on('connect', () => {
    const { stream } = client
    answered()
    answered = patiently(withinMs, () => stream.destroy(timedOut()))
  })
  for (const event of ['ready', 'close']) client.on(event, () => answered())
}

function openClient({ source, commandTimeoutMs }: RedisSettings, random: Random): Client {
  const shared = {
    connectionName: 'sallyport',
    connectTimeout: commandTimeoutMs,
    // It counts the lateness of this process as the server's. Each command is limited where it is sent.
    commandTimeout: undefined,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    enableReadyCheck: false,
    replyMapping: 'legacy',
    // The scripts' replies are compared as numbers.
    stringNumbers: false,
    readOnly: false,
    monitor: false,
  } as const
  // A command that can't be sent now must fail now: a queue would answer long after the request was given up.
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
    // A replica may lag behind, and not know of a revocation yet.
    scaleReads: 'master',
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

export function isCluster(client: Client): client is Cluster {
  return client.isCluster
}
