import { generateKeyPairSync, sign } from 'node:crypto'
import {
  createSallyport,
  type Freshness,
  memoryStore,
  type SallyportEvent,
  type SallyportOptions,
  type Signer,
  type StoreDriver,
  type VerificationKey,
} from '@sallyport/core'
import { type Answer, gateOf, type RequestView } from '@sallyport/core/adapter'
import type { SightingStore } from '@sallyport/core/store'
import { decodeJwt } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import { storeContext } from '../support/store-context.ts'
import { textIn } from '../support/text-in.ts'
import { turnedClock } from '../support/turned-clock.ts'
import { viewOf } from './view.ts'

let close: () => Promise<void> = async () => {}
afterEach(() => close())

const MFA = { acr: 'urn:example:mfa', amr: ['pwd', 'otp'] }
const START = Date.UTC(2026, 0, 1) / 1000

async function start(options: SallyportOptions = {}) {
  const clock = turnedClock()
  const sallyport = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    store: memoryStore(),
    clock,
    ...options,
  })
  close = () => sallyport.close()
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => events.push(event))
  const gate = gateOf(sallyport)
  const [refresh] = gate.routes(['refresh'])
  const verify = gate.verifier()

  async function authOf(token: string) {
    const decision = await verify(bearing(token))
    if (decision.kind !== 'allow') throw new Error(`the token is refused: ${decision.kind}`)
    return decision.auth
  }

  return {
    ...{ sallyport, gate, clock, events, authOf },
    async signIn(signIn: { readonly acr?: string; readonly amr?: readonly string[] } = {}) {
      const { body, cookies } = await gate.signIn(viewOf({}), { subject: 'user-1', ...signIn })
      return { token: tokenIn(body), cookie: cookies.map((one) => one.split(';', 1)[0]).join('; ') }
    },
    async refreshed(cookie: string) {
      const answer = await refresh?.handle(viewOf({ headers: { cookie } }))
      return { token: tokenIn(answer?.body), cookie: answer?.cookies[0]?.split(';', 1)[0] ?? '' }
    },
    async stepUp(token: string, more: { readonly seconds?: number } = {}) {
      const answer = await gate.stepUp(bearing(token), await authOf(token), { ...MFA, ...more })
      return { ...answer, token: answer.status === 200 ? tokenIn(answer.body) : '' }
    },
    /** What a guard answers to a token: nothing where it passes. */
    async asked(token: string, freshness: Freshness) {
      const answer = await gate.check(gate.guards.requireFresh(freshness))(
        await authOf(token),
        bearing(token),
      )
      return answer && { status: answer.status, challenge: answer.headers['WWW-Authenticate'] }
    },
  }
}

const bearing = (token: string): RequestView => viewOf({ headers: { authorization: `Bearer ${token}` } })
const tokenIn = (body: Answer['body']): string =>
  (JSON.parse(textIn(body)) as { access_token: string }).access_token

const STALE =
  'Bearer error="insufficient_user_authentication", error_description="a stronger or more recent authentication is required"'

