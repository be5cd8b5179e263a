import {
  type Address,
  type Auth,
  createSallyport,
  memoryStore,
  type Sallyport,
  type SallyportEvent,
  type SallyportOptions,
} from '@sallyport/core'
import type { Decision } from '@sallyport/core/adapter'
import { gateOf } from '@sallyport/core/adapter'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { textIn } from '../support/text-in.ts'
import { type TurnedClock, turnedClock } from '../support/turned-clock.ts'
import { viewOf } from './view.ts'

interface Site {
  readonly sallyport: Sallyport
  readonly clock: TurnedClock
  readonly events: readonly SallyportEvent[]
  /** Who asked for a signature check, in order. */
  readonly checks: readonly Address[]
  signIn(subject?: string): Promise<string>
  /** One request with a token. */
  ask(token: string): Decision | Promise<Decision>
}

const open: Sallyport[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const sallyport of open.splice(0)) await sallyport.close()
})

async function site(options: SallyportOptions = {}, seconds: () => number = () => 0): Promise<Site> {
  const clock = turnedClock()
  const checks: Address[] = []
  const sallyport = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    store: memoryStore(),
    clock,
    limits: {
      signatures: (caller) => {
        checks.push(caller)
        return seconds()
      },
    },
    ...options,
  })
  open.push(sallyport)
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => events.push(event))
  return {
    sallyport,
    clock,
    events,
    checks,
    async signIn(subject = 'somebody') {
      const answer = await gateOf(sallyport).signIn(viewOf({}), { subject })
      return JSON.parse(textIn(answer.body)).access_token
    },
    ask: (token) => gateOf(sallyport).verifier()(bearing(token)),
  }
}

const bearing = (token: string) =>
  viewOf({
    method: 'GET',
    ip: '192.0.2.7',
    headers: { authorization: `Bearer ${token}`, 'user-agent': 'tester' },
  })

const outcome = (decision: Decision): number => (decision.kind === 'refuse' ? decision.answer.status : 200)

/** Another text with the same end: the signature of the first under other claims. */
function withOtherClaims(token: string): string {
  const [header, payload = '', signature] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const other = Buffer.from(JSON.stringify({ ...claims, sub: 'somebody else' })).toString('base64url')
  return [header, other, signature].join('.')
}

describe('a token is verified once', () => {
  test('and then judged without a promise', async () => {
    const { signIn, ask, checks } = await site()
    const token = await signIn()
    expect(ask(token)).toBeInstanceOf(Promise)
    expect(outcome(await ask(token))).toBe(200)
    expect(ask(token)).toMatchObject({ kind: 'allow', auth: { subject: 'somebody' } })
    expect(checks).toHaveLength(1)
  })

  test('by many requests at once, and once more when it is new again', async () => {
    const { signIn, ask, checks } = await site({ access: { cache: { entries: 1 } } })
    const [first, second] = [await signIn(), await signIn()]
    const decisions = await Promise.all(Array.from({ length: 50 }, () => ask(first)))
    expect(decisions.map(outcome)).toEqual(decisions.map(() => 200))
    expect(checks).toHaveLength(1)
    expect(outcome(await ask(second))).toBe(200)
    expect(outcome(await ask(first))).toBe(200)
    expect(checks).toHaveLength(3)
  })

  test('where there is no room for it, each time', async () => {
    const { signIn, ask, checks } = await site({
      audience: Array.from({ length: 20 }, (_, index) => `https://${'x'.repeat(150)}${index}.example`),
      access: { cache: { bytes: 65_536 } },
    })
    const tokens = await Promise.all(Array.from({ length: 12 }, () => signIn()))
    for (const token of [...tokens, ...tokens]) expect(outcome(await ask(token))).toBe(200)
    expect(checks.length).toBeGreaterThan(12)
  })

  test.each(['off', 'accepted'] as const)(
    'and is answered at once by the same object, with DPoP %s',
    async (dpop) => {
      const { signIn, ask } = await site({ dpop })
      const token = await signIn()
      const first = await ask(token)
      const again = [ask(token), ask(token)]
      for (const decision of again) expect(decision).toBe(first)
      expect(first).not.toHaveProperty('headers')
    },
  )

  test('and what all requests with it share can not be changed by one of them', async () => {
    const { signIn, ask } = await site()
    const decision = await ask(await signIn())
    if (decision.kind !== 'allow') throw new Error('a good token')
    const { auth } = decision
    for (const part of [decision, auth, auth.scopes, auth.claims]) expect(Object.isFrozen(part)).toBe(true)
  })
})

