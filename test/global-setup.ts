import { findRedis } from '../scripts/redis.mjs'

/** No test is skipped for want of Redis: without one the run ends here and says what to install. */
export default async function setup(): Promise<void> {
  await findRedis()
}
