import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Clinic, openClinic, SECRET } from './clinic.ts'

let clinic: Clinic
beforeAll(async () => {
  clinic = await openClinic()
})
afterAll(() => clinic.close())

test('in good options, nothing is found', async () => {
  const { code, stdout, stderr } = await clinic.doctor()
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toBe('Examined: the options, the store and the keys.\nNothing was found.\n')
})

const issuer = (more: string): string =>
  `issuers: [{ issuer: 'https://idp.example.com', audience: 'api', algorithms: ['ES256'], ${more} }]`
const client = (more: string): string => `oauth: { clients: [{ clientId: 'gateway', ${more} }] }`

/** Each has one fault, and the id of what must be found: that, and nothing else. */
const faults: readonly (readonly [id: string, options: string])[] = [
  ['access-long', 'access: { ttlSeconds: 1800 }'],
  ['idle-long', 'refresh: { idleSeconds: 20 * 86400 }'],
  ['idle-none', 'refresh: { idleSeconds: 5 * 86400, absoluteSeconds: 5 * 86400 }'],
  ['grace-long', 'refresh: { graceSeconds: 60 }'],
  ['binding-off', "binding: 'off'"],
  ['binding-weak', "binding: { family: 'observe' }"],
  ['sessions-unlimited', 'limits: { sessions: 0 }'],
  ['refreshes-unlimited', 'limits: { refreshes: { count: 0 } }'],
  ['converged-unlimited', 'limits: { converged: 0 }'],
  ['parallel-unlimited', 'limits: { refreshesAtOnce: 0 }'],
  ['lockout-off', 'lockout: { attempts: 0 }'],
  ['lockout-weak', 'lockout: { attempts: 100, durationSeconds: 60 }'],
  ['lockout-network-off', 'lockout: { networkAttempts: 0 }'],
  ['revocation-stale', 'revocation: { maxStalenessSeconds: 300 }'],
  ['allow-list-late', 'allowList: { recheckSeconds: 3600 }'],
  ['audit-missing', 'audit: undefined'],
  ['audit-plain', "audit: { subjects: 'plain', sink: { name: 'test', write: () => Promise.resolve() } }"],
  ['audit-kept-long', "audit: { days: 3000, sink: { name: 'test', write: () => Promise.resolve() } }"],
  ['activity-kept-long', 'activity: { days: 365 }'],
  ['issuer-http', "issuer: 'http://localhost:3000'"],
  ['cookie-insecure', 'cookie: { secure: false }'],
  ['origin-http', "origins: { allowed: ['http://app.example.com'] }"],
  ['origin-loopback', "origins: { allowed: ['http://localhost:5173'] }"],
  ['issuer-keys-http', issuer("jwks: 'http://idp.internal/jwks', insecureJwks: true")],
  ['issuer-keys-loopback', issuer("jwks: 'http://127.0.0.1:9/jwks'")],
  ['issuer-untyped', issuer("jwks: 'https://idp.invalid/jwks', untyped: true")],
  ['issuer-stale', issuer("jwks: 'https://idp.invalid/jwks', maxStaleSeconds: 604800")],
  [
    'introspection-cached',
    issuer(
      "jwks: 'https://idp.invalid/jwks', introspection: { url: 'https://idp.invalid/i', clientId: 'a', clientSecret: otherSecret, cacheSeconds: 600 }",
    ),
  ],
  ['claims-leak', "claims: { of: () => ({ tier: 'gold' }), leaks: 'warn' }"],
  ['dpop-window', "dpop: { mode: 'accepted', windowSeconds: 300 }"],
  ['mtls-any-proxy', "mtls: { mode: 'accepted', proxies: ['0.0.0.0/0'] }"],
  ['client-secret-weak', client("clientSecret: 'gateway-secret', introspect: true")],
  ['client-revokes-all', client("clientSecret: otherSecret, revoke: 'all'")],
  ['secret-repeated', client('clientSecret: secret, introspect: true')],
  [
    'webhook-secret-weak',
    "anomalies: { webhook: { url: 'https://alerts.example.com/', secret: 'a-password-that-is-long-enough-to-be-taken' } }",
  ],
  ['clock-replaced', 'clock: { now: () => Date.now(), monotonic: () => performance.now() }'],
  ['random-replaced', 'random: (size) => crypto.getRandomValues(new Uint8Array(size))'],
  ['secret-weak', "secret: 'keyboard cat'"],
  ['secret-weak', `secret: ['${SECRET}', new Uint8Array(32).fill(7)]`],
  ['secret-missing', 'secret: undefined'],
  ['store-memory', 'store: undefined'],
  ['options-refused', "paths: { auth: 'auth' }"],
]

describe('each fault is found, and nothing else', () => {
  test.each(faults)('%s: %s', async (id, options) => {
    expect(await clinic.ids(options)).toEqual([id])
  })
})

describe('what can not be used', () => {
  test.each([
    { args: ['--url', 'auth.example.com'], says: 'It must be a URL' },
    { args: ['--url', 'file:///etc/passwd'], says: 'It must be a URL' },
    { args: ['--fail-on', 'bad'], says: 'Allowed choices are critical, high, medium, low' },
    { args: ['--timeout', '0'], says: 'from 100 to 60000' },
    { args: ['--protected', 'me'], says: 'It must be a path' },
    { args: ['--source', 'nowhere'], says: "can't be read" },
    { args: ['--html', 'no/where.html'], says: "can't be written" },
    { args: ['--json', '--sarif'], says: 'cannot be used with' },
  ])('$args', async ({ args, says }) => {
    const { code, stdout, stderr } = await clinic.doctor('', args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(says)
  })
})

test('--fail-on says what ends with 1', async () => {
  const faulty = "binding: 'off'"
  expect((await clinic.doctor(faulty)).code).toBe(0)
  expect((await clinic.doctor(faulty, ['--fail-on', 'medium'])).code).toBe(1)
  expect((await clinic.doctor('lockout: { attempts: 0 }')).code).toBe(1)
})

test('no secret is shown, however wrong it is', async () => {
  const weak = 'hunter2-hunter2-hunter2-hunter2-hunter2'
  for (const form of [[], ['--json'], ['--sarif']]) {
    const { stdout, stderr } = await clinic.doctor(
      `secret: '${weak}', ${client(`clientSecret: '${weak}'`)}`,
      form,
    )
    expect(stdout).toContain('secret-repeated')
    expect(`${stdout}${stderr}`).not.toContain('hunter2')
  }
})
