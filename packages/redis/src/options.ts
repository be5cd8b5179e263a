import { ConfigError, describeValue } from '@sallyport/core/store'
import type { Cluster, Redis } from 'ioredis'

export type Client = Redis | Cluster

/** What `redisStore` takes: a `url`, or a `client` of yours. */
export interface RedisStoreOptions {
  /** `redis://[user:password@]host:port/db`, or `rediss://` for TLS. */
  readonly url?: string | undefined
  /**
   * An ioredis `Redis` (a single server, or Sentinel) or `Cluster` whose settings are taken over; the store
   * opens connections of its own.
   */
  readonly client?: Client | undefined
  /** First part of every key. Default `sp`. */
  readonly keyPrefix?: string | undefined
  /** Milliseconds after which an unanswered command counts as failed. Default 1000; 50 to 60,000. */
  readonly commandTimeoutMs?: number | undefined
  /**
   * When a sign-in, refresh, logout or revocation counts as done: when the server has it, or when at least
   * `replicas` of its replicas have it too, else 503. Default `acknowledged`.
   */
  readonly durability?: 'acknowledged' | 'replicated' | undefined
  /** For `replicated`. Default 1; 1 to 10. */
  readonly replicas?: number | undefined
  /**
   * Whose clock sessions live by: the server's, one for all processes, or each caller's. Default
   * `server`; `caller` is for tests that turn the clock.
   */
  readonly time?: 'server' | 'caller' | undefined
}

/** The options, parsed. */
export interface RedisSettings {
  readonly source:
    | { readonly kind: 'url'; readonly url: string }
    | { readonly kind: 'client'; readonly client: Client }
  readonly keyPrefix: string
  readonly commandTimeoutMs: number
  readonly time: 'server' | 'caller'
  /** Replicas that must have a step; 0 for none. */
  readonly replicas: number
}

const KNOWN: readonly string[] = [
  'url',
  'client',
  'keyPrefix',
  'commandTimeoutMs',
  'durability',
  'replicas',
  'time',
]
const PREFIX = /^[\w.:-]{1,64}$/

/** Throws a `ConfigError` that names the wrong option. */
export function parseRedisOptions(given: RedisStoreOptions): RedisSettings {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new ConfigError('redis', 'an object with url or client')
  for (const name of Object.keys(given))
    if (!KNOWN.includes(name))
      throw new ConfigError(`redis.${name}`, 'left out, since there is no such option')
  const { keyPrefix = 'sp', commandTimeoutMs = 1000, time = 'server' } = given
  if (typeof keyPrefix !== 'string' || !PREFIX.test(keyPrefix))
    throw new ConfigError(
      'redis.keyPrefix',
      '1 to 64 characters of A-Z a-z 0-9 _ . : -',
      describeValue(keyPrefix),
    )
  if (!Number.isInteger(commandTimeoutMs) || commandTimeoutMs < 50 || commandTimeoutMs > 60_000)
    throw new ConfigError(
      'redis.commandTimeoutMs',
      'a whole number from 50 to 60000',
      describeValue(commandTimeoutMs),
    )
  if (time !== 'server' && time !== 'caller')
    throw new ConfigError('redis.time', 'one of "server", "caller"', describeValue(time))
  return Object.freeze({
    source: sourceOf(given),
    keyPrefix,
    commandTimeoutMs,
    time,
    replicas: replicasOf(given),
  })
}

function replicasOf({ durability = 'acknowledged', replicas = 1 }: RedisStoreOptions): number {
  if (durability !== 'acknowledged' && durability !== 'replicated')
    throw new ConfigError(
      'redis.durability',
      'one of "acknowledged", "replicated"',
      describeValue(durability),
    )
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > 10)
    throw new ConfigError('redis.replicas', 'a whole number from 1 to 10', describeValue(replicas))
  return durability === 'replicated' ? replicas : 0
}

function sourceOf({ url, client }: RedisStoreOptions): RedisSettings['source'] {
  if (client !== undefined && url !== undefined)
    throw new ConfigError('redis.url', 'left out where a client is given')
  if (client !== undefined) {
    if (typeof client?.duplicate !== 'function') throw new ConfigError('redis.client', 'an ioredis client')
    return { kind: 'client', client }
  }
  // The address may hold a password, so it is never shown.
  if (typeof url !== 'string' || !isRedisUrl(url))
    throw new ConfigError(
      'redis.url',
      'an address as "redis://127.0.0.1:6379/0"',
      url === undefined ? 'missing' : undefined,
    )
  return { kind: 'url', url }
}

function isRedisUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return (
    (url?.protocol === 'redis:' || url?.protocol === 'rediss:') &&
    url.hostname !== '' &&
    /^\/?\d{0,3}$/.test(url.pathname) &&
    url.search === ''
  )
}
