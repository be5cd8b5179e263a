import { Cluster, Redis } from 'ioredis'

/** Where Redis is, from one of the variables `REDIS_URL`, `REDIS_CLUSTER` and `REDIS_SENTINEL`. */
export type RedisSource =
  | { readonly variable: 'REDIS_URL'; readonly url: string }
  | { readonly variable: 'REDIS_CLUSTER'; readonly nodes: readonly Address[] }
  | { readonly variable: 'REDIS_SENTINEL'; readonly name: string; readonly sentinels: readonly Address[] }

export interface Address {
  readonly host: string
  readonly port: number
}

export type RedisClient = Redis | Cluster

const failFast = {
  lazyConnect: true,
  maxRetriesPerRequest: 0,
  commandTimeout: 1000,
  connectTimeout: 1000,
  enableReadyCheck: false,
} as const

/** Makes a client that rejects a command at once if it cannot send it. It does not connect yet. */
export function createClient(source: RedisSource): RedisClient {
  const client = make(source)
  client.on('error', () => {})
  return client
}

/** Connects a client, which keeps trying. */
export function connect(client: RedisClient): void {
  client.connect().catch(() => {})
}

function make(source: RedisSource): RedisClient {
  const common = { enableOfflineQueue: false, retryStrategy: () => 50 }
  switch (source.variable) {
    case 'REDIS_URL':
      return new Redis(source.url, { ...failFast, ...common })
    case 'REDIS_SENTINEL': {
      const sentinels = source.sentinels.map((address) => ({ ...address }))
      return new Redis({
        sentinels,
        name: source.name,
        sentinelRetryStrategy: () => 50,
        ...failFast,
        ...common,
      })
    }
    case 'REDIS_CLUSTER':
      return new Cluster([...source.nodes], {
        lazyConnect: true,
        enableOfflineQueue: false,
        clusterRetryStrategy: () => 50,
        redisOptions: failFast,
      })
  }
}

/** Parses `host:port,host:port`; `undefined` for anything else. */
export function parseAddresses(list: string): readonly Address[] | undefined {
  const addresses = list.split(',').map((address) => {
    const [, host = '', port = ''] = /^\s*(\[[0-9a-fA-F:]+\]|[\w.-]+):(\d{1,5})\s*$/.exec(address) ?? []
    return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
  })
  return addresses.every(({ host, port }) => host !== '' && port > 0 && port < 65_536) ? addresses : undefined
}
