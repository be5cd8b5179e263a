import { randomBytes } from 'node:crypto'
import { metrics, trace } from '@opentelemetry/api'
import { createSallyport, memoryStore, type SallyportOptions } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { parseOptions } from '../../packages/core/src/options/index.ts'
import { configFault } from '../support/config-fault.ts'

const secret = 'q3Rk0VYzJm7uXw5bN1sLh9tGd2fCe8oPa4iKx6rTyZE'
const sink = { name: 'test', async write() {} }
const complete = {
  issuer: 'https://auth.example.com',
  audience: 'https://api.example.com',
  secret,
  store: memoryStore(),
} satisfies SallyportOptions

const notices: string[] = []
beforeEach(() => {
  notices.length = 0
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => {
    notices.push(String(warning))
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

async function accept(options: SallyportOptions | undefined): Promise<void> {
  const sallyport = await createSallyport(options)
  expect(await sallyport.ready()).toBe(true)
  await sallyport.close()
}

const undefinedEverywhere = {
  issuer: undefined,
  audience: undefined,
  secret: undefined,
  store: undefined,
  access: {
    ttlSeconds: undefined,
    algorithm: undefined,
    rotationSeconds: undefined,
    keys: undefined,
    signers: undefined,
    compromised: undefined,
    cache: { entries: undefined, bytes: undefined },
  },
  mtls: { mode: 'off', proxies: undefined },
  deviceBoundSessions: undefined,
  dpop: { mode: 'off', nonce: undefined, windowSeconds: undefined, origins: undefined },
  refresh: {
    idleSeconds: undefined,
    absoluteSeconds: undefined,
    graceSeconds: undefined,
  },
  revocation: { mode: undefined, maxStalenessSeconds: undefined },
  limits: { sessions: undefined, refreshes: undefined, converged: undefined, signatures: undefined },
  cookie: { name: undefined, secure: undefined },
  origins: { allowed: undefined, missing: undefined },
  allowList: undefined,
  accessToken: undefined,
  apiKeys: undefined,
  claims: undefined,
  issuers: undefined,
  policies: undefined,
  paths: { auth: undefined },
  logout: { clearSiteData: undefined },
  refusals: undefined,
  clients: { cookie: undefined, body: undefined },
  oauth: { clients: undefined, publicClients: undefined, unknownTokens: undefined },
  binding: undefined,
  lockout: {
    ...{ attempts: undefined, windowSeconds: undefined, durationSeconds: undefined },
    ...{ networkAttempts: undefined, canonical: undefined, onLocked: undefined },
  },
  activity: undefined,
  outbox: undefined,
  backchannelLogout: { clients: undefined, issuers: undefined },
  audit: undefined,
  anomalies: undefined,
  meter: undefined,
  tracer: undefined,
  production: undefined,
  clock: undefined,
  random: undefined,
} satisfies { [Name in keyof SallyportOptions]-?: SallyportOptions[Name] }

/** A clock whose methods are inherited. */
class Turned {
  now(): number {
    return Date.now()
  }
  monotonic(): number {
    return performance.now()
  }
}

// biome-ignore format: one row, one line
const right: Readonly<Record<string, SallyportOptions | undefined>> = {
  'no options at all': undefined,
  'an empty object': {},
  'undefined everywhere': undefinedEverywhere,
  'an issuer with a path and a port': { issuer: 'https://auth.example.com:8443/tenants/1' },
  'http on localhost': { issuer: 'http://localhost:3000' },
  'http on 127.0.0.1': { issuer: 'http://127.0.0.1' },
  'http on ::1': { issuer: 'http://[::1]:3000' },
  'an audience of one character': { audience: 'a' },
  'an audience of 255 characters': { audience: 'x'.repeat(255) },
  'an array of audiences': { audience: ['https://a.example', 'urn:b'] },
  'a secret of 32 characters': { secret },
  'a secret of 16 characters of two bytes': { secret: 'äöüßéèêëàâîïôûùç' },
  'a secret with eight different bytes': { secret: 'abcdefgh'.repeat(4) },
  'a secret of 32 bytes': { secret: new TextEncoder().encode(secret) },
  'a secret as a Buffer': { secret: randomBytes(32) },
  'an array of one secret': { secret: [secret] },
  'an array of strings and bytes': { secret: [secret, randomBytes(64), secret.toUpperCase()] },
  'the shortest lives': { access: { ttlSeconds: 1 }, refresh: { idleSeconds: 1, absoluteSeconds: 1 } },
  'the longest lives': { access: { ttlSeconds: 1800 }, refresh: { idleSeconds: 2_592_000, absoluteSeconds: 2_592_000 } },
  'a session that ends before it is idle by default': { refresh: { absoluteSeconds: 50 } },
  'a token as long as its session': { access: { ttlSeconds: 50 }, refresh: { idleSeconds: 50, absoluteSeconds: 50 } },
  'EdDSA': { access: { algorithm: 'EdDSA' } },
  'ES256': { access: { algorithm: 'ES256' } },
  'RS256': { access: { algorithm: 'RS256' } },
  'PS256': { access: { algorithm: 'PS256' } },
  'no proofs': { dpop: 'off' },
  'proofs': { dpop: 'accepted' },
  'proofs at every sign-in': { dpop: 'required' },
  'proofs that are off, with their options': { dpop: { mode: 'off', nonce: true, windowSeconds: 1, origins: ['https://a.example'] } },
  'proofs in the shortest window': { dpop: { windowSeconds: 1 } },
  'proofs in the longest window': { dpop: { mode: 'required', nonce: true, windowSeconds: 300, origins: ['https://a.example', 'http://localhost:3000'] } },
  'strictly once': { refresh: { graceSeconds: 0 } },
  'the longest grace': { refresh: { graceSeconds: 60 } },
  'a copy that is never trusted alone': { revocation: { mode: 'replicated', maxStalenessSeconds: 0 } },
  'a copy that is trusted long': { revocation: { mode: 'replicated', maxStalenessSeconds: 300 } },
  'no copy': { revocation: { mode: 'strict' } },
  'an allow-list': { allowList: true },
  'no allow-list': { allowList: false },
  'the usual data deleted': { logout: { clearSiteData: true } },
  'no data deleted': { logout: { clearSiteData: false } },
  'all data deleted': { logout: { clearSiteData: ['cache', 'cookies', 'storage', 'executionContexts', 'clientHints', 'prefetchCache', 'prerenderCache', '*'] } },
  'an allow-list, read often': { allowList: { recheckSeconds: 1 } },
  'an allow-list, read seldom': { allowList: { recheckSeconds: 3600 } },
  'an allow-list that is asked each time': { allowList: {}, revocation: { mode: 'strict' } },
  'claims that are allowed, exempt in part': { claims: { of: () => ({}), allow: ['plan', 'https://a.example/team'], exempt: ['plan.code', 'https://a.example/team'] } },
  'a client with a short secret': { oauth: { clients: [{ clientId: 'a', clientSecret: '12345678' }] } },
  'clients with all that they may have': { oauth: { clients: [{ clientId: 'a', clientSecret: ['x'.repeat(1024), '12345678'], introspect: { audience: ['b'], apiKeys: 'accept' }, revoke: ['web'] }, { clientId: 'b', clientSecret: '12345678', introspect: false, revoke: 'all' }], publicClients: ['web'], unknownTokens: { count: 1_000_000, windowSeconds: 86_400 } } },
  'part of the binding': { binding: { version: 'enforce', system: 'off' } },
  'a preset of the binding': { binding: 'strict' },
  'all of the binding': {
    binding: {
      ...{ preset: 'off', family: 'step_up', network: 'enforce', screen: 'observe', timezone: 'off' },
      ...{ languages: undefined, changes: { stepUp: 1, end: 4 } },
    },
  },
  'the shortest lockout': { lockout: { attempts: 1, windowSeconds: 1, durationSeconds: 1, networkAttempts: 1 } },
  'the longest lockout': { lockout: { attempts: 1_000_000, windowSeconds: 86_400, durationSeconds: 86_400, networkAttempts: 1_000_000 } },
  'the shortest patience with other services': { outbox: { giveUpAfterSeconds: 600 } },
  'the longest patience with other services': { outbox: { giveUpAfterSeconds: 604_800 } },
  'services that are told of endings': { backchannelLogout: { clients: [{ clientId: 'a b', uri: 'https://a.example/out?x=1' }, { clientId: 'c', uri: 'http://127.0.0.1:1', timeoutMs: 100 }] } },
  'an issuer of logout tokens': { backchannelLogout: { issuers: [{ issuer: 'https://a.example', audience: 'b', discovery: true, sessions: 'same' }] } },
  'an issuer of logout tokens, with a function': { backchannelLogout: { issuers: [{ issuer: 'https://a.example', audience: ['b'], jwks: 'https://a.example/jwks', sessions: async ({ sid }) => ({ sessions: sid === undefined ? [] : [sid] }) }] } },
  'no lockout': { lockout: { attempts: 0, networkAttempts: 0 } },
  'a lockout with functions': { lockout: { canonical: (name) => name, onLocked: async ({ name, until }) => `${name} ${until.getTime()}` } },
  'API keys as usual': { apiKeys: {} },
  'one API key a user': { apiKeys: { perUser: 1 } },
  'two hundred API keys a user': { apiKeys: { perUser: 200 } },
  'activity as usual': { activity: {} },
  'a sink alone': { audit: { sink } },
  'a trail at its least': { audit: { sink, required: false, verifications: 'none', subjects: 'plain', days: 1, waiting: 100, timeoutMs: 50 } },
  'a trail at its most': { audit: { sink, required: true, verifications: 'all', subjects: 'pseudonyms', days: 3650, waiting: 1_000_000, timeoutMs: 60_000 } },
  'a share of verifications': { audit: { sink, verifications: 0.01 } },
  'a tracer': { tracer: trace.getTracer('sallyport') },
  'a meter': { meter: metrics.getMeter('sallyport') },
  'activity for a year': { activity: { days: 365 } },
  'two cookies of one name but for a letter': { cookie: { name: '__Host-a', deviceName: '__Host-b' } },
  'the lowest limits': { limits: { sessions: 1, refreshes: { count: 1, windowSeconds: 1 }, converged: 1 } },
  'no limits': { limits: { sessions: 0, refreshes: { count: 0 }, converged: 0 } },
  'a window of the usual length': { limits: { refreshes: { count: 5, windowSeconds: undefined } } },
  'the highest limits': { limits: { sessions: 1000, refreshes: { count: 1_000_000, windowSeconds: 86_400 }, converged: 65_535 } },
  'the shortest cookie name': { cookie: { name: '__Host-a' } },
  'the longest cookie name': { cookie: { name: `__Host-${'a_.-'.repeat(16)}` } },
  'no further origins': { origins: { allowed: [], missing: 'refuse' } },
  'origins with ports and addresses': { origins: { allowed: ['https://a.example:8443', 'http://localhost:5173', 'https://[::1]'] } },
  'client ids at both bounds': { clients: { cookie: '!', body: '~'.repeat(255) } },
  'a clock and a source of random bytes': { clock: new Turned(), random: randomBytes },
  'production with all that it needs': { ...complete, production: true },
}

describe('right options are accepted:', () => {
  for (const [name, options] of Object.entries(right)) test(name, () => accept(options))

  test('a default that would contradict another option gives way', () => {
    const parsed = parseOptions({ refresh: { absoluteSeconds: 50 } }, false)
    expect(parsed.sessions.lifetimes).toEqual({ idleMs: 50_000, absoluteMs: 50_000 })
    expect(parseOptions({}, false).sessions.lifetimes.idleMs).toBe(604_800_000)
  })

  test('undefined counts as left out', () => {
    const made = { secrets: [], notices: [] }
    expect({ ...parseOptions(undefinedEverywhere, false), ...made }).toEqual({
      ...parseOptions({}, false),
      ...made,
    })
  })

  test('what the application does to its options later changes nothing', () => {
    const given = {
      secret: randomBytes(32),
      audience: ['a', 'b'],
      origins: { allowed: ['https://a.example'] },
    }
    const settings = parseOptions(given, false)
    const before = structuredClone({ ...settings, store: undefined })
    given.secret.fill(0)
    given.audience.push('c')
    given.origins.allowed.push('https://evil.example')
    expect({ ...settings, store: undefined }).toEqual(before)
    expect(Object.isFrozen(settings)).toBe(true)
  })
})

describe('what is left to chance', () => {
  test('is told at start', async () => {
    await accept(undefined)
    expect(notices).toHaveLength(2)
    expect(notices[0]).toContain('"secret"')
    expect(notices[1]).toContain('"store"')
  })

  test('is not told where everything is given', async () => {
    await accept(complete)
    expect(notices).toEqual([])
  })
})

describe('production', () => {
  const order = ['issuer', 'audience', 'secret', 'store'] as const
  const advice: Readonly<Record<(typeof order)[number], string>> = {
    issuer: 'set it to the URL of this deployment, such as "https://auth.example.com"',
    audience: 'set it to the URL of your API, such as "https://api.example.com"',
    secret: 'set it to the output of "openssl rand -base64 32"',
    store: 'set it to a store that all processes share, such as redisStore() of @sallyport/redis',
  }

  for (const option of order)
    test(`without ${option} is refused by its name`, async () => {
      const fault = await configFault(() =>
        createSallyport({ ...complete, [option]: undefined, production: true }),
      )
      expect(fault.option).toBe(option)
      expect(fault.message).toBe(`"${option}" is required in production: ${advice[option]}`)
      expect(notices).toEqual([])
    })

  test('without anything is refused once, with all that is missing', async () => {
    const fault = await configFault(() => createSallyport({ production: true }))
    expect(fault.message).toBe(
      order.map((option) => `"${option}" is required in production: ${advice[option]}`).join('; '),
    )
  })

  test('needs nothing of its own where only tokens of other issuers are verified', async () => {
    const trusted = {
      issuer: 'https://id.example',
      audience: 'https://api.example.com',
      algorithms: ['ES256'],
      jwks: 'https://id.example/jwks',
    } as const
    await accept({ production: true, issuers: [trusted] })
    await accept({ production: true, issuers: [trusted], store: memoryStore() })
    for (const given of ['audience', 'secret'] as const) {
      const options = { production: true, issuers: [trusted], [given]: complete[given] }
      expect(await configFault(() => createSallyport(options))).toMatchObject({ option: 'issuer' })
    }
  })

  test.each([
    ['made up', 'correct horse battery staple, and more of it'],
    ['of jwt.io', 'a-string-secret-at-least-256-bits-long'],
    ['of a template', 'changeme-changeme-changeme-changeme!'],
    ['of an express guide', 'keyboard cat keyboard cat keyboard cat keyboard'],
    ['of the alphabet', 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'],
    ['that repeats', 'ab'.repeat(32)],
    ['too short', randomBytes(31).toString('base64')],
  ])('refuses a secret %s, and does not show it', async (_name, weak) => {
    for (const given of [weak, [secret, weak]]) {
      const fault = await configFault(() => createSallyport({ ...complete, production: true, secret: given }))
      expect(fault.option).toMatch(/^secret/)
      expect(fault.message).not.toContain(weak.slice(0, 8))
    }
  })

  test('accepts random secrets in each usual encoding', async () => {
    for (let times = 0; times < 2000; times++) {
      const bytes = randomBytes(32)
      for (const encoding of ['base64', 'base64url', 'hex'] as const)
        expect(parseOptions({ ...complete, secret: bytes.toString(encoding) }, true).secrets).toHaveLength(1)
      expect(parseOptions({ ...complete, secret: bytes }, true).secrets).toHaveLength(1)
    }
  })

  test('is what NODE_ENV says, unless the option says otherwise', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    expect(await configFault(() => createSallyport())).toMatchObject({ option: 'issuer' })
    await accept({ production: false })
    vi.stubEnv('NODE_ENV', 'development')
    expect(await configFault(() => createSallyport({ production: true }))).toMatchObject({ option: 'issuer' })
  })

  test('does not hide a wrong option behind a missing one', async () => {
    const fault = await configFault(() => createSallyport({ production: true, cookie: { name: 'refresh' } }))
    expect(fault.option).toBe('cookie.name')
  })
})
