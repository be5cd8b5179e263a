import { readFileSync } from 'node:fs'
import { ConfigError, type SallyportOptions } from '@sallyport/core'
import proxyAddr from 'proxy-addr'
import * as v from 'valibot'
import { demoRules, productionRules } from './demo.ts'
import { EnvironmentError } from './environment-error.ts'
import { CLIENTS_MESSAGE, JWKS_MESSAGE, logoutOptions, readClients, readJwks } from './logout.ts'
import type { MetricsPlace } from './metrics.ts'
import { type Address, parseAddresses, type RedisSource } from './redis.ts'
import { type SignalsSource, signalVariable } from './signals.ts'

export { EnvironmentError }

interface Sentinels {
  readonly name: string
  readonly sentinels: readonly Address[]
}

/** Whether a proxy is trusted, by its address and its distance in hops. All three frameworks take such a function. */
export type TrustProxy = (address: string, hop: number) => boolean

/** The settings of an example server, from its environment variables. */
export interface Environment {
  /** Whether it is a demo, which has secrets that everybody knows and few limits. */
  readonly demo: boolean
  /** That of every user, until the user changes it. */
  readonly password: string
  readonly port: number
  readonly host: string
  /** Which proxies are trusted to report the client's address and protocol. `undefined`: none. */
  readonly trustProxy: TrustProxy | undefined
  readonly auditFile: string | undefined
  readonly auditKey: Uint8Array | undefined
  readonly auditSubjects: 'plain' | 'pseudonyms'
  readonly redis: RedisSource | undefined
  readonly databaseUrl: string | undefined
  readonly durability: 'acknowledged' | 'replicated' | undefined
  readonly keyPrefix: string
  /** Where the metrics are, if anywhere. */
  readonly metrics: MetricsPlace | undefined
  /** Whether users see what happened to them. */
  readonly activity: boolean
  /** Whose security events are taken, and who gets ours. */
  readonly signals: SignalsSource
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
const splitAtCommas = (list: string): string[] => list.split(',').map((item) => item.trim())
const decodeSecret = (encoded: string): Uint8Array => new Uint8Array(Buffer.from(encoded, 'base64url'))
const isSecret = (encoded: string): boolean =>
  /^[A-Za-z0-9_-]+={0,2}$/.test(encoded) && decodeSecret(encoded).length >= 32
const isDefined = (value: unknown): boolean => value !== undefined
const count = (max: number) => {
  const message = `a whole number from 0 to ${max}`
  return v.optional(
    v.pipe(v.string(), v.regex(/^\d{1,7}$/, message), v.transform(Number), v.maxValue(max, message)),
  )
}
const fileOf = <T>(read: (given: string) => T | undefined, message: string) =>
  v.pipe(v.string(), v.transform(read), v.custom<T>(isDefined, message))
const portMessage = 'a port number from 0 to 65535'
const portNumber = v.pipe(
  v.string(),
  v.regex(/^\d{1,5}$/, portMessage),
  v.transform(Number),
  v.maxValue(65_535, portMessage),
)
const text = (minimum: number) =>
  v.optional(v.pipe(v.string(), v.minLength(minimum, `at least ${minimum} characters long`)))

const schema = v.object({
  DEMO: v.optional(v.picklist(['on', 'off'], 'one of on, off'), 'on'),
  PORT: v.optional(portNumber, '3000'),
  HOST: v.optional(v.pipe(v.string(), v.regex(/^\S+$/, 'a host name or address')), '127.0.0.1'),
  REDIS_URL: v.optional(v.pipe(v.string(), v.check(isRedisUrl, 'a URL such as redis://127.0.0.1:6379/0'))),
  REDIS_CLUSTER: v.optional(
    v.pipe(
      v.string(),
      v.transform(parseAddresses),
      v.custom<readonly Address[]>(isDefined, 'the nodes of a Cluster as host:port,host:port'),
    ),
  ),
  REDIS_SENTINEL: v.optional(
    v.pipe(
      v.string(),
      v.transform(parseSentinel),
      v.custom<Sentinels>(isDefined, 'a name and its Sentinels as name@host:port,host:port'),
    ),
  ),
  DATABASE_URL: v.optional(
    v.pipe(
      v.string(),
      v.check(isPostgresUrl, 'a URL such as postgres://user:password@127.0.0.1:5432/sallyport'),
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
      v.transform(splitAtCommas),
      v.check(
        (parts) => parts.every(isSecret),
        'at least 32 bytes in base64url, or several such secrets separated by commas',
      ),
      v.transform((parts) => parts.map(decodeSecret)),
    ),
  ),
  ISSUER: v.optional(v.string(), 'https://auth.example.test'),
  AUDIENCE: v.optional(v.string(), 'https://api.example.test'),
  SIGNING_ALG: oneOf('EdDSA', 'ES256', 'RS256', 'PS256'),
  SIGNING_KEYS: v.optional(v.string()),
  COMPROMISED_KEYS: v.optional(v.pipe(v.string(), v.transform(splitAtCommas))),
  ACCESS_TTL: seconds(1, 1800),
  REFRESH_TTL: seconds(1, 2_592_000),
  SESSION_TTL: seconds(1, 2_592_000),
  REUSE_GRACE: seconds(0, 60),
  MAX_SESSIONS: count(1000),
  ACTIVITY: v.optional(v.picklist(['on', 'off'], 'one of on, off'), 'on'),
  METRICS: oneOf('on', 'off'),
  METRICS_PORT: v.optional(portNumber),
  LOCKOUT_ATTEMPTS: count(1_000_000),
  LOCKOUT_WINDOW: seconds(1, 86_400),
  LOCKOUT_DURATION: seconds(1, 86_400),
  REVOCATION: oneOf('replicated', 'strict'),
  MAX_STALENESS: seconds(0, 300),
  ALLOW_LIST: v.optional(v.picklist(['on', 'off'], 'one of on, off'), 'off'),
  DPOP: v.optional(v.picklist(['off', 'accepted', 'required'], 'one of off, accepted, required'), 'accepted'),
  DPOP_NONCE: v.optional(v.picklist(['on', 'off'], 'one of on, off'), 'off'),
  BINDING: oneOf('off', 'balanced', 'strict'),
  TRUST_PROXY: v.optional(
    v.pipe(
      v.string(),
      v.transform(proxiesOf),
      v.check(
        (trusted) => trusted !== undefined,
        'a number of hops, or addresses and subnets separated by commas',
      ),
    ),
  ),
  ALLOWED_ORIGINS: v.optional(v.pipe(v.string(), v.transform(splitAtCommas))),
  SIGNAL_ISSUER: v.optional(v.string()),
  SIGNAL_JWKS: v.optional(v.string()),
  SIGNAL_RECEIVERS: v.optional(v.string()),
  LOGOUT_ISSUER: v.optional(v.string()),
  LOGOUT_JWKS: v.optional(fileOf(readJwks, JWKS_MESSAGE)),
  LOGOUT_CLIENTS: v.optional(fileOf(readClients, CLIENTS_MESSAGE)),
  GATEWAY_SECRET: text(32),
  USER_PASSWORD: text(15),
  AUDIT_FILE: v.optional(v.pipe(v.string(), v.minLength(1, 'the path of a file'))),
  AUDIT_KEY: v.optional(
    v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}=?$/, '32 bytes in base64url'), v.transform(decodeSecret)),
  ),
})

