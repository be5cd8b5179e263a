import { ConfigError, schema } from '@sallyport/core/store'
import type { Cluster, Redis } from 'ioredis'

export type Client = Redis | Cluster

/** What `redisStore` takes. Give either `url` or `client`. */
export interface RedisStoreOptions {
  /** `redis://[user:password@]host:port/db`, or `rediss://` for TLS. */
  readonly url?: string | undefined
  /**
   * An ioredis `Redis` (a single server, or Sentinel) or `Cluster`. The store copies where and how it connects
   * (addresses, user, password, database, TLS, Sentinel) and opens connections of its own. How commands are sent is up
   * to the store: it has its own time-outs and retries, and always asks the primary. A client with a `keyPrefix` is
   * refused (use `keyPrefix` here), and so is one for replicas (`role: 'slave'`).
   */
  readonly client?: Client | undefined
  /** First part of every key. Default `sp`. */
  readonly keyPrefix?: string | undefined
  /** Milliseconds after which an unanswered command counts as failed. Default 1000; 50 to 60,000. */
  readonly commandTimeoutMs?: number | undefined
  /**
   * When a sign-in, refresh, logout or revocation succeeds. `acknowledged`: once the server has it. `replicated`:
   * once at least `replicas` of its replicas have it too; otherwise it is answered 503. Default `acknowledged`.
   */
  readonly durability?: 'acknowledged' | 'replicated' | undefined
  /** For the durability `replicated` only. Default 1; 1 to 10. */
  readonly replicas?: number | undefined
  /**
   * Whose clock decides when sessions expire. `server`: that of Redis, the same for all processes. `caller`: that of
   * the calling process, for tests that move the clock. Default `server`.
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
  /** How many replicas must have a step before it succeeds; 0 for none. */
  readonly replicas: number
}

const { callable, custom, group, oneOf, optional, parse, string, wholeNumber } = schema

const address = 'an address such as "redis://127.0.0.1:6379/0"'
const options = group({
  url: optional(custom<string>(isRedisUrl, address)),
  client: optional(
    // The client of the package `redis` has `duplicate` too, but no `defineCommand`.
    callable<Client>('an ioredis client (new Redis(…) or new Cluster(…))', 'duplicate', 'defineCommand'),
  ),
  keyPrefix: optional(string(/^[\w.:-]{1,64}$/, '1 to 64 characters of A-Z a-z 0-9 _ . : -'), 'sp'),
  commandTimeoutMs: optional(wholeNumber(50, 60_000), 1000),
  durability: optional(oneOf('acknowledged', 'replicated'), 'acknowledged'),
  replicas: optional(wholeNumber(1, 10)),
  time: optional(oneOf('server', 'caller'), 'server'),
})

/** An address may hold a password, and may be given in the wrong place. */
const secret: readonly string[] = ['redis', 'redis.url', 'redis.client']

/** Throws a `ConfigError` that names the wrong option. */
export function parseRedisOptions(given: RedisStoreOptions): RedisSettings {
  const { url, client, durability, replicas, ...rest } = parse(options, given, {
    path: 'redis',
    mayShow: (path) => !secret.includes(path),
  })
  if (durability === 'acknowledged' && replicas !== undefined)
    throw new ConfigError('redis.replicas', {
      sentence:
        '"redis.replicas" is for the durability "replicated": set "redis.durability" to "replicated", or leave it out',
    })
  return Object.freeze({
    ...rest,
    source: sourceOf(url, client),
    replicas: durability === 'replicated' ? (replicas ?? 1) : 0,
  })
}

function sourceOf(url: string | undefined, client: Client | undefined): RedisSettings['source'] {
  if (url !== undefined && client !== undefined)
    throw new ConfigError('redis.url', { sentence: 'give either "redis.url" or "redis.client", not both' })
  if (client !== undefined) return { kind: 'client', client: usable(client) }
  if (url !== undefined) return { kind: 'url', url }
  throw new ConfigError('redis.url', {
    sentence: `"redis.url" is required: give ${address}, or give "redis.client"`,
  })
}

/** Refuses what the application expects of its client and the store does not do. */
function usable(client: Client): Client {
  const { keyPrefix, redisOptions, role }: ClientSettings = Object(client.options)
  if (keyPrefix || redisOptions?.keyPrefix)
    throw new ConfigError('redis.client', {
      sentence:
        '"redis.client" has a "keyPrefix", which the store does not use: give a client without it, and set "redis.keyPrefix"',
    })
  if (role === 'slave')
    throw new ConfigError('redis.client', {
      sentence:
        '"redis.client" connects to a replica (role "slave"), where nothing can be written: leave "role" out',
    })
  return client
}

interface ClientSettings {
  readonly keyPrefix?: string | undefined
  readonly role?: string | undefined
  readonly redisOptions?: { readonly keyPrefix?: string | undefined } | undefined
}

function isRedisUrl(given: unknown): boolean {
  if (typeof given !== 'string' || !URL.canParse(given)) return false
  const { protocol, hostname, pathname, search } = new URL(given)
  return (
    (protocol === 'redis:' || protocol === 'rediss:') &&
    hostname !== '' &&
    /^\/?\d{0,3}$/.test(pathname) &&
    search === ''
  )
}
