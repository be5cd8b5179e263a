import { createSallyport, memoryStore, type SallyportOptions } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { configFault } from '../support/config-fault.ts'

/** Every option that takes no object, array or function is at one of these paths; the others are above them. */
const paths = [
  ...['issuer', 'audience', 'audience.0', 'secret', 'secret.0', 'store', 'production', 'clock', 'random'],
  ...['accessToken', 'access.ttlSeconds', 'access.algorithm', 'access.rotationSeconds', 'access.keys.0'],
  ...['access.signers.0', 'access.cache.entries', 'access.cache.bytes', 'refresh.idleSeconds'],
  ...['refresh.absoluteSeconds', 'refresh.graceSeconds', 'limits.sessions'],
  ...['limits.refreshes.count', 'limits.refreshes.windowSeconds', 'limits.converged', 'limits.signatures'],
  ...['dpop.mode', 'dpop.nonce', 'dpop.windowSeconds', 'dpop.origins.0'],
  ...['clients.cookie', 'clients.body', 'revocation.mode', 'revocation.maxStalenessSeconds'],
  ...['allowList.recheckSeconds'],
  ...['binding.family', 'binding.system', 'binding.deviceClass', 'binding.version'],
  ...['binding.preset', 'binding.network', 'binding.screen', 'binding.timezone', 'binding.languages'],
  ...['binding.changes.stepUp', 'binding.changes.end'],
  ...['claims.of', 'claims.allow.0', 'claims.exempt.0', 'claims.maxBytes', 'claims.leaks'],
  ...['claims.sealed.plan.audience', 'claims.sealed.plan.key', 'issuers.0.issuer', 'issuers.0.audience'],
  ...['issuers.0.audienceClaim', 'issuers.0.jwks', 'issuers.0.insecureJwks', 'issuers.0.discovery'],
  ...['issuers.0.algorithms.0', 'issuers.0.untyped', 'issuers.0.timeoutMs', 'issuers.0.cooldownSeconds'],
  ...['issuers.0.maxAgeSeconds', 'issuers.0.maxStaleSeconds', 'cookie.name', 'cookie.secure'],
  ...['issuers.0.introspection.url', 'issuers.0.introspection.clientId'],
  ...['issuers.0.introspection.clientSecret', 'issuers.0.introspection.timeoutMs'],
  ...['issuers.0.introspection.cacheSeconds'],
  ...['anomalies.onAlert', 'anomalies.own.0.name', 'anomalies.own.0.events.0', 'anomalies.own.0.judge'],
  ...['anomalies.own.0.windowSeconds', 'anomalies.own.0.severity', 'anomalies.rules.token_theft.risk'],
  ...['anomalies.rules.refresh_rate.most', 'anomalies.rules.new_device.days', 'anomalies.webhook.url'],
  ...['anomalies.rules.impossible_travel.locate', 'anomalies.webhook.secret'],
  ...['origins.allowed.0', 'origins.missing', 'refusals', 'paths.auth', 'logout.clearSiteData.0'],
]
const everywhere = new Set(
  paths.flatMap((path) => {
    const names = path.split('.')
    return names.map((_name, at) => names.slice(0, at + 1).join('.'))
  }),
)

/** Right values for whatever has to be given beside an option. */
const beside = (): object => ({
  store: memoryStore(),
  claims: { of: () => ({}), sealed: { plan: { audience: 'b', key: {} } } },
  limits: { refreshes: { count: 1, windowSeconds: 1 } },
  anomalies: {
    own: [
      {
        ...{ name: 'mine', events: ['login.failed'], windowSeconds: 1, most: 1 },
        ...{ observe: () => undefined, judge: () => undefined },
      },
    ],
    webhook: { url: 'https://a', secret: 'a'.repeat(32) },
  },
  issuers: [
    {
      ...{ issuer: 'https://a', audience: 'b', jwks: 'https://a/jwks', algorithms: ['RS256'] },
      introspection: { url: 'https://a/introspect', clientId: 'c', clientSecret: 'd' },
    },
  ],
})

const isIndex = (name: string | undefined): boolean => /^\d$/.test(name ?? '')

function withValue(path: string, value: unknown): SallyportOptions {
  const options: Record<string, unknown> = { ...beside() }
  const names = path.split('.')
  let group = options
  for (const [at, name] of names.slice(0, -1).entries()) {
    group[name] ??= isIndex(names[at + 1]) ? [] : {}
    group = group[name] as Record<string, unknown>
  }
  group[names.at(-1) ?? ''] = value
  return options
}

/** No option takes any of these. */
const nonsense = { null: null, 'a symbol': Symbol('wrong'), 'a bigint': 5n, 'an array of null': [null] }

describe.each(Object.entries(nonsense))('%s in the place of an option', (_name, value) => {
  test.each([...everywhere])('is refused in words of our own: %s', async (path) => {
    const fault = await configFault(() => createSallyport(withValue(path, value)))
    expect(fault.option.startsWith(path)).toBe(true)
    expect(fault.message).not.toMatch(/Invalid|Expected|received|undefined|\[object/)
  })
})