/** An OAuth client, which asks about tokens of everybody, and revokes those of the two apps. */
const GATEWAY = { clientId: 'gateway', introspect: true, revoke: ['web', 'native'] } as const

/** The environment variable behind each option of the library. */
const variableOf: Readonly<Record<string, string>> = {
  issuer: 'ISSUER',
  audience: 'AUDIENCE',
  secret: 'SECRET',
  access: 'SIGNING_KEYS',
  'access.algorithm': 'SIGNING_ALG',
  'access.compromised': 'COMPROMISED_KEYS',
  origins: 'ALLOWED_ORIGINS',
  backchannelLogout: 'LOGOUT_CLIENTS',
  'backchannelLogout.issuers.0.issuer': 'LOGOUT_ISSUER',
  'backchannelLogout.issuers.0.jwks': 'LOGOUT_JWKS',
}

/** Reads the environment. An empty variable counts as unset. Throws an `EnvironmentError` or a `ConfigError`. */
export function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = v.safeParse(schema, given, { abortEarly: true })
  if (!parsed.success) {
    const [issue] = parsed.issues
    throw new EnvironmentError(v.getDotPath(issue) ?? 'the environment', issue.message)
  }
  const variables = parsed.output
  const demo = variables.DEMO === 'on'
  const rules = demo ? demoRules(variables) : productionRules(given, variables)
  const redis = redisOf(variables)
  if (!demo && redis === undefined && variables.DATABASE_URL === undefined)
    throw new EnvironmentError('REDIS_URL', 'set where DEMO is off, or DATABASE_URL')
  return {
    demo,
    password: rules.password,
    port: variables.PORT,
    host: variables.HOST,
    trustProxy: variables.TRUST_PROXY,
    auditFile: variables.AUDIT_FILE,
    auditKey: variables.AUDIT_KEY,
    auditSubjects: rules.audit.subjects,
    redis,
    databaseUrl: variables.DATABASE_URL,
    durability: variables.DURABILITY,
    keyPrefix: variables.KEY_PREFIX,
    metrics: metricsPlaceOf(variables, rules.openMetrics),
    activity: variables.ACTIVITY === 'on',
    signals: {
      issuer: variables.SIGNAL_ISSUER,
      jwks: variables.SIGNAL_JWKS,
      receivers: variables.SIGNAL_RECEIVERS,
    },
    options: {
      issuer: variables.ISSUER,
      audience: variables.AUDIENCE,
      secret: variables.SECRET,
      access: {
        ttlSeconds: atMost(variables.SESSION_TTL, variables.ACCESS_TTL),
        algorithm: variables.SIGNING_ALG,
        keys: variables.SIGNING_KEYS === undefined ? undefined : readKeys(variables.SIGNING_KEYS),
        compromised: variables.COMPROMISED_KEYS,
      },
      dpop: { mode: variables.DPOP, nonce: variables.DPOP_NONCE === 'on' },
      refresh: {
        idleSeconds: atMost(variables.SESSION_TTL, variables.REFRESH_TTL),
        absoluteSeconds: variables.SESSION_TTL,
        graceSeconds: variables.REUSE_GRACE,
      },
      limits: { ...rules.limits, sessions: variables.MAX_SESSIONS },
      oauth: { clients: [{ ...GATEWAY, clientSecret: rules.gatewaySecret }] },
      activity: variables.ACTIVITY === 'on' ? {} : undefined,
      lockout: {
        ...rules.lockout,
        attempts: variables.LOCKOUT_ATTEMPTS,
        windowSeconds: variables.LOCKOUT_WINDOW,
        durationSeconds: variables.LOCKOUT_DURATION,
      },
      revocation:
        variables.REVOCATION === 'strict'
          ? { mode: 'strict' }
          : { mode: variables.REVOCATION, maxStalenessSeconds: variables.MAX_STALENESS },
      allowList: allowListOf(variables),
      binding: variables.BINDING,
      origins: { allowed: variables.ALLOWED_ORIGINS },
      // What is told to others is kept only where there are any.
      ...(variables.SIGNAL_RECEIVERS === undefined ? {} : { outbox: {} }),
      backchannelLogout: logoutOptions(variables),
      production: !demo,
    },
  }
}