describe('a guard of freshness', () => {
  test('asks for a class that the token does not have, and names it', async () => {
    const { signIn, stepUp, asked } = await start()
    const { token } = await signIn()
    const wanted = { acr: ['urn:example:phr', 'urn:example:mfa'] }
    const challenge = `${STALE}, acr_values="urn:example:phr urn:example:mfa"`
    expect(await asked(token, wanted)).toEqual({ status: 401, challenge })
    expect(await asked((await stepUp(token)).token, wanted)).toBeUndefined()
    expect(await asked((await stepUp(token)).token, { acr: 'urn:example:phr' })).toMatchObject({
      status: 401,
    })
  })

  test('asks for a more recent authentication to the second, and a refresh makes none', async () => {
    const { signIn, refreshed, stepUp, asked, clock } = await start()
    const { token, cookie } = await signIn()
    clock.turn(300_000)
    expect(await asked(token, { maxAge: 300 })).toBeUndefined()
    clock.turn(1)
    const refused = { status: 401, challenge: `${STALE}, max_age="300"` }
    expect(await asked(token, { maxAge: 300 })).toEqual(refused)
    const next = await refreshed(cookie)
    expect(await asked(next.token, { maxAge: 300 })).toEqual(refused)
    expect(await asked((await stepUp(next.token)).token, { maxAge: 300 })).toBeUndefined()
  })

  test('of age 0 passes nobody but those who have just authenticated', async () => {
    const { signIn, asked, clock } = await start()
    const { token } = await signIn()
    expect(await asked(token, { maxAge: 0 })).toBeUndefined()
    clock.turn(1)
    expect(await asked(token, { maxAge: 0 })).toMatchObject({ status: 401 })
  })

  test('names all that it asks for', async () => {
    const { signIn, asked } = await start()
    const { token } = await signIn()
    const challenge = `${STALE}, acr_values="urn:example:mfa", max_age="60"`
    expect(await asked(token, { acr: MFA.acr, maxAge: 60 })).toEqual({ status: 401, challenge })
  })

  test('refuses a token that does not tell when its user authenticated, or tells of the future', async () => {
    const { gate, signIn, authOf } = await start()
    const auth = await authOf((await signIn()).token)
    const check = gate.check(gate.guards.requireFresh({ maxAge: 60 }))
    const telling = (auth_time: number | undefined) =>
      ({ ...auth, claims: { ...auth.claims, auth_time } }) as never
    expect(check(telling(undefined), viewOf({}))).toMatchObject({ status: 401 })
    expect(check(telling(START + 6), viewOf({}))).toMatchObject({ status: 401 })
    expect(check(telling(START + 5), viewOf({}))).toBeUndefined()
  })

  test.each([
    { freshness: {}, names: 'give "acr", "maxAge" or both' },
    { freshness: { acr: [] }, names: '"acr"' },
    { freshness: { acr: 'two words' }, names: '"acr"' },
    { freshness: { acr: 7 }, names: '"acr"' },
    { freshness: { maxAge: -1 }, names: '"maxAge"' },
    { freshness: { maxAge: '300' }, names: '"maxAge"' },
    { freshness: { maxAge: 1.5 }, names: '"maxAge"' },
    { freshness: { max_age: 300 }, names: 'unknown member "max_age"' },
    { freshness: undefined, names: 'must be an object' },
    { freshness: { maxAge: 1, fromRisk: 0 }, names: '1 to 100' },
  ])('refuses to be made with $freshness', async ({ freshness, names }) => {
    const { gate } = await start({ anomalies: {} })
    expect(() => gate.guards.requireFresh(freshness as never)).toThrow(names)
  })

  test('for sessions at risk needs something that looks for anomalies', async () => {
    const { gate } = await start()
    expect(() => gate.guards.requireFresh({ maxAge: 1, fromRisk: 40 })).toThrow(
      'needs the option "anomalies"',
    )
  })

  test('for sessions at risk asks those alone, and nobody while their risk is unknown', async () => {
    const store = memoryStore()
    let isAway = false
    const driver: StoreDriver = {
      ...store,
      async open(context) {
        const opened = await store.open(context)
        if (opened.sightings === undefined) throw new Error('the store in memory has sightings')
        const { sightings } = opened
        const read: SightingStore['read'] = async (...args) =>
          isAway ? { kind: 'unavailable' } : sightings.read(...args)
        return { ...opened, sightings: { ...sightings, read } }
      },
    }
    const { sallyport, signIn, stepUp, asked, clock } = await start({
      anomalies: { rules: { token_theft: { risk: 50 } } },
      store: driver,
    })
    const { token } = await signIn()
    clock.turn(60_000)
    const wanted = { maxAge: 10, fromRisk: 40 }
    expect(await asked(token, wanted)).toBeUndefined()
    const { sid, client_id = '' } = decodeJwt<{ sid: string; client_id: string }>(token)
    const theft = { event: 'refresh.reused', outcome: 'failure', reason: 'token_reused' } as const
    sallyport.emit({ ...theft, sub: 'user-1', sid, client_id })
    await expect.poll(() => asked(token, wanted)).toMatchObject({ status: 401 })
    expect(await asked(token, { maxAge: 10, fromRisk: 51 })).toBeUndefined()
    isAway = true
    expect(await asked(token, wanted)).toMatchObject({ status: 503 })
    isAway = false
    expect(await asked((await stepUp(token)).token, wanted)).toBeUndefined()
  })
})

