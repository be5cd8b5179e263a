import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { ended, type Place, spawnAt } from './machine.ts'

interface RedisCommand {
  readonly command: string
  readonly env: Readonly<Record<string, string>>
  readonly version: string
}

interface Finder {
  findRedis(): Promise<RedisCommand>
}

export interface BenchRedis {
  readonly url: string
  readonly version: string
  /** A connection for what the bench itself asks. */
  readonly client: Redis
  stop(): Promise<void>
}

/** Starts an empty server of its own that keeps nothing on disk. */
export async function startRedis(place: Place = 'others'): Promise<BenchRedis> {
  // One place knows how to find the binary: the script that `npm run redis` runs.
  const script = new URL('../../scripts/redis.mjs', import.meta.url).href
  const { findRedis } = (await import(script)) as Finder
  const { command, env, version } = await findRedis()
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'))
  const port = await freePort()
  const options = ['--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no']
  const child = spawnAt(place, command, ['--port', String(port), ...options], {
    stdio: 'ignore',
    env: { ...process.env, ...env },
  })
  const url = `redis://127.0.0.1:${port}/0`
  const client = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 })
  client.on('error', () => {}) // refused until the server listens
  await client.ping()
  return {
    url,
    version,
    client,
    async stop() {
      client.disconnect()
      child.kill('SIGKILL')
      await ended(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export async function usedMemory(client: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1])
}

/** How often each command was called since the last reset, those inside scripts included. */
export async function commandCalls(client: Redis): Promise<ReadonlyMap<string, number>> {
  const calls = new Map<string, number>()
  for (const [, name = '', count] of (await client.info('commandstats')).matchAll(
    /^cmdstat_([^:]+):calls=(\d+)/gm,
  ))
    calls.set(name, Number(count))
  return calls
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