/**
 * A lifetime, cut to that of the session. The library refuses a longer one as a contradiction, but a variable often
 * stays set in a deployment while another is changed.
 */
const atMost = (limit: number | undefined, lifetime: number | undefined): number | undefined =>
  limit === undefined || lifetime === undefined ? lifetime : Math.min(limit, lifetime)

/** The message for a wrong configuration, in one line; `undefined` for any other error. */
export function setupFault(cause: unknown, env: NodeJS.ProcessEnv): string | undefined {
  if (cause instanceof EnvironmentError) return cause.message
  if (!(cause instanceof ConfigError)) return undefined
  const top = cause.option.split('.')[0] ?? ''
  const store = ['REDIS_CLUSTER', 'REDIS_SENTINEL', 'REDIS_URL', 'DATABASE_URL'].find((name) => env[name])
  const isOfStore = top === 'redis' || top === 'postgres'
  const variable = isOfStore
    ? store
    : (signalVariable(cause.option) ?? variableOf[cause.option] ?? variableOf[top])
  return `${variable ?? cause.option}: ${cause.message}`
}

function isRedisUrl(address: string): boolean {
  const url = URL.canParse(address) ? new URL(address) : undefined
  return (url?.protocol === 'redis:' || url?.protocol === 'rediss:') && url.hostname !== ''
}