describe.each(['jwt', 'reference'] as const)('a step-up with tokens of the form %s', (form) => {
  test('gives a token with a new time and class, and leaves the refresh token as it was', async () => {
    const { signIn, stepUp, authOf, refreshed, clock } = await start({ accessToken: form })
    const { token, cookie } = await signIn({ acr: 'pwd', amr: ['pwd'] })
    clock.turn(60_000)
    const { status, cookies, token: raised } = await stepUp(token)
    expect({ status, cookies }).toEqual({ status: 200, cookies: [] })
    const { claims } = await authOf(raised)
    expect(claims).toMatchObject({ auth_time: START + 60, ...MFA, gen: 1 })
    expect((await authOf(token)).claims).toMatchObject({ auth_time: START, acr: 'pwd' })
    expect((await authOf((await refreshed(cookie)).token)).claims).toMatchObject({ gen: 2, acr: MFA.acr })
  })

  test('raises no token from before it, not even from the same second, on no process', async () => {
    const store = await memoryStore().open(storeContext)
    const driver = { ...memoryStore(), open: () => Promise.resolve({ ...store, close: async () => {} }) }
    const { signIn, stepUp, clock } = await start({ accessToken: form, store: driver })
    const { token } = await signIn({ acr: 'pwd' })
    await stepUp(token, { seconds: 10 })
    const secret = 'a secret of the test, with its 32 bytes'
    const other = await createSallyport({ secret, clock, accessToken: form, store: driver })
    expect(await other.tokens.verify(token)).toMatchObject({ auth: { claims: { acr: 'pwd' } } })
    await other.close()
  })

  test('ends by its time, for the token and for the session', async () => {
    const { sallyport, signIn, stepUp, authOf, refreshed, clock } = await start({ accessToken: form })
    const { token, cookie } = await signIn({ acr: 'pwd', amr: ['pwd'] })
    const { token: raised } = await stepUp(token, { seconds: 120 })
    expect((await authOf(raised)).claims.exp).toBe(START + 120)
    clock.turn(60_000)
    const next = await refreshed(cookie)
    expect((await authOf(next.token)).claims).toMatchObject({ acr: MFA.acr, exp: START + 120 })
    clock.turn(60_000)
    expect(await sallyport.tokens.verify(raised)).toMatchObject({ problem: 'token_expired' })
    const later = await authOf((await refreshed(next.cookie)).token)
    expect(later.claims).toMatchObject({ auth_time: START, acr: 'pwd', amr: ['pwd'], exp: START + 120 + 900 })
  })
})

