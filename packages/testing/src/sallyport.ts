import {
  createSallyport,
  memoryStore,
  type Sallyport,
  type SallyportEvent,
  type SallyportOptions,
  type StoreDriver,
} from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { schema } from '@sallyport/core/sink'
import type { TestCaller } from './callers/caller.ts'
import { forged } from './callers/forged.ts'
import { type SignInParts, signInAt, type TestSignIn } from './callers/sign-in.ts'
import { type TestClock, testClock } from './clock.ts'
import { replaced, sharedStore } from './options.ts'
import { random } from './system.ts'

/** What may be chosen for a test. */
export interface TestSettings {
  /** Default: a new one, which starts now. */
  readonly clock?: TestClock | undefined
  /** Where sessions are kept, such as a real Redis, with `time: 'caller'`. Default: in memory. */
  readonly store?: StoreDriver | undefined
}

/** A deployment under test. */
export interface TestSallyport<Host extends Sallyport> {
  /** What your function made. */
  readonly sallyport: Host
  /** What your function was given. */
  readonly options: SallyportOptions
  /** By which everything in it goes. It stands still until you turn it. */
  readonly clock: TestClock
  /** Every event since the start. */
  readonly events: readonly SallyportEvent[]
  /** What the audit trail has, if your options have one. */
  readonly trail: readonly SallyportEvent[]
  /**
   * Signs a user in, by the step that your own sign-in takes, and gives the caller. Rejects with an `AnswerError` if that
   * is refused, and with a `TypeError` for a wrong member.
   */
  signIn(subject: string, wanted?: TestSignIn): Promise<TestCaller>
  /** Closes the Sallyport. May be called more than once. */
  close(): Promise<void>
}

/** Tokens are issued in the past, when there must have been a key already. */
const KEYS_BEFORE_MS = 3_600_000
const EARLY_MS = 300_000
const ELSEWHERE = 'https://elsewhere.sallyport.test'

const { callable, group, optional, parse } = schema
const settingsSchema = group({
  clock: optional(callable<TestClock>('a clock that testClock() made', 'now', 'monotonic', 'advance', 'at')),
  store: optional(callable<StoreDriver>('a store such as memoryStore() or redisStore()', 'open')),
})

/**
 * Makes a Sallyport for tests out of the options that your application has. Everything is in memory: the store, the secret,
 * the keys and signers, the clock and the sink of the audit trail are replaced, and all else is tested as you have it.
 *
 * What else reaches out of the process stays, such as `issuers`, webhooks and functions of your own: give other ones for
 * tests. Rejects as `createSallyport` does.
 *
 * @param create makes the Sallyport: `createSallyport` of your framework, or a function of your own that makes the
 *   application as well
 * @param options those of your application. Default: none
 *
 * @example
 * ```ts
 * import { createSallyport, getAuth } from '@sallyport/express'
 * import { testSallyport } from '@sallyport/testing'
 * import express from 'express'
 * import supertest from 'supertest'
 *
 * const { sallyport, clock, signIn } = await testSallyport(createSallyport, { access: { ttlSeconds: 300 } })
 * const app = express()
 * app.get('/me', sallyport.authMiddleware(), (req, res) => void res.json({ sub: getAuth(req).subject }))
 *
 * const ada = await signIn('ada', { scope: ['profile:read'] })
 * await supertest(app).get('/me').set(ada.headers).expect(200)
 * clock.advance({ minutes: 5 })
 * await supertest(app).get('/me').set(ada.headers).expect(401)
 * ```
 */
export async function testSallyport<Host extends Sallyport>(
  create: (options: SallyportOptions) => Promise<Host>,
  options: SallyportOptions = {},
  settings: TestSettings = {},
): Promise<TestSallyport<Host>> {
  const parsed = parse(settingsSchema, settings, { path: 'testSallyport' })
  const clock = parsed.clock ?? testClock()
  const store = sharedStore(parsed.store)
  const events: SallyportEvent[] = []
  const trail: SallyportEvent[] = []
  const sink = { name: 'test', write: async (more: readonly SallyportEvent[]) => void trail.push(...more) }
  const used = replaced(options, { clock, store, sink })

  const start = clock.now()
  clock.set(start - KEYS_BEFORE_MS)
  const sallyport = await create(used)
  clock.set(start)
  sallyport.on('event', (event) => events.push(event))

  const opened: Sallyport[] = [sallyport]
  const partsOf = (made: Sallyport, of: SallyportOptions): SignInParts => ({
    ...{ gate: gateOf(made), options: of, clock },
    on: (listener) => made.on('event', listener),
  })
  /** Another deployment, or another process of this one, whose tokens are not for it. */
  async function twin(changes: SallyportOptions): Promise<SignInParts> {
    const { issuer, audience, secret, access, accessToken, claims, clients, dpop, cookie } = used
    const own = { issuer, audience, secret, access, accessToken, claims, clients, dpop, cookie, clock }
    const made = await createSallyport({ ...own, ...changes })
    opened.unshift(made)
    return partsOf(made, { ...used, ...changes })
  }
  const parts = partsOf(sallyport, used)
  const lifetimeMs = (options.access?.ttlSeconds ?? 900) * 1000

  return {
    ...{ sallyport, options: used, clock, events, trail },
    async signIn(subject, { token, ...wanted } = {}) {
      switch (token) {
        case undefined:
          return signInAt(parts, subject, wanted)
        case 'expired':
          return clock.at(clock.now() - lifetimeMs - 1000, () => signInAt(parts, subject, wanted))
        case 'not_yet_valid':
          return clock.at(clock.now() + EARLY_MS, () => signInAt(parts, subject, wanted))
        case 'wrong_audience':
          if (options.accessToken === 'reference')
            throw new TypeError('signIn: a reference token names no audience, so none can be wrong')
          return signInAt(await twin({ audience: ELSEWHERE, store: store.twin }), subject, wanted)
        case 'wrong_issuer':
          return signInAt(
            await twin({ issuer: ELSEWHERE, secret: random(32), store: memoryStore() }),
            subject,
            wanted,
          )
        case 'forged':
          return forged(await signInAt(parts, subject, wanted))
        case 'revoked': {
          const caller = await signInAt(parts, subject, wanted)
          await sallyport.sessions.revoke(caller.session)
          return caller
        }
      }
    },
    async close() {
      for (const one of opened) await one.close()
    },
  }
}
