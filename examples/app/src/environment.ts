import { readFileSync } from 'node:fs'
import { ConfigError, type SallyportOptions } from '@sallyport/core'
import proxyAddr from 'proxy-addr'
import * as v from 'valibot'
import { type Address, parseAddresses, type RedisSource } from './redis.ts'

/** A variable of the environment is wrong. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError'

  constructor(variable: string, expected: string) {
    super(`${variable} must be ${expected}`)
  }
}

interface Sentinels {
  readonly name: string
  readonly sentinels: readonly Address[]
}

/** What all three frameworks take as their own option. */
export type TrustProxy = (address: string, hop: number) => boolean

/** What the environment says of the server around the library. */
export interface Environment {
  readonly port: number
  readonly host: string
  /** Which proxies are believed what they say of the client; takes an address and its distance in hops. */
  readonly trustProxy: TrustProxy | undefined
  readonly auditFile: string | undefined
  readonly redis: RedisSource | undefined
  readonly durability: 'acknowledged' | 'replicated' | undefined
  readonly keyPrefix: string
  readonly options: SallyportOptions
}

const seconds = (min: number, max: number) => {
  const message = `a whole number of seconds from ${min} to ${max}`
  return v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,9}$/, message),
      v.transform(Number),
      v.minValue(min, message),
      v.maxValue(max, message),
    ),
  )
}
const oneOf = <const T extends readonly string[]>(...names: T) =>
  v.optional(v.picklist(names, `one of ${names.join(', ')}`))
const commaList = (text: string): string[] => text.split(',').map((one) => one.trim())
const decodedSecret = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'))
const isSecret = (text: string): boolean =>
  /^[A-Za-z0-9_-]+={0,2}$/.test(text) && decodedSecret(text).length >= 32
const isThere = (value: unknown): boolean => value !== undefined
const portMessage = 'a port number from 0 to 65535'

const schema = v.object({
  PORT: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,5}$/, portMessage),
      v.transform(Number),
      v.maxValue(65_535, portMessage),
    ),
    '3000',
  ),
  HOST: v.optional(v.pipe(v.string(), v.regex(/^\S+$/, 'a host name or address')), '127.0.0.1'),
  REDIS_URL: v.optional(v.pipe(v.string(), v.check(isRedisUrl, 'an address as redis://127.0.0.1:6379/0'))),
  REDIS_CLUSTER: v.optional(
    v.pipe(
      v.string(),
      v.transform(parseAddresses),
      v.custom<readonly Address[]>(isThere, 'host:port,host:port of nodes of a Cluster'),
    ),
  ),
  REDIS_SENTINEL: v.optional(
    v.pipe(
      v.string(),
      v.transform(parseSentinel),
      v.custom<Sentinels>(isThere, 'name@host:port,host:port of sentinels'),
    ),
  ),
  DURABILITY: oneOf('acknowledged', 'replicated'),
  KEY_PREFIX: v.optional(
    v.pipe(v.string(), v.regex(/^[\w.:-]{1,64}$/, '1 to 64 characters of A-Z a-z 0-9 _ . : -')),
    'sp',
  ),
  SECRET: v.optional(
    v.pipe(
      v.string(),
      v.transform(commaList),
      v.check((parts) => parts.every(isSecret), 'at least 32 bytes in base64url, or a comma list of such'),
      v.transform((parts) => parts.map(decodedSecret)),
    ),
  ),
  ISSUER: v.optional(v.string(), 'https://auth.example.test'),
  AUDIENCE: v.optional(v.string(), 'https://api.example.test'),
  SIGNING_ALG: oneOf('EdDSA', 'ES256', 'RS256', 'PS256'),
  SIGNING_KEYS: v.optional(v.string()),
  ACCESS_TTL: seconds(1, 1800),
  REFRESH_TTL: seconds(1, 2_592_000),
  SESSION_TTL: seconds(1, 2_592_000),
  REUSE_GRACE: seconds(0, 60),
  LOST_RESPONSE: oneOf('recover', 'refuse'),
  REVOCATION: oneOf('replicated', 'strict'),
  MAX_STALENESS: seconds(0, 300),
  TRUST_PROXY: v.optional(
    v.pipe(
      v.string(),
      v.transform(proxiesOf),
      v.check((it) => it !== undefined, 'a number of hops, or a comma list of addresses and subnets'),
    ),
  ),
  ALLOWED_ORIGINS: v.optional(v.pipe(v.string(), v.transform(commaList))),
  AUDIT_FILE: v.optional(v.pipe(v.string(), v.minLength(1, 'the path of a file'))),
})

