import { Cluster, Redis } from 'ioredis'

/** Where Redis is: one of the variables `REDIS_URL`, `REDIS_CLUSTER`, `REDIS_SENTINEL`. */
export type RedisSource =
  | { readonly variable: 'REDIS_URL'; readonly url: string }
  | { readonly variable: 'REDIS_CLUSTER'; readonly nodes: readonly Address[] }
  | { readonly variable: 'REDIS_SENTINEL'; readonly name: string; readonly sentinels: readonly Address[] }

export interface Address {
  readonly host: string
  readonly port: number
}

export type RedisClient = Redis | Cluster

const quick = {
  lazyConnect: true,
  maxRetriesPerRequest: 0,
  commandTimeout: 1000,
  connectTimeout: 1000,
  enableReadyCheck: false,
} as const

/** A client that fails what it can't send at once, and goes on trying to connect. */
export function createClient(source: RedisSource): RedisClient {
  const client = make(source)
  client.on('error', () => {})
  client.connect().catch(() => {})
  return client
}

function make(source: RedisSource): RedisClient {
  const common = { enableOfflineQueue: false, retryStrategy: () => 50 }
  switch (source.variable) {
    case 'REDIS_URL':
      return new Redis(source.url, { ...quick, ...common })
    case 'REDIS_SENTINEL': {
      const sentinels = source.sentinels.map((one) => ({ ...one }))
      return new Redis({
        sentinels,
        name: source.name,
        sentinelRetryStrategy: () => 50,
        ...quick,
        ...common,
      })
    }
    case 'REDIS_CLUSTER':
      return new Cluster([...source.nodes], {
        lazyConnect: true,
        enableOfflineQueue: false,
        clusterRetryStrategy: () => 50,
        redisOptions: quick,
      })
  }
}

/** Reads `host:port,host:port`; `undefined` for anything else. */
export function parseAddresses(text: string): readonly Address[] | undefined {
  const addresses = text.split(',').map((one) => {
    const [, host = '', port = ''] = /^\s*(\[[0-9a-fA-F:]+\]|[\w.-]+):(\d{1,5})\s*$/.exec(one) ?? []
    return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
  })
  return addresses.every(({ host, port }) => host !== '' && port > 0 && port < 65_536) ? addresses : undefined
}