describe('a step-up', () => {
  test('is told', async () => {
    const { signIn, stepUp, events } = await start()
    const { token } = await signIn()
    const { sid, client_id } = decodeJwt(token)
    const { jti, kid } = await stepUp(token).then(({ token }) => ({
      jti: decodeJwt(token).jti,
      kid: JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString()).kid,
    }))
    expect(events.at(-1)).toMatchObject({
      ...{ event: 'stepup.granted', outcome: 'success', reason: MFA.acr },
      ...{ sub: 'user-1', sid, client_id, jti, kid },
    })
  })

  test('is told if its token cannot be signed, since the next refresh has it', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    let isAway = false
    const signer: Signer & VerificationKey = {
      ...{ kid: 'key-1', alg: 'EdDSA', publicKey },
      sign(input) {
        if (isAway) throw new Error('away')
        return sign(null, input, privateKey)
      },
    }
    const { signIn, stepUp, refreshed, authOf, events } = await start({ access: { signers: [signer] } })
    const { token, cookie } = await signIn()
    const { sid, client_id } = decodeJwt(token)
    isAway = true
    expect((await stepUp(token)).status).toBe(503)
    const told = { event: 'stepup.granted', reason: MFA.acr, sub: 'user-1', sid, client_id }
    expect(events.at(-1)).toMatchObject(told)
    isAway = false
    expect((await authOf((await refreshed(cookie)).token)).claims).toMatchObject(MFA)
  })

  test('is told if claims of the application keep its token from being made', async () => {
    let fails = false
    const of = () => {
      if (fails) throw new Error('away')
      return {}
    }
    const { signIn, gate, authOf, events } = await start({ claims: { of } })
    const { token } = await signIn()
    const auth = await authOf(token)
    fails = true
    await expect(gate.stepUp(bearing(token), auth, MFA)).rejects.toThrow()
    expect(events.at(-1)).toMatchObject({ event: 'stepup.granted', reason: MFA.acr, sub: 'user-1' })
  })

  test('of a session that has ended meanwhile is refused, and tells nothing', async () => {
    const { sallyport, gate, signIn, authOf, events } = await start()
    const { token } = await signIn()
    const auth = await authOf(token)
    await sallyport.sessions.revokeAll('user-1')
    const told = events.length
    const answer = await gate.stepUp(bearing(token), auth, MFA)
    expect(answer).toMatchObject({ status: 401, body: expect.stringContaining('invalid_token') })
    await expect(gate.sessions.stepUp(bearing(token), auth, MFA)).rejects.toMatchObject({
      code: 'token_revoked',
    })
    expect(events.slice(told)).toEqual([])
  })

  test('of a caller without a session here is refused', async () => {
    const { gate, signIn, authOf } = await start()
    const auth = await authOf((await signIn()).token)
    for (const other of [{ own: false }, { session: undefined }, { session: 'of another format' }]) {
      const answer = await gate.stepUp(viewOf({}), { ...auth, ...other }, MFA)
      expect(answer).toMatchObject({ status: 403, body: expect.stringContaining('access_denied') })
    }
  })

  test('gives the tokens to an application that answers by itself', async () => {
    const { gate, signIn, authOf } = await start()
    const { token } = await signIn()
    const { accessToken, ...rest } = await gate.sessions.stepUp(bearing(token), await authOf(token), MFA)
    expect(rest).toEqual({ expiresIn: 900, scope: '', tokenType: 'Bearer' })
    expect((await authOf(accessToken)).claims).toMatchObject(MFA)
  })

  test('of a token whose refresh token was lost does not make that look used', async () => {
    const { signIn, refreshed, stepUp, authOf, clock } = await start()
    const { token, cookie } = await signIn()
    await refreshed(cookie) // the answer is lost
    await authOf((await stepUp(token)).token)
    clock.turn(11_000)
    expect((await authOf((await refreshed(cookie)).token)).claims.gen).toBe(3)
  })

  test.each([
    { stepUp: {}, names: 'say what the user has proved' },
    { stepUp: { acr: '' }, names: '"acr"' },
    { stepUp: { amr: 'otp' }, names: '"amr"' },
    { stepUp: { amr: ['\n'] }, names: '"amr"' },
    { stepUp: { acr: 'mfa', seconds: 0 }, names: '"seconds"' },
    { stepUp: { acr: 'mfa', seconds: 86_401 }, names: '"seconds"' },
    { stepUp: { acr: 'mfa', maxAge: 5 }, names: 'unknown member "maxAge"' },
    { stepUp: undefined, names: 'must be an object' },
  ])('refuses $stepUp', async ({ stepUp, names }) => {
    const { gate, signIn, authOf } = await start()
    const { token } = await signIn()
    await expect(gate.stepUp(bearing(token), await authOf(token), stepUp as never)).rejects.toThrow(names)
  })
})
