import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore, type Sallyport, type SallyportOptions, type StoreDriver } from '@sallyport/core'
import { type Framework, type Running, start } from '@sallyport/example-app'
import { postgresStore } from '@sallyport/postgres'
import { redisStore } from '@sallyport/redis'
import { framework as express } from '../../examples/express/src/framework.ts'
import { framework as fastify } from '../../examples/fastify/src/framework.ts'
import { framework as koa } from '../../examples/koa/src/framework.ts'
import { type HostName, hostNames } from '../support/hosts.ts'
import { startPostgres } from '../support/postgres.ts'
import { startRedis } from '../support/redis.ts'
import { settle } from '../support/settle.ts'
import { Visitor } from './visitor.ts'

type Pair<T> = readonly [one: T, other: T]
type Env = Readonly<Record<string, string>>

/** Example servers that a test starts by itself, since it turns their clock or makes something in them fail. */
export interface OwnHosts {
  /** A server over a store that no other one uses. */
  start(name: HostName, options?: SallyportOptions, env?: Env): Promise<Visitor>
  /** Two servers over one store, under one secret. */
  startSharing(name: HostName, options: Pair<SallyportOptions>, env?: Env): Promise<Pair<Visitor>>
  /** Ends the servers that were started. */
  closeAll(): Promise<void>
  stop(): Promise<void>
}

export async function ownHosts(): Promise<OwnHosts> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-own-hosts-'))
  const keeper = await startKeeper()
  const running: Running[] = []
  let started = 0

  /** Makes the function that starts servers over a store of their own. */
  async function overOneStore(
    name: HostName,
    env: Env,
  ): Promise<(options: SallyportOptions) => Promise<Visitor>> {
    const store = name.endsWith('memory') ? sharedMemoryStore() : await keeper.store(`own${started}`)
    const variables = { PORT: '0', SECRET: randomBytes(32).toString('base64url'), ...env }
    return async (options) => {
      const auditFile = join(folder, `${started++}.jsonl`)
      const host = await starterOf(name)({ store, ...options }, { ...variables, AUDIT_FILE: auditFile })
      running.push(host)
      return new Visitor({ name, auditFile, url: host.url }, 1)
    }
  }

  return {
    async start(name, options = {}, env = {}) {
      const start = await overOneStore(name, env)
      return start(options)
    },
    async startSharing(name, [one, other], env = {}) {
      const start = await overOneStore(name, env)
      return [await start(one), await start(other)]
    },
    async closeAll() {
      await Promise.all(running.splice(0).map((host) => host.close()))
    },
    async stop() {
      await keeper.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The server behind all stores but those in memory. They judge by the clock of the example servers, which tests turn. */
async function startKeeper(): Promise<{ store(name: string): Promise<StoreDriver>; stop(): Promise<void> }> {
  if (hostNames.some((name) => name.endsWith('postgres'))) {
    const { url, stop } = await startPostgres()
    return { store: async (schema) => postgresStore({ url, schema, time: 'caller' }), stop }
  }
  const redis = await startRedis()
  return {
    async store(keyPrefix) {
      await settle(redis, [keyPrefix])
      return redisStore({ url: redis.url, keyPrefix, time: 'caller' })
    },
    stop: redis.stop,
  }
}

/** A store in memory that several servers of this process share. */
function sharedMemoryStore(): StoreDriver {
  const driver = memoryStore()
  let store: ReturnType<StoreDriver['open']> | undefined
  return {
    ...driver,
    open(context) {
      store ??= driver.open(context)
      return store
    },
  }
}

type Start = (options: SallyportOptions, env: Env) => Promise<Running>

function starterOf(name: HostName): Start {
  const starts: Readonly<Record<string, Start>> = {
    express: starter(express),
    koa: starter(koa),
    fastify: starter(fastify),
  }
  const [framework = ''] = name.split(' ')
  const found = starts[framework]
  if (found === undefined) throw new RangeError(`${name} has no framework`)
  return found
}

/** Starts the example with options that no environment variable has. */
function starter<S extends Sallyport>(framework: Framework<S>): Start {
  return (options, env) =>
    start(
      { ...framework, createSallyport: (given) => framework.createSallyport({ ...given, ...options }) },
      env,
    )
}