describe('a token that is known is refused', () => {
  test('once its session, its user or itself is revoked', async () => {
    const { sallyport, signIn, ask } = await site()
    const endings = {
      session: (auth: Auth) => sallyport.sessions.revoke(auth.session ?? ''),
      user: (auth: Auth) => sallyport.sessions.revokeAll(auth),
      token: (auth: Auth) => sallyport.tokens.revoke(auth.claims.jti ?? ''),
    }
    for (const [subject, end] of Object.entries(endings)) {
      const [token, bystander] = [await signIn(subject), await signIn('bystander')]
      const decision = await ask(token)
      if (decision.kind !== 'allow') throw new Error('a good token')
      expect(outcome(await ask(bystander))).toBe(200)
      await end(decision.auth)
      expect([outcome(await ask(token)), outcome(await ask(token))]).toEqual([401, 401])
      expect(ask(bystander)).toMatchObject({ kind: 'allow' })
    }
  })

  test('at its last second, and while the clock stands before its first', async () => {
    const { clock, signIn, ask, events } = await site({ revocation: { maxStalenessSeconds: 300 } })
    const token = await signIn()
    const [before, issuedAt] = [clock.now() - 6000, clock.now()]
    expect(outcome(await ask(token))).toBe(200)
    clock.set(before)
    expect(outcome(await ask(token))).toBe(401)
    clock.set(issuedAt + 899_999)
    expect(outcome(await ask(token))).toBe(200)
    clock.set(issuedAt + 900_000)
    expect(outcome(await ask(token))).toBe(401)
    expect(events.flatMap(({ event, reason }) => (event === 'token.refused' ? [reason] : []))).toEqual([
      'token_early',
      'token_expired',
    ])
  })

  test('in strict mode by the store, each time', async () => {
    const driver = memoryStore()
    const asked = vi.fn()
    const { signIn, ask } = await site({
      revocation: { mode: 'strict' },
      store: {
        ...driver,
        async open(context) {
          const store = await driver.open(context)
          const check: typeof store.revocations.check = (token) => {
            asked(token)
            return store.revocations.check(token)
          }
          return { ...store, revocations: { ...store.revocations, check } }
        },
      },
    })
    const token = await signIn()
    for (const _ of [1, 2, 3]) expect(outcome(await ask(token))).toBe(200)
    expect(asked).toHaveBeenCalledTimes(3)
    expect(asked.mock.lastCall?.[0]).toMatchObject({ session: expect.any(String), tag: expect.any(String) })
  })
})

describe('a forged token', () => {
  test('that ends as a known one does is not taken for it', async () => {
    const { signIn, ask, checks } = await site()
    const token = await signIn()
    await ask(token)
    expect(outcome(await ask(withOtherClaims(token)))).toBe(401)
    expect(outcome(await ask(token))).toBe(200)
    expect(checks).toHaveLength(2)
  })

  test('that comes together with the one it was made from is judged by itself', async () => {
    const { signIn, ask } = await site()
    for (const _ of Array.from({ length: 20 })) {
      const token = await signIn()
      const racers = [token, withOtherClaims(token), token, withOtherClaims(token)]
      expect((await Promise.all(racers.map(ask))).map(outcome)).toEqual([200, 401, 200, 401])
    }
  })

  test('is never remembered, and pushes no other out', async () => {
    const { signIn, ask, checks } = await site({ access: { cache: { entries: 1 } } })
    const [good, other] = [await signIn(), await signIn()]
    await ask(good)
    for (const _ of [1, 2, 3]) expect(outcome(await ask(withOtherClaims(other)))).toBe(401)
    expect(checks).toHaveLength(4)
    expect(ask(good)).toMatchObject({ kind: 'allow' })
  })
})