/** Which variable gave which option of the library. */
const variables: Readonly<Record<string, string>> = {
  issuer: 'ISSUER',
  audience: 'AUDIENCE',
  secret: 'SECRET',
  access: 'SIGNING_KEYS',
  'access.algorithm': 'SIGNING_ALG',
  origins: 'ALLOWED_ORIGINS',
}

/** What later versions of the examples read; to start without them would be to ignore what was meant. */
const NOT_YET = ['DATABASE_URL']

/** Reads the environment. An empty variable counts as unset. Throws an `EnvironmentError` or a `ConfigError`. */
export function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  for (const name of NOT_YET)
    if (given[name] !== undefined)
      throw new EnvironmentError(name, 'unset: this example has no such store yet')
  const parsed = v.safeParse(schema, given, { abortEarly: true })
  if (!parsed.success) {
    const [issue] = parsed.issues
    throw new EnvironmentError(v.getDotPath(issue) ?? 'the environment', issue.message)
  }
  const it = parsed.output
  return {
    port: it.PORT,
    host: it.HOST,
    trustProxy: it.TRUST_PROXY,
    auditFile: it.AUDIT_FILE,
    redis: redisOf(it),
    durability: it.DURABILITY,
    keyPrefix: it.KEY_PREFIX,
    options: {
      issuer: it.ISSUER,
      audience: it.AUDIENCE,
      secret: it.SECRET,
      access: {
        ttlSeconds: it.ACCESS_TTL,
        algorithm: it.SIGNING_ALG,
        keys: it.SIGNING_KEYS === undefined ? undefined : readKeys(it.SIGNING_KEYS),
      },
      refresh: {
        idleSeconds: it.REFRESH_TTL,
        absoluteSeconds: it.SESSION_TTL,
        graceSeconds: it.REUSE_GRACE,
        lostResponse: it.LOST_RESPONSE,
      },
      revocation: { mode: it.REVOCATION, maxStalenessSeconds: it.MAX_STALENESS },
      origins: { allowed: it.ALLOWED_ORIGINS },
      production: false,
    },
  }
}

/** The one clear line that a wrong set-up gets; `undefined` for any other fault. */
export function setupFault(cause: unknown, env: NodeJS.ProcessEnv): string | undefined {
  if (cause instanceof EnvironmentError) return cause.message
  if (!(cause instanceof ConfigError)) return undefined
  const top = cause.option.split('.')[0] ?? ''
  const redis = ['REDIS_CLUSTER', 'REDIS_SENTINEL', 'REDIS_URL'].find((name) => env[name])
  const variable = top === 'redis' ? redis : (variables[cause.option] ?? variables[top])
  return `${variable ?? cause.option}: ${cause.message}`
}

function isRedisUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return (url?.protocol === 'redis:' || url?.protocol === 'rediss:') && url.hostname !== ''
}

function parseSentinel(text: string): Sentinels | undefined {
  const [, name = '', addresses = ''] = /^([\w.-]+)@(.+)$/.exec(text) ?? []
  const sentinels = parseAddresses(addresses)
  return name === '' || sentinels === undefined ? undefined : { name, sentinels }
}

function redisOf(it: v.InferOutput<typeof schema>): RedisSource | undefined {
  const given = [it.REDIS_URL, it.REDIS_CLUSTER, it.REDIS_SENTINEL].filter((one) => one !== undefined)
  if (given.length > 1)
    throw new EnvironmentError('REDIS_URL', 'the only one of REDIS_URL, REDIS_CLUSTER, REDIS_SENTINEL')
  if (it.REDIS_URL !== undefined) return { variable: 'REDIS_URL', url: it.REDIS_URL }
  if (it.REDIS_CLUSTER !== undefined) return { variable: 'REDIS_CLUSTER', nodes: it.REDIS_CLUSTER }
  return it.REDIS_SENTINEL === undefined ? undefined : { variable: 'REDIS_SENTINEL', ...it.REDIS_SENTINEL }
}

function proxiesOf(text: string): TrustProxy | undefined {
  if (/^\d{1,2}$/.test(text)) return (_address, hop) => hop < Number(text)
  try {
    return proxyAddr.compile(commaList(text))
  } catch {
    return undefined
  }
}

function readKeys(file: string): object[] {
  const expected = 'a file with a JWK Set whose first key is private (RFC 7517)'
  let set: unknown
  try {
    set = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    throw new EnvironmentError('SIGNING_KEYS', expected)
  }
  const shape = v.safeParse(v.object({ keys: v.pipe(v.array(v.looseObject({})), v.minLength(1)) }), set)
  if (!shape.success) throw new EnvironmentError('SIGNING_KEYS', expected)
  return shape.output.keys
}
