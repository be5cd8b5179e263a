import {
  createSallyport,
  type IssuerOptions,
  memoryStore,
  type Sallyport,
  type SallyportOptions,
  type StoreDriver,
} from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { redisStore } from '@sallyport/redis'
import { decodeJwt, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { generateSigningKey, publicJwk } from '../../packages/core/src/keys/jwk/jwk.ts'
import type { SigningKey } from '../../packages/core/src/ports/signer.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { textIn } from '../support/text-in.ts'
import { type TurnedClock, turnedClock } from '../support/turned-clock.ts'
import { json, type ScriptedIssuer, scriptedIssuer, status } from './scripted-issuer.ts'
import { viewOf } from './view.ts'

const API = 'https://api.example.com'
let theirs: ScriptedIssuer
let others: ScriptedIssuer
let key: SigningKey
let otherKey: SigningKey
let clock: TurnedClock
let redis: RedisServer
const open: Sallyport[] = []

beforeAll(async () => {
  redis = await startRedis()
  theirs = await scriptedIssuer()
  others = await scriptedIssuer()
  key = await generateSigningKey('ES256')
  otherKey = { ...(await generateSigningKey('ES256')), kid: key.kid }
})
beforeEach(() => {
  clock = turnedClock()
  theirs.answers.set('/jwks', json({ keys: [publicJwk(key)] }))
  others.answers.set('/jwks', json({ keys: [publicJwk(otherKey)] }))
  theirs.asked.length = 0
})
afterEach(async () => {
  for (const sallyport of open.splice(0)) await sallyport.close()
})
afterAll(async () => {
  await redis.stop()
  await theirs.close()
  await others.close()
})

async function site(more: Partial<IssuerOptions> = {}, options: SallyportOptions = {}): Promise<Sallyport> {
  const issuer = (one: ScriptedIssuer): IssuerOptions => ({
    issuer: one.origin,
    audience: API,
    jwks: `${one.origin}/jwks`,
    algorithms: ['ES256'],
  })
  const sallyport = await createSallyport({
    audience: API,
    store: memoryStore(),
    secret: 'a secret of the test, with its 32 bytes',
    clock,
    issuers: [{ ...issuer(theirs), ...more }, issuer(others)],
    ...options,
  })
  open.push(sallyport)
  return sallyport
}

interface Token {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  readonly by?: SigningKey
}
const mint = ({ claims = {}, header = {}, by = key }: Token = {}): Promise<string> => {
  const now = Math.floor(clock.now() / 1000)
  const full = {
    iss: theirs.origin,
    sub: 'alice',
    aud: API,
    exp: now + 3600,
    iat: now,
    scope: 'read',
    ...claims,
  }
  return new SignJWT(full)
    .setProtectedHeader({ alg: by.alg, kid: by.kid, typ: 'at+jwt', ...header })
    .sign(by.privateKey)
}
const bearing = (token: string, method = 'GET') =>
  viewOf({ method, headers: { authorization: `Bearer ${token}` } })
async function ask(sallyport: Sallyport, token: string): Promise<number> {
  const decision = await gateOf(sallyport).verifier({ issuers: 'all' })(bearing(token))
  return decision.kind === 'refuse' ? decision.answer.status : 200
}

describe("a token of somebody else's issuer", () => {
  test('is accepted, and says who is calling', async () => {
    const sallyport = await site()
    const decision = await gateOf(sallyport).verifier({ issuers: 'all' })(
      bearing(await mint({ claims: { azp: 'spa', scp: ['a', 'b'], scope: undefined } })),
    )
    expect(decision).toMatchObject({
      kind: 'allow',
      auth: {
        own: false,
        issuer: theirs.origin,
        subject: 'alice',
        client: 'spa',
        session: undefined,
        scopes: ['a', 'b'],
        kid: key.kid,
      },
    })
  })

  test('is verified by the keys of the issuer that it names, though two have keys of one name', async () => {
    const sallyport = await site()
    const theirOwn = { iss: others.origin }
    expect(await ask(sallyport, await mint({ by: otherKey, claims: theirOwn }))).toBe(200)
    expect(await ask(sallyport, await mint({ by: otherKey }))).toBe(401)
    expect(await ask(sallyport, await mint({ claims: theirOwn }))).toBe(401)
  })

  test.each<[string, Token]>([
    ['another audience', { claims: { aud: 'https://other.example' } }],
    ['no subject', { claims: { sub: undefined } }],
    ['no expiry', { claims: { exp: undefined } }],
    ['an issuer with a slash more', { claims: { iss: 'http://127.0.0.1:1/' } }],
    ['no issuer', { claims: { iss: undefined } }],
    ['the type of an ID token', { header: { typ: 'JWT' } }],
    ['no type', { header: { typ: undefined } }],
    ['a crit header', { header: { crit: ['exp'], exp: 1 } }],
  ])('is refused with %s', async (_what, token) => {
    const made = await mint(token).catch(() => undefined)
    if (made === undefined) return
    expect(await ask(await site(), made)).toBe(401)
  })

  test('without a type is accepted where that was chosen', async () => {
    const sallyport = await site({ untyped: true })
    for (const typ of ['JWT', undefined, 'at+jwt'])
      expect(await ask(sallyport, await mint({ header: { typ } }))).toBe(200)
    expect(await ask(sallyport, await mint({ header: { typ: 'dpop+jwt' } }))).toBe(401)
  })

  describe('that names its audience by the client, as those of Amazon Cognito do', () => {
    const CLIENT = '1example23456789'
    const pool = { audience: CLIENT, audienceClaim: 'client_id', untyped: true } as const
    const header = { typ: undefined }
    const access = { aud: undefined, client_id: CLIENT, token_use: 'access', 'cognito:groups': ['staff'] }

    test('is accepted where that was chosen, and its audience is the client', async () => {
      const sallyport = await site(pool)
      const decision = await gateOf(sallyport).verifier({ issuers: 'all' })(
        bearing(await mint({ header, claims: access })),
      )
      expect(decision).toMatchObject({
        kind: 'allow',
        auth: { own: false, client: CLIENT, claims: { aud: CLIENT, 'cognito:groups': ['staff'] } },
      })
      const bound = { ...access, aud: 'https://another.example' }
      expect(await ask(sallyport, await mint({ header, claims: bound }))).toBe(200)
    })

    test.each<[string, Readonly<Record<string, unknown>>]>([
      ['another client', { ...access, client_id: 'another' }],
      ['no client', { ...access, client_id: undefined }],
      ['the client in other claims alone', { ...access, client_id: undefined, azp: CLIENT, aud: CLIENT }],
      ['several clients', { ...access, client_id: [CLIENT] }],
      ['the use of an ID token', { ...access, token_use: 'id' }],
      ['an unknown use', { ...access, token_use: 5 }],
    ])('is refused with %s', async (_what, claims) => {
      expect(await ask(await site(pool), await mint({ header, claims }))).toBe(401)
    })

    test('is refused where it was not chosen, and so is an ID token for the same client', async () => {
      const sallyport = await site({ audience: CLIENT, untyped: true })
      expect(await ask(sallyport, await mint({ header, claims: access }))).toBe(401)
      const idToken = { aud: CLIENT, token_use: 'id' }
      expect(await ask(sallyport, await mint({ header, claims: idToken }))).toBe(401)
      expect(await ask(sallyport, await mint({ header, claims: { aud: CLIENT } }))).toBe(200)
    })
  })

  test('has five seconds more at its end, and no more', async () => {
    const sallyport = await site()
    const token = await mint()
    clock.turn(3_604_000)
    expect(await ask(sallyport, token)).toBe(200)
    clock.turn(1000)
    expect(await ask(sallyport, token)).toBe(401)
  })

  test('touches nothing that is kept here for the subject of the same name', async () => {
    const sallyport = await site()
    await gateOf(sallyport).signIn(viewOf({}), { subject: 'alice' })
    const [mine] = await sallyport.sessions.list('alice')
    const token = await mint({ claims: { sid: mine?.id, gen: 1 } })
    expect(await ask(sallyport, token)).toBe(200)
    for (const route of gateOf(sallyport).routes(['sessions', 'logout'])) {
      if (route.path === '/logout') continue
      const answers = await Promise.all(
        ['GET', 'POST', 'DELETE'].map((method) =>
          route.handle({ ...bearing(token, method), params: { id: mine?.id ?? '' } }),
        ),
      )
      expect(answers.filter(({ status }) => status < 400)).toEqual([])
    }
    const [logout] = gateOf(sallyport).routes(['logout'])
    expect((await logout?.handle(bearing(token, 'POST')))?.status).toBe(204)
    expect(await sallyport.sessions.list('alice')).toHaveLength(1)
    await sallyport.sessions.revokeAll('alice')
    expect(await ask(sallyport, await mint())).toBe(200)
  })

  test('is no good any more once its key is withdrawn, though it was seen before', async () => {
    const sallyport = await site()
    const token = await mint()
    expect(await ask(sallyport, token)).toBe(200)
    theirs.answers.set('/jwks', json({ keys: [publicJwk(otherKey)] }))
    clock.turn(601_000)
    await ask(sallyport, token)
    await theirs.wasAsked(2)
    await expect
      .poll(() => {
        clock.turn(31_000)
        return ask(sallyport, token)
      })
      .toBe(401)
  })

  test('can be revoked by its name and its issuer, or with all tokens of its session', async () => {
    const sallyport = await site()
    const token = await mint({ claims: { jti: 'theirs-1' } })
    const ofSession = await mint({ claims: { sid: 'session-1' } })
    expect(await ask(sallyport, token)).toBe(200)
    expect(await ask(sallyport, ofSession)).toBe(200)
    const { origin } = theirs
    const told: (string | undefined)[] = []
    sallyport.on('event', ({ event, jti }) => event === 'token.revoked' && told.push(jti))
    expect(await sallyport.tokens.revoke('theirs-1', { issuer: origin })).toEqual({ ended: ['theirs-1'] })
    // Nobody must take it for a token of ours.
    expect(told).toEqual([`${origin} theirs-1`])
    expect(await sallyport.sessions.revoke('session-1', { issuer: origin })).toEqual({ ended: [] })
    expect(await ask(sallyport, token)).toBe(401)
    expect(await ask(sallyport, ofSession)).toBe(401)
  })

  test.each([
    ['replicated', 'memoryStore'],
    ['strict', 'memoryStore'],
    ['replicated', 'redisStore'],
    ['strict', 'redisStore'],
  ] as const)(
    'is not concerned by what is revoked of another issuer under the same name (%s, %s)',
    async (mode, name) => {
      const onRedis = (): StoreDriver => redisStore({ url: redis.url, time: 'caller', keyPrefix: mode })
      const store = name === 'redisStore' ? onRedis() : memoryStore()
      const sallyport = await site({}, { store, revocation: { mode } })
      const answer = await gateOf(sallyport).signIn(viewOf({}), { subject: 'alice' })
      const own: string = JSON.parse(textIn(answer.body)).access_token
      const { sid = '', jti = '' } = decodeJwt<{ sid: string; jti: string }>(own)
      const same = { claims: { sid, jti } }
      const theirOwn = await mint(same)
      const another = await mint({ claims: { ...same.claims, iss: others.origin }, by: otherKey })
      const ended: string[] = []
      for (const [name, token] of Object.entries({ own, theirOwn, another })) {
        const verdict = await sallyport.tokens.verify(token)
        if (verdict.kind !== 'valid') throw new Error('a good token')
        sallyport.endOnRevocation(verdict.auth, () => ended.push(name))
      }
      const good = async () => Promise.all([own, theirOwn, another].map((token) => ask(sallyport, token)))

      await sallyport.tokens.revoke(jti, { issuer: theirs.origin })
      expect(await good()).toEqual([200, 401, 200])
      await sallyport.sessions.revoke(sid, { issuer: others.origin })
      expect(await good()).toEqual([200, 401, 401])
      expect(await sallyport.sessions.list('alice')).toHaveLength(1)
      expect(ended).toEqual(['theirOwn', 'another'])
      const issuer = 'http://localhost'
      expect(await sallyport.sessions.revoke(sid, { issuer })).toEqual({ ended: [sid] })
      expect(await good()).toEqual([401, 401, 401])
    },
  )

  test.each([
    ['tokens', (one: Sallyport, jti: string) => one.tokens.revoke(jti)],
    ['sessions', (one: Sallyport, _jti: string, sid: string) => one.sessions.revoke(sid)],
  ])('outlives what is revoked here by the name alone: %s', async (_what, revoke) => {
    const sallyport = await site()
    const token = await mint({ claims: { jti: 'the same', sid: 'the same session' } })
    expect(await ask(sallyport, token)).toBe(200)
    await revoke(sallyport, 'the same', 'the same session')
    expect(await ask(sallyport, token)).toBe(200)
  })

  describe('outlives what takes its name, as revocations have it, for one of ours', () => {
    const names = () => ({ sid: `${theirs.origin} s1`, sub: `${theirs.origin} alice` })
    const good = async (one: Sallyport) => ask(one, await mint({ claims: { sid: 's1', jti: 'j1' } }))

    test.each([
      ['sessions.revoke', (one: Sallyport) => one.sessions.revoke(names().sid)],
      ['several', (one: Sallyport) => one.sessions.revoke(['unknown', names().sid])],
      ['tokens.revoke', (one: Sallyport) => one.tokens.revoke(`${theirs.origin} j1`)],
      ['sessions.revokeAll', (one: Sallyport) => one.sessions.revokeAll(names().sub)],
      ['sessions.revokeUsers', (one: Sallyport) => one.sessions.revokeUsers(['bob', names().sub])],
      ['sessions.update', (one: Sallyport) => one.sessions.update(names().sub, { scope: [] })],
      ['tokens.revokeAll', (one: Sallyport) => one.tokens.revokeAll(names().sub)],
      ['apiKeys.create', (one: Sallyport) => one.apiKeys.create(names().sub, { name: 'k' })],
      ['signIn', (one: Sallyport) => gateOf(one).signIn(viewOf({}), { subject: names().sub })],
    ])('%s', async (_what, call) => {
      const sallyport = await site({}, { apiKeys: {} })
      const events: string[] = []
      sallyport.on('event', ({ event }) => events.push(event))
      await expect(call(sallyport)).rejects.toThrow(/must not begin with a URL and a space/)
      expect(events).toEqual([])
      expect(await good(sallyport)).toBe(200)
    })

    const asNamed = ({ sid, sub }: { readonly sid?: string; readonly sub?: string }) => ({
      ...(sid !== undefined && { sessions: [sid] }),
      ...(sub !== undefined && { subjects: [sub] }),
    })
    test.each([
      ['same', 'same' as const],
      ['a function', asNamed],
    ])('the logout token of a third (sessions: %s)', async (_what, sessions) => {
      const third = await generateSigningKey('ES256')
      const issuer = { issuer: 'https://third.example', audience: 'us', jwks: { keys: [publicJwk(third)] } }
      const options = { backchannelLogout: { issuers: [{ ...issuer, sessions }] } }
      const sallyport = await site({}, options)
      const [route] = gateOf(sallyport).routes(['backchannel-logout'])
      const { sid, sub } = names()
      for (const [jti, named] of Object.entries({ a: { sid }, b: { sub, sid: undefined } })) {
        const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
        const claims = { iss: issuer.issuer, aud: 'us', sub: undefined, ...named, jti, events }
        const token = await mint({ by: third, header: { typ: 'logout+jwt' }, claims })
        const answer = await route?.handle(
          viewOf({ body: { kind: 'parsed', value: { logout_token: token } } }),
        )
        expect(answer?.status).toBe(200)
      }
      expect(await good(sallyport)).toBe(200)
    })
  })

  test('is not revoked for an issuer that is not accepted, which is a mistake', async () => {
    const sallyport = await site()
    for (const issuer of ['https://other.example', `${theirs.origin}/`, ''])
      for (const call of [sallyport.tokens.revoke, sallyport.sessions.revoke])
        await expect(call('theirs-1', { issuer })).rejects.toThrow(/"issuer" must be/)
  })

  test('is 503 while its issuer cannot be asked for the key, and our own are not concerned', async () => {
    theirs.answers.set('/jwks', status(500))
    const sallyport = await site()
    expect(await ask(sallyport, await mint())).toBe(503)
    const answer = await gateOf(sallyport).signIn(viewOf({}), { subject: 'alice' })
    expect(await ask(sallyport, JSON.parse(textIn(answer.body)).access_token)).toBe(200)
  })

  test('costs one fetch per cool-down, however many names of keys are made up', async () => {
    theirs.answers.set('/jwks', status(500))
    const sallyport = await site()
    const flood = async (): Promise<void> => {
      const tokens = await Promise.all(
        Array.from({ length: 500 }, (_, index) => mint({ header: { kid: `made up ${index}` } })),
      )
      await Promise.all(tokens.map((token) => ask(sallyport, token)))
    }
    await flood()
    expect(theirs.asked).toHaveLength(1)
    clock.turn(30_000)
    await flood()
    expect(theirs.asked).toHaveLength(2)
    theirs.answers.set('/jwks', json({ keys: [publicJwk(key)] }))
    clock.turn(30_000)
    await flood()
    await flood()
    expect(theirs.asked).toHaveLength(3)
  })
})

test('an issuer that is named twice, or is this one, is refused at start', async () => {
  await expect(site({ issuer: 'http://localhost' })).rejects.toMatchObject({ option: 'issuers.0.issuer' })
  await expect(site({ issuer: others.origin })).rejects.toMatchObject({ option: 'issuers.1.issuer' })
})
