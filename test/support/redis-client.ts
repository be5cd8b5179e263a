import { Redis } from 'ioredis'
import type { RedisServer } from './redis.ts'

/** A client of a test's own, to look at a Redis, or to disturb it, behind the library's back. */
export function redisClient(server: RedisServer): Redis {
  const client = new Redis(server.url, { protocol: 2, maxRetriesPerRequest: 1 })
  client.on('error', () => {}) // the server is killed under it
  return client
}
