import { randomBytes } from 'node:crypto'
import type { RedisServer } from './redis.ts'
import { redisClient } from './redis-client.ts'

const SHARDS = 16
const EPOCH_BYTES = 16
/** The prefix of the keys, where a test chooses none. */
const DEFAULT_PREFIX = 'sp'

/**
 * Makes an empty Redis one that has been there for long. Of one that has just begun, a process cannot know whether it
 * has lost something that others are about to put back, so each start would wait for two seconds.
 */
export async function settle(
  server: RedisServer,
  prefixes: readonly string[] = [DEFAULT_PREFIX],
): Promise<void> {
  const client = redisClient(server)
  const epochs = client.pipeline()
  for (const prefix of prefixes)
    for (let shard = 0; shard < SHARDS; shard++) {
      const epoch = { e: randomBytes(EPOCH_BYTES).toString('base64url'), t: '0' }
      epochs.hset(`${prefix}:{${shard.toString(16)}}:m`, epoch)
    }
  await epochs.exec()
  client.disconnect()
}
