import {
  createSallyport,
  type EventMap,
  memoryStore,
  type Revocation,
  type Sallyport,
  type SallyportEvent,
  type SallyportOptions,
  type SignIn,
} from '@sallyport/core'
import { type RedisStoreOptions, redisStore } from '@sallyport/redis'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { configFault } from '../support/config-fault.ts'

const trusted = { issuer: 'https://a', audience: 'b', jwks: 'https://a/jwks', algorithms: ['RS256'] } as const

const rule = { name: 'mine', windowSeconds: 1, most: 1, observe: () => ({}), judge: () => undefined } as const

/** Does not compile; each line for its own reason. */
const wrong: readonly SallyportOptions[] = [
  // @ts-expect-error there is no such option
  { isuer: 'https://auth.example.com' },
  // @ts-expect-error there is no such option in the group
  { access: { ttl: 900 } },
  // @ts-expect-error the unit stands in the name
  { refresh: { grace: 10 } },
  // @ts-expect-error a number is no text
  { access: { ttlSeconds: '900' } },
  // @ts-expect-error symmetric algorithms are not signed with
  { access: { algorithm: 'HS256' } },
  // @ts-expect-error a JWK Set is not a list of JWKs
  { access: { keys: { keys: [] } } },
  // @ts-expect-error one key id is no list
  { access: { compromised: 'key-1' } },
  // @ts-expect-error a number is no secret
  { secret: 5 },
  // @ts-expect-error a client has a name
  { oauth: { clients: [{ clientSecret: 'secret-secret' }] } },
  // @ts-expect-error there is no such right
  { oauth: { clients: [{ clientId: 'a', revoke: 'none' }] } },
  // @ts-expect-error a limit has a count
  { oauth: { unknownTokens: { windowSeconds: 5 } } },
  // @ts-expect-error an address is no store
  { store: 'redis://localhost' },
  // @ts-expect-error there is no such mode
  { revocation: { mode: 'eventual' } },
  // @ts-expect-error a window has a count
  { limits: { refreshes: { windowSeconds: 5 } } },
  // @ts-expect-error there is no such mode
  { dpop: 'on' },
  // @ts-expect-error a window has a unit
  { dpop: { window: 5 } },
  // @ts-expect-error a form of names is a function
  { lockout: { canonical: 'NFKC' } },
  // @ts-expect-error there is no such switch
  { outbox: true },
  // @ts-expect-error there is no such switch
  { activity: true },
  // @ts-expect-error nor this one
  { apiKeys: true },
  // @ts-expect-error a trail needs a sink
  { audit: { required: true } },
  // @ts-expect-error a sink can write
  { audit: { sink: { name: 'file' } } },
  // @ts-expect-error a rule is turned off by false, and on by leaving it out
  { anomalies: { rules: { token_theft: true } } },
  // @ts-expect-error there is no such rule
  { anomalies: { rules: { theft: {} } } },
  // @ts-expect-error a failed sign-in names no session
  { anomalies: { rules: { failed_sign_ins: { revoke: true } } } },
  // @ts-expect-error neither does a locked account
  { anomalies: { rules: { account_locked: { risk: 50 } } } },
  // @ts-expect-error there is nothing to locate addresses with
  { anomalies: { rules: { impossible_travel: { kilometres: 5 } } } },
  // @ts-expect-error a rule cannot see its own alerts
  { anomalies: { own: [{ ...rule, events: ['alert.raised'] }] } },
  // @ts-expect-error there is no such component
  { binding: { ip: 'enforce' } },
  // @ts-expect-error there is no such preset
  { binding: 'lax' },
  // @ts-expect-error a number of changes says nothing of what follows
  { binding: { changes: 2 } },
  // @ts-expect-error one origin is no list
  { origins: { allowed: 'https://app.example.com' } },
  // @ts-expect-error a clock also tells the time that never goes back
  { clock: { now: () => 0 } },
  // @ts-expect-error no other claim names an audience
  { issuers: [{ ...trusted, audienceClaim: 'azp' }] },
  // @ts-expect-error a risk is taken by true, or not at all
  { issuers: [{ ...trusted, insecureJwks: false }] },
  // @ts-expect-error null is not undefined
  { issuer: null },
]

const wrongRedis: readonly RedisStoreOptions[] = [
  // @ts-expect-error there is no such option
  { host: 'localhost' },
  // @ts-expect-error a number of milliseconds is no text
  { url: 'redis://localhost', commandTimeoutMs: '1000' },
  // @ts-expect-error there is no such clock
  { url: 'redis://localhost', time: 'local' },
  // @ts-expect-error what is no client can't be duplicated
  { client: {} },
]

const wrongSignIns: readonly SignIn[] = [
  // @ts-expect-error somebody must have signed in
  {},
  // @ts-expect-error it is called scope, as in the RFCs
  { subject: 'usr_1', scopes: ['profile:read'] },
  // @ts-expect-error a list of scopes, not a text
  { subject: 'usr_1', scope: 'profile:read' },
]

describe('a wrong option does not compile, and is refused at start', () => {
  for (const [index, options] of wrong.entries())
    test(`of createSallyport: ${Object.keys(options)}, row ${index}`, async () => {
      await configFault(() => createSallyport(options))
    })

  for (const [index, options] of wrongRedis.entries())
    test(`of redisStore: ${Object.keys(options)}, row ${index}`, async () => {
      await configFault(() => redisStore(options))
    })

  test('of a sign-in', () => {
    expect(wrongSignIns).toHaveLength(3)
  })
})

describe('right options compile', () => {
  test('as the environment gives them: texts that may be undefined', () => {
    const { env } = process
    const options: SallyportOptions = {
      issuer: env.ISSUER,
      audience: env.AUDIENCE,
      secret: env.SECRET,
      store: env.REDIS_URL === undefined ? memoryStore() : redisStore({ url: env.REDIS_URL }),
      access: { ttlSeconds: env.TTL === undefined ? undefined : Number(env.TTL) },
    }
    const redis: RedisStoreOptions = { url: env.REDIS_URL, keyPrefix: env.KEY_PREFIX }
    expectTypeOf(options).toEqualTypeOf<SallyportOptions>()
    expectTypeOf(redis).toEqualTypeOf<RedisStoreOptions>()
  })

  test('from lists and objects that nobody may change', () => {
    const options = {
      audience: ['https://a.example', 'https://b.example'],
      secret: ['a', new Uint8Array(32)],
      origins: { allowed: ['https://app.example.com'], missing: 'refuse' },
      refresh: { graceSeconds: 0 },
      limits: { refreshes: { count: 0 } },
    } as const
    expectTypeOf(options).toExtend<SallyportOptions>()
  })
})

describe('events', () => {
  test('are typed by their name', () => {
    expectTypeOf<EventMap>().toEqualTypeOf<{
      readonly event: SallyportEvent
      readonly revoked: Revocation
    }>()
    const listen = (sallyport: Sallyport): void => {
      sallyport.on('event', (event) => expectTypeOf(event).toEqualTypeOf<SallyportEvent>())
      sallyport.on('revoked', (revocation) => expectTypeOf(revocation).toEqualTypeOf<Revocation>())
      // @ts-expect-error there is no such event
      sallyport.on('revoke', () => undefined)
    }
    expectTypeOf(listen).returns.toBeVoid()
  })
})
