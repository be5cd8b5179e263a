import { ConfigError } from '@sallyport/core/store'
import type { Cluster } from 'ioredis'
import type { Client, RedisSettings } from './options.ts'

/**
 * Looks at the server once, and sends a notice for each setting that weakens what the store promises. Skips whatever
 * the server does not tell this user. Throws a `ConfigError` for a version that is too old.
 */
export async function inspect(
  client: Client,
  { replicas }: Pick<RedisSettings, 'replicas'>,
  notice: (message: string) => void,
): Promise<void> {
  const warnings = new Set<string>()
  for (const node of client.isCluster ? (client as Cluster).nodes('master') : [client]) {
    const facts = parse(await node.info().catch(() => ''))
    const version = facts.get('redis_version')
    if (version !== undefined && isOld(version))
      throw new ConfigError('redis', {
        sentence: `Redis ${version} is too old: use Redis 6.2 or newer, or Valkey`,
      })
    for (const warning of warningsOf(facts, replicas)) warnings.add(warning)
  }
  for (const warning of warnings) notice(warning)
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
  const policy = facts.get('maxmemory_policy')
  if (policy !== undefined && policy !== 'noeviction')
    yield `Redis evicts keys when memory is short (maxmemory-policy ${policy}), so sessions and revocations may be lost: set it to noeviction`
  if (facts.get('aof_enabled') === '0')
    yield 'Redis keeps no append-only file, so a restart loses sessions, and revocations that no running process knows: set appendonly to yes'
  const connected = Number(facts.get('connected_slaves') ?? replicas)
  if (connected < replicas)
    yield `durability "replicated" asks for ${replicas} replicas, but Redis has ${connected}: sign-in, refresh and logout answer 503 until they are there`
}
