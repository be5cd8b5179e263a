import { ConfigError, type StoreContext } from '@sallyport/core/store'
import type { Redis } from 'ioredis'
import { isCluster } from './connection.ts'
import type { Client, RedisSettings } from './options.ts'
import { within } from './timeout.ts'

/**
 * Looks at the server once, and sends a notice for each setting that weakens what the store promises. Skips whatever
 * the server does not tell this user.
 *
 * Throws a `ConfigError` for a version that is too old and, in production, for a server that may evict keys.
 */
export async function inspect(
  client: Client,
  { replicas, commandTimeoutMs }: Pick<RedisSettings, 'replicas' | 'commandTimeoutMs'>,
  { notice, production }: Pick<StoreContext, 'notice' | 'production'>,
): Promise<void> {
  const warnings = new Set<string>()
  for (const node of isCluster(client) ? client.nodes('master') : [client]) {
    const facts = parse(await within(commandTimeoutMs, () => node.info()).catch(() => ''))
    const version = facts.get('redis_version')
    if (version !== undefined && isOld(version))
      throw wrong(`Redis ${version} is too old: use Redis 6.2 or newer, or Valkey`)
    const policy =
      facts.get('maxmemory_policy') ??
      (await within(commandTimeoutMs, () => askPolicy(node)).catch(() => undefined))
    const warning = policyWarning(policy, production)
    if (production && policy !== undefined && warning !== undefined) throw wrong(warning)
    if (warning !== undefined) warnings.add(warning)
    for (const further of warningsOf(facts, replicas)) warnings.add(further)
  }
  for (const warning of warnings) notice(warning)
}

function wrong(sentence: string): ConfigError {
  return new ConfigError('redis', { sentence })
}

/** A user may be allowed CONFIG GET but not INFO, or neither. */
async function askPolicy(node: Redis): Promise<string | undefined> {
  const reply = await node.config('GET', 'maxmemory-policy').catch(() => [])
  return Array.isArray(reply) && typeof reply[1] === 'string' ? reply[1] : undefined
}

/** All keys of the store have a time to live, so the `volatile` policies evict them as well. */
function policyWarning(policy: string | undefined, production: boolean): string | undefined {
  if (policy === 'noeviction') return undefined
  if (policy !== undefined)
    return `Redis evicts keys when memory is short (maxmemory-policy ${policy}), so sessions and revocations may be lost: set maxmemory-policy to noeviction`
  return production
    ? 'Redis does not let this user see maxmemory-policy (INFO, CONFIG GET): make sure that it is noeviction, or sessions and revocations may be lost'
    : undefined
}

function parse(info: string): ReadonlyMap<string, string> {
  return new Map(
    info
      .split(/\r?\n/)
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  )
}

function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < 6 || (major === 6 && minor < 2)
}

function* warningsOf(facts: ReadonlyMap<string, string>, replicas: number): Generator<string> {
  if (facts.get('aof_enabled') === '0')
    yield 'Redis keeps no append-only file, so a restart loses sessions, and revocations that no running process knows: set appendonly to yes'
  const connected = Number(facts.get('connected_slaves') ?? replicas)
  if (connected < replicas)
    yield `durability "replicated" asks for ${replicas} replicas, but Redis has ${connected}: sign-in, refresh and logout answer 503 until they are there`
}