function isPostgresUrl(address: string): boolean {
  const url = URL.canParse(address) ? new URL(address) : undefined
  return (url?.protocol === 'postgres:' || url?.protocol === 'postgresql:') && url.hostname !== ''
}

function parseSentinel(value: string): Sentinels | undefined {
  const [, name = '', addresses = ''] = /^([\w.-]+)@(.+)$/.exec(value) ?? []
  const sentinels = parseAddresses(addresses)
  return name === '' || sentinels === undefined ? undefined : { name, sentinels }
}

function redisOf({
  REDIS_URL: url,
  REDIS_CLUSTER: nodes,
  REDIS_SENTINEL: sentinel,
  DATABASE_URL: database,
}: v.InferOutput<typeof schema>): RedisSource | undefined {
  const given = [url, nodes, sentinel].filter(isDefined).length
  if (given > 1)
    throw new EnvironmentError('REDIS_URL', 'the only one of REDIS_URL, REDIS_CLUSTER, REDIS_SENTINEL')
  if (given > 0 && database !== undefined)
    throw new EnvironmentError('DATABASE_URL', 'unset, since Redis is the store')
  if (url !== undefined) return { variable: 'REDIS_URL', url }
  if (nodes !== undefined) return { variable: 'REDIS_CLUSTER', nodes }
  return sentinel === undefined ? undefined : { variable: 'REDIS_SENTINEL', ...sentinel }
}

function proxiesOf(value: string): TrustProxy | undefined {
  if (/^\d{1,2}$/.test(value)) return (_address, hop) => hop < Number(value)
  try {
    return proxyAddr.compile(splitAtCommas(value))
  } catch {
    return undefined
  }
}

function metricsPlaceOf(
  { METRICS: mode, METRICS_PORT: port }: v.InferOutput<typeof schema>,
  areOpen: boolean,
): MetricsPlace | undefined {
  if (mode === 'off') return undefined
  if (port !== undefined) return { port }
  return mode === 'on' || areOpen ? 'open' : undefined
}

/** What somebody deletes from the store by hand is noticed within a second, as all other ends are. */
function allowListOf({
  ALLOW_LIST: mode,
  REVOCATION: revocation,
}: v.InferOutput<typeof schema>): SallyportOptions['allowList'] {
  if (mode === 'off') return false
  return revocation === 'strict' ? true : { recheckSeconds: 1 }
}

function readKeys(file: string): object[] {
  const expected = 'the path of a file with a JWK Set whose first key is private (RFC 7517)'
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
