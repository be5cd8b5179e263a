import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startPostgres } from '../support/postgres.ts'
import { type Framework, type ServerProcess, startServer } from '../support/processes.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { settle } from '../support/settle.ts'
import { type Client, createClient } from './client.ts'

/** A server process, and a client of it. */
export interface Node extends Client {
  readonly framework: Framework
  readonly process: ServerProcess
}

/** One audit event, as it stands in the file. */
export type AuditEvent = Readonly<Record<string, unknown>>

/** Several server processes that are one system. */
export interface Nodes {
  readonly secret: string
  readonly keyPrefix: string
  /** Starts one more node with the system's environment and these variables besides, and of another checkout if one is given. */
  start(framework: Framework, env?: Readonly<Record<string, string>>, checkout?: string): Promise<Node>
  /** All audit events of all nodes so far. */
  audit(): readonly AuditEvent[]
  /** Ends all nodes and their store; gives each node's exit code and what stood on their standard errors. */
  stop(): Promise<{ readonly exitCodes: readonly number[]; readonly errors: readonly string[] }>
}

/** Several server processes on one Redis. */
export interface System extends Nodes {
  readonly redis: RedisServer
}

const KEY_PREFIX = 'faults'
const EXPECTED =
  /^demo:|SallyportNotice: (?:Redis keeps no append-only file|(?:Redis|PostgreSQL) (?:at \S+ is away|serves again))|^\(Use `node --trace-warnings/

/** Starts a Redis of its own, which has been there for long; nodes come by `start`. */
export async function startSystem(env: Readonly<Record<string, string>> = {}): Promise<System> {
  const redis = await startRedis()
  await settle(redis, [KEY_PREFIX])
  return systemOn(redis, env)
}

/** The same on a Redis that is there already. */
async function systemOn(redis: RedisServer, env: Readonly<Record<string, string>> = {}): Promise<System> {
  return { redis, ...(await startNodes({ REDIS_URL: redis.url, ...env }, redis)) }
}

/** A system on a Redis of its own, or with `STORE=postgres` on a PostgreSQL. */
export async function startAnySystem(env: Readonly<Record<string, string>> = {}): Promise<Nodes> {
  if (process.env.STORE !== 'postgres') return startSystem(env)
  const postgres = await startPostgres()
  return startNodes({ DATABASE_URL: await postgres.createDatabase(), ...env }, postgres)
}

/** The same on a store that has just begun. */
export async function startEmptySystem(): Promise<Nodes> {
  return process.env.STORE === 'postgres' ? startAnySystem() : systemOn(await startRedis())
}

/** Nodes on the store that the environment names; they come by `start`. */
export async function startNodes(
  env: Readonly<Record<string, string>>,
  store: { stop(): Promise<void> },
): Promise<Nodes> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-faults-'))
  const auditFile = join(folder, 'audit.jsonl')
  const secret = randomBytes(32).toString('base64url')
  const nodes: Node[] = []

  return {
    secret,
    keyPrefix: KEY_PREFIX,
    async start(framework, more = {}, checkout = '') {
      const shared = { SECRET: secret, KEY_PREFIX, AUDIT_FILE: auditFile }
      const server = await startServer(framework, { ...shared, ...env, ...more }, checkout)
      const node = { ...createClient(server.url), framework, process: server }
      nodes.push(node)
      return node
    },
    audit() {
      if (!existsSync(auditFile)) return []
      return readFileSync(auditFile, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    },
    async stop() {
      const exitCodes = await Promise.all(nodes.map((node) => node.process.stop()))
      await store.stop()
      await rm(folder, { recursive: true, force: true })
      const errors = nodes.flatMap((node) => node.process.errors)
      return { exitCodes, errors: errors.filter((line) => !isExpected(line)) }
    },
  }
}

/**
 * Whether a line of standard error is one that the examples write at every start, or that the library writes about a
 * Redis that keeps nothing, or a store that is away.
 */
export function isExpected(line: string): boolean {
  return EXPECTED.test(line)
}

/** What a node does not serve any more is refused within this (the contract's deadline). */
export const REFUSED_WITHIN_MS = 1000

/** Once Redis is back everything works within this, without a restart. */
export const RECOVERED_WITHIN_MS = 5000

/** Asks until the answer is right; gives the last answer, right or not, once the time is over. */
export async function until<T>(
  ask: () => Promise<T>,
  isRight: (answer: T) => boolean,
  withinMs: number,
  everyMs = 10,
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (isRight(answer) || performance.now() >= deadline) return answer
    await sleep(everyMs)
  }
}

/** The status that a node gives to an access token in the end: 401 as soon as it says so, else what it says at the deadline. */
export async function finalStatus(node: Client, access: string): Promise<number> {
  const reply = await until(
    () => node.me(access),
    ({ status }) => status === 401,
    REFUSED_WITHIN_MS,
  )
  return reply.status
}

/** The middle and the largest of some figures. */
export function spread(figures: readonly number[]): { readonly p50: number; readonly max: number } {
  const sorted = figures.toSorted((a, b) => a - b)
  return { p50: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN }
}

/** The given whole numbers below a bound. */
export function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index)
}

/** Does something with each item, a few at a time, and gives the results in order. */
export async function eachOf<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at] as T)
  }
  await Promise.all(upTo(atOnce).map(worker))
  return results
}