describe('the limit of signature checks', () => {
  test('is told who asks, and cuts off new tokens alone', async () => {
    let seconds = 0
    const { signIn, ask, checks, events, sallyport } = await site({}, () => seconds)
    const [known, fresh] = [await signIn(), await signIn()]
    await ask(known)
    expect(checks).toEqual([{ ip: '192.0.2.7', user_agent: 'tester' }])
    seconds = 1.2
    const refused = await ask(fresh)
    expect(refused).toMatchObject({ answer: { status: 429, headers: { 'Retry-After': '2' } } })
    const body = refused.kind === 'refuse' ? textIn(refused.answer.body) : ''
    expect(JSON.parse(body).error).toBe('too_many_requests')
    expect(events.at(-1)).toMatchObject({
      event: 'token.refused',
      reason: 'signatures_limited',
      ip: '192.0.2.7',
    })
    expect(outcome(await ask(known))).toBe(200)

    const [logout] = gateOf(sallyport).routes(['logout'])
    const answer = await logout?.handle({ ...bearing(fresh), method: 'POST' })
    expect(answer?.status).toBe(429)
    seconds = 0
    expect(outcome(await ask(fresh))).toBe(200)
  })

  test('is asked before anything of a text is read, whatever it is', async () => {
    let seconds = 0
    const { signIn, ask, checks } = await site({}, () => seconds)
    const token = await signIn()
    const otherKey = Buffer.from('{"alg":"EdDSA","typ":"at+jwt","kid":"other"}').toString('base64url')
    const texts = ['x', `${token}=`, [otherKey, ...token.split('.').slice(1)].join('.')]
    for (const text of texts) expect(outcome(await ask(text))).toBe(401)
    expect(checks).toHaveLength(texts.length)
    seconds = 1
    for (const text of texts) expect(outcome(await ask(text))).toBe(429)
  })

  test('that gives a number is answered at once', async () => {
    const { ask } = await site({}, () => 3)
    expect(ask('x')).toMatchObject({ kind: 'refuse', answer: { status: 429 } })
  })

  test.each([
    ['throws', () => Promise.reject(new TypeError('secret words'))],
    ['gives no number', () => Number.NaN],
    ['is negative', () => -1],
  ])('that %s does not stand in the way', async (_what, signatures) => {
    const warnings: string[] = []
    vi.spyOn(process, 'emitWarning').mockImplementation((warning) => {
      warnings.push(String(warning))
    })
    const { signIn, ask } = await site({ limits: { signatures } })
    for (const _ of [1, 2]) expect(outcome(await ask(await signIn()))).toBe(200)
    expect(warnings.filter((line) => line.includes('limits.signatures')).length).toBeLessThanOrEqual(1)
    expect(warnings.join()).not.toContain('secret words')
  })
})

test('a use is told to the store once, and again while the store did not hear it', async () => {
  const driver = memoryStore()
  let away = false
  const told: number[] = []
  const { signIn, ask } = await site({
    store: {
      ...driver,
      async open(context) {
        const store = await driver.open(context)
        const confirm: typeof store.sessions.confirm = (confirmation) => {
          told.push(confirmation.generation)
          return away ? Promise.resolve({ kind: 'unavailable' }) : store.sessions.confirm(confirmation)
        }
        return { ...store, sessions: { ...store.sessions, confirm } }
      },
    },
  })
  const token = await signIn()
  away = true
  await ask(token)
  expect(told).toEqual([1])
  away = false
  await ask(token)
  expect(told).toEqual([1, 1])
  await ask(token)
  expect(told).toEqual([1, 1])
})
