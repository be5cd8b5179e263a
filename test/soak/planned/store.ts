import type { StoreDriver } from '@sallyport/core'
import { postgresStore } from '@sallyport/postgres'
import { redisStore } from '@sallyport/redis'
import { commanded } from '../../../packages/testing/src/redis/inline.ts'
import { startPostgres } from '../../support/postgres.ts'
import { startRedis } from '../../support/redis.ts'
import { settle } from '../../support/settle.ts'

export type StoreName = 'redis' | 'postgres'

/** A real store that can fail. */
export interface SoakStore {
  readonly env: Readonly<Record<string, string>>
  /** Whether it has lost everything after it was killed. */
  readonly forgets: boolean
  /** For one more process of the system. */
  driver(): StoreDriver
  kill(): Promise<void>
  restart(): Promise<void>
  pause(): Promise<void>
  resume(): Promise<void>
  /** What it holds, in bytes: of Redis in memory, of PostgreSQL on disk. */
  size(): Promise<number | undefined>
  stop(): Promise<void>
}

/** @param keyPrefix that of the nodes */
export function startStore(name: StoreName, keyPrefix: string): Promise<SoakStore> {
  return name === 'redis' ? redis(keyPrefix) : postgres()
}

async function redis(keyPrefix: string): Promise<SoakStore> {
  const server = await startRedis()
  await settle(server, [keyPrefix])
  const { url, port } = server
  return {
    env: { REDIS_URL: url },
    forgets: true,
    driver: () => redisStore({ url, keyPrefix }),
    kill: async () => server.kill(),
    restart: () => server.restartEmpty(),
    pause: async () => server.kill('SIGSTOP'),
    resume: async () => server.kill('SIGCONT'),
    async size() {
      const told = await commanded(port, 'INFO memory', (text) => /used_memory:\d+\r/.test(text))
      const bytes = /used_memory:(\d+)/.exec(told)?.[1]
      return bytes === undefined ? undefined : Number(bytes)
    },
    stop: () => server.stop(),
  }
}

async function postgres(): Promise<SoakStore> {
  const server = await startPostgres()
  const url = await server.createDatabase()
  return {
    env: { DATABASE_URL: url },
    forgets: false,
    driver: () => postgresStore({ url }),
    kill: () => server.kill(),
    restart: () => server.restart(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    async size() {
      const [row] = await server.query('SELECT pg_database_size(current_database()) AS bytes', url)
      return row === undefined ? undefined : Number(row.bytes)
    },
    stop: () => server.stop(),
  }
}
