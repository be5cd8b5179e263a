import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Running, start } from '@sallyport/example-app'
import { framework as express } from '../../examples/express/src/framework.ts'
import { framework as fastify } from '../../examples/fastify/src/framework.ts'
import { framework as koa } from '../../examples/koa/src/framework.ts'
import { startPostgres } from './postgres.ts'
import { startRedis } from './redis.ts'
import { settle } from './settle.ts'
import { startCluster } from './topologies.ts'

type Env = Readonly<Record<string, string>>

const frameworks = {
  express: (env: Env) => start(express, env),
  koa: (env: Env) => start(koa, env),
  fastify: (env: Env) => start(fastify, env),
} satisfies Record<string, (env: Env) => Promise<Running>>
type StoreName = 'memory' | 'redis' | 'postgres'
export type HostName = `${keyof typeof frameworks} on ${StoreName}`

const onEach = (store: StoreName): readonly HostName[] =>
  (['express', 'koa', 'fastify'] as const).map((framework): HostName => `${framework} on ${store}`)

const chosen: Readonly<Record<string, readonly HostName[]>> = {
  memory: ['express on memory'],
  postgres: ['express on memory', ...onEach('postgres')],
}

/**
 * Every framework on every store. With `STORE=postgres`, every framework on PostgreSQL, and one in memory, as which all are to
 * answer. With `STORE=memory`, that one alone.
 */
export const hostNames: readonly HostName[] = chosen[process.env.STORE ?? ''] ?? [
  ...onEach('memory'),
  ...onEach('redis'),
]

/** An example server in this process. */
export interface Host {
  readonly name: HostName
  readonly url: string
  readonly auditFile: string
}

export interface Hosts {
  named(name: HostName): Host
  close(): Promise<void>
}

/** A server that keeps what example servers keep. */
interface Keeper {
  /** The variables of an example server that shares nothing with the others. */
  env(index: number): Promise<Env>
  stop(): Promise<void>
}

const keepers: Readonly<Record<Exclude<StoreName, 'memory'>, () => Promise<Keeper>>> = {
  /** A single server, or with `TOPOLOGY=cluster` a Redis Cluster. */
  async redis() {
    const prefix = (index: number): string => `host${index}`
    if (process.env.TOPOLOGY === 'cluster') {
      const { addresses, stop } = await startCluster()
      return { env: async (index) => ({ REDIS_CLUSTER: addresses, KEY_PREFIX: prefix(index) }), stop }
    }
    const redis = await startRedis()
    const env = async (index: number): Promise<Env> => {
      await settle(redis, [prefix(index)])
      return { REDIS_URL: redis.url, KEY_PREFIX: prefix(index) }
    }
    return { env, stop: redis.stop }
  },
  async postgres() {
    const { createDatabase, stop } = await startPostgres()
    return { env: async () => ({ DATABASE_URL: await createDatabase() }), stop }
  },
}

/** Starts example servers, each a system of its own; those that are not on memory share one server. */
export async function startHosts(env: Env = {}, names: readonly HostName[] = hostNames): Promise<Hosts> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-hosts-'))
  const started = new Map<string, Keeper>()
  const hosts = new Map<HostName, Host & Running>()
  const close = async (): Promise<void> => {
    await Promise.all([...hosts.values()].map((host) => host.close()))
    await Promise.all([...started.values()].map((keeper) => keeper.stop()))
    await rm(folder, { recursive: true, force: true })
  }
  try {
    for (const [index, name] of names.entries()) {
      const [framework, , store] = name.split(' ') as [keyof typeof frameworks, 'on', StoreName]
      const auditFile = join(folder, `${index}.jsonl`)
      const own = { PORT: '0', AUDIT_FILE: auditFile, SECRET: randomBytes(32).toString('base64url') }
      const keeper = store === 'memory' ? undefined : (started.get(store) ?? (await keepers[store]()))
      if (keeper !== undefined) started.set(store, keeper)
      const shared = (await keeper?.env(index)) ?? {}
      hosts.set(name, { name, auditFile, ...(await frameworks[framework]({ ...own, ...shared, ...env })) })
    }
  } catch (cause) {
    await close()
    throw cause
  }
  return {
    close,
    named(name) {
      const host = hosts.get(name)
      if (host === undefined) throw new RangeError(`${name} was not started`)
      return host
    },
  }
}
