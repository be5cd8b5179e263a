import { Redis } from 'ioredis'

export const BLACKLIST = 'jwt:blacklist:'

export type IsRevoked = (jti: string) => Promise<boolean>

/** What makes a peer revocable, as the articles show it: one question to Redis per request. */
export function createBlacklist(redisUrl: string): IsRevoked {
  const redis = new Redis(redisUrl)
  return async (jti) => (await redis.exists(BLACKLIST + jti)) === 1
}
