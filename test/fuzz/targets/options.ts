import { ConfigError } from '@sallyport/core'
import { parseFileOptions, parseVerifyOptions } from '../../../packages/audit/src/options.ts'
import { parseOptions } from '../../../packages/core/src/options/index.ts'
import { parseOptions as parseHeaders } from '../../../packages/headers/src/options.ts'
import { parsePostgresOptions } from '../../../packages/postgres/src/options.ts'
import { parseRedisOptions } from '../../../packages/redis/src/options.ts'
import { EDDSA } from '../parts/jws.ts'
import { must, tellsOf } from '../parts/must.ts'
import type { Target } from '../target.ts'

const SECRET = 'a-secret-of-the-test-that-nobody-may-see'

/** Options: whatever is wrong is told by a `ConfigError`, which shows no secret. */
export const options: Target = {
  name: 'options',
  words: [
    '"issuer"',
    '"secret"',
    'https://',
    '"jwks"',
    '"keys"',
    '"self"',
    '"none"',
    '[]',
    '{}',
    '-1',
    '1.5',
    '1e9',
  ],
  async open() {
    return {
      seeds: [CORE, ISSUERS, WATCH, HEADERS, DATABASES].map((one) => JSON.stringify(one)),
      async run(input) {
        const given = jsonIn(input)
        if (given === undefined) return
        const parses: readonly (() => unknown)[] = [
          () => parseOptions(given as never, false),
          () => parseOptions(given as never, true),
          () => parseHeaders(given as never),
          () => parsePostgresOptions(given as never),
          () => parseRedisOptions(given as never),
          () => parseFileOptions(given as never),
          () => parseVerifyOptions(given as never),
        ]
        for (const parse of parses)
          try {
            await parse()
          } catch (cause) {
            if (!(cause instanceof ConfigError)) throw cause
            // What is written where no secret belongs is shown, so that it can be found.
            must(!isInItsPlace(given) || !tellsOf(cause.message, SECRET), 'an error shows the secret')
          }
      },
    }
  },
}

const PLACES = ['secret', 'clientSecret', 'key']

function isInItsPlace(given: unknown, name = ''): boolean {
  if (typeof given === 'string') return PLACES.includes(name) || !tellsOf(given, SECRET)
  return Object.entries(Object(given)).every(
    ([member, value]) =>
      !tellsOf(member, SECRET) && isInItsPlace(value, Array.isArray(given) ? name : member),
  )
}

const CORE = {
  ...{ issuer: 'https://auth.example.com', audience: ['https://api.example.com'], secret: [SECRET] },
  access: {
    ttlSeconds: 300,
    algorithm: 'EdDSA',
    keys: [EDDSA],
    cache: { entries: 10 },
    rotationSeconds: 86_400,
  },
  ...{
    refresh: { idleSeconds: 60, absoluteSeconds: 600, graceSeconds: 0 },
    limits: { refreshes: { count: 5 } },
  },
  ...{ dpop: { mode: 'required', origins: ['https://api.example.com'] }, revocation: { mode: 'strict' } },
  ...{
    cookie: { name: '__Host-x', secure: true },
    origins: { allowed: ['https://a.example'], missing: 'refuse' },
  },
  ...{
    binding: { preset: 'strict', network: 'count' },
    allowList: true,
    paths: { auth: '/auth' },
    clients: { body: 'x' },
  },
}
const ISSUERS = {
  issuers: [
    {
      ...{
        issuer: 'https://a.example',
        audience: 'b',
        jwks: 'https://a.example/jwks',
        algorithms: ['RS256'],
      },
      introspection: { url: 'https://a.example/ask', clientId: 'c', clientSecret: SECRET },
    },
  ],
  oauth: { clients: [{ clientId: 'gateway', clientSecret: SECRET, introspect: true, revoke: ['web'] }] },
  backchannelLogout: {
    issuers: [{ issuer: 'https://a.example', audience: 'b', jwks: { keys: [{}] }, sessions: 'same' }],
  },
}
const WATCH = {
  anomalies: {
    rules: { new_device: { days: 5 }, refresh_rate: { most: 5 } },
    webhook: { url: 'https://a.example', secret: SECRET },
  },
  ...{
    lockout: { attempts: 5, windowSeconds: 60, durationSeconds: 60 },
    activity: { days: 5 },
    audit: { required: true },
  },
  ...{ claims: { allow: ['a'], exempt: ['b'], maxBytes: 100 }, mtls: 'accepted', deviceBoundSessions: true },
}
const HEADERS = {
  csp: { defaultSrc: ["'self'"], scriptSrc: ['https://a.example'], reportOnly: true, trustedTypes: ['x'] },
  ...{
    hsts: { maxAgeSeconds: 5, preload: true },
    reports: { path: '/reports' },
    referrerPolicy: 'no-referrer',
  },
}
const DATABASES = {
  path: 'audit.jsonl',
  key: SECRET,
  url: 'redis://localhost',
  keyPrefix: 'sp',
  timeoutMs: 5,
  schema: 'x',
}

function jsonIn(input: Buffer): unknown {
  try {
    return JSON.parse(input.toString())
  } catch {
    return undefined
  }
}
