import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Running, start } from '@sallyport/example-app'
import { framework as express } from '../../examples/express/src/framework.ts'
import { framework as fastify } from '../../examples/fastify/src/framework.ts'
import { framework as koa } from '../../examples/koa/src/framework.ts'
import { startRedis } from './redis.ts'
import { startCluster } from './topologies.ts'

type Env = Readonly<Record<string, string>>

const frameworks = {
  express: (env: Env) => start(express, env),
  koa: (env: Env) => start(koa, env),
  fastify: (env: Env) => start(fastify, env),
} satisfies Record<string, (env: Env) => Promise<Running>>
const stores = ['memory', 'redis'] as const

export type HostName = `${keyof typeof frameworks} on ${(typeof stores)[number]}`

/** Every framework on every store. */
export const hostNames: readonly HostName[] = stores.flatMap((store) =>
  (['express', 'koa', 'fastify'] as const).map((framework): HostName => `${framework} on ${store}`),
)

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

/** A single server, or with `TOPOLOGY=cluster` a Redis Cluster. */
async function startAnyRedis(): Promise<{ readonly env: Env; stop(): Promise<void> }> {
  if (process.env.TOPOLOGY === 'cluster') {
    const { addresses, stop } = await startCluster()
    return { env: { REDIS_CLUSTER: addresses }, stop }
  }
  const { url, stop } = await startRedis()
  return { env: { REDIS_URL: url }, stop }
}

/** Starts example servers, each a system of its own; those on Redis share one server, under different prefixes. */
export async function startHosts(env: Env = {}, names: readonly HostName[] = hostNames): Promise<Hosts> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-hosts-'))
  const redis = names.some((name) => name.endsWith('redis')) ? await startAnyRedis() : undefined
  const hosts = new Map<HostName, Host & Running>()
  const close = async (): Promise<void> => {
    await Promise.all([...hosts.values()].map((host) => host.close()))
    await redis?.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    for (const [index, name] of names.entries()) {
      const [framework, , store] = name.split(' ') as [keyof typeof frameworks, 'on', (typeof stores)[number]]
      const auditFile = join(folder, `${index}.jsonl`)
      const own = { PORT: '0', AUDIT_FILE: auditFile, SECRET: randomBytes(32).toString('base64url') }
      const shared = store === 'redis' && redis ? { ...redis.env, KEY_PREFIX: `host${index}` } : {}
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
