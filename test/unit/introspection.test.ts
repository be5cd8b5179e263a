import { memoryStore, type Sallyport, type StoreDriver } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { generateSigningKey, publicJwk } from '../../packages/core/src/keys/jwk/jwk.ts'
import { textIn } from '../support/text-in.ts'
import { API, decisionOn, type Introspecting, introspecting, statusOf } from './introspecting.ts'
import { json } from './scripted-issuer.ts'
import { viewOf } from './view.ts'

let world: Introspecting
beforeEach(async () => {
  world = await introspecting()
})
afterEach(() => world.close())

/** The reasons of the refusals. */
function reasonsOf(sallyport: Sallyport): unknown[] {
  const reasons: unknown[] = []
  sallyport.on('event', (event) => {
    if (event.event === 'token.refused') reasons.push(event.reason)
  })
  return reasons
}

describe('an opaque token', () => {
  test('that its issuer calls active is accepted, and says who is calling', async () => {
    const sallyport = await world.site()
    world.known.set('opaque', world.goodAnswer({ jti: 'id', sid: 'session', username: 'Alice', acr: 'high' }))
    expect(await decisionOn(sallyport, 'opaque')).toMatchObject({
      kind: 'allow',
      auth: {
        own: false,
        issuer: world.issuer.origin,
        subject: 'alice',
        session: 'session',
        client: 'web',
        scopes: ['read', 'write'],
        kid: undefined,
        claims: { iss: world.issuer.origin, aud: API, jti: 'id', acr: 'high' },
      },
    })
  })

  test('is asked about as RFC 7662 says, by a client that RFC 6749 spells', async () => {
    const sallyport = await world.site({ clientId: 'my: api', clientSecret: 'pass+%:"' })
    world.known.set('a/b+c~d.e-f_g==', world.goodAnswer())
    expect(await statusOf(sallyport, 'a/b+c~d.e-f_g==')).toBe(200)
    expect(world.questions).toEqual([
      {
        method: 'POST',
        authorization: `Basic ${Buffer.from('my%3A+api:pass%2B%25%3A%22').toString('base64')}`,
        accept: 'application/json',
        type: 'application/x-www-form-urlencoded;charset=UTF-8',
        form: { token: 'a/b+c~d.e-f_g==', token_type_hint: 'access_token' },
      },
    ])
  })

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['the issuer', { iss: 'ORIGIN' }],
    ['several audiences', { aud: ['https://other.example', API] }],
    ['a type', { token_type: 'bearer' }],
    ['no time of issue', { iat: undefined }],
    ['no scope', { scope: undefined }],
    ['no client', { client_id: undefined }],
    ['the use that Ory Hydra names', { token_use: 'access_token' }],
    ['the use that Amazon Cognito names', { token_use: 'access' }],
    ['an end four seconds ago', { exp: -4 }],
    ['a beginning in five seconds', { nbf: 5, iat: 5 }],
  ])('is accepted with %s', async (_what, changes) => {
    world.known.set('opaque', world.goodAnswer(timed(changes)))
    expect(await statusOf(await world.site(), 'opaque')).toBe(200)
  })

  test.each<[string, string, Readonly<Record<string, unknown>>]>([
    ['that is not active', 'token_inactive', { active: false }],
    ['of another issuer', 'token_issuer', { iss: 'https://other.example' }],
    ['of an issuer that is no string', 'token_claims', { iss: 5 }],
    ['for another audience', 'token_audience', { aud: 'https://other.example' }],
    ['for no audience', 'token_claims', { aud: undefined }],
    ['of nobody', 'token_claims', { sub: undefined, client_id: undefined }],
    ['of a subject that is no string', 'token_claims', { sub: 5 }],
    ['that never ends', 'token_claims', { exp: undefined }],
    ['with an end that is no number', 'token_claims', { exp: '2000000000' }],
    ['that is over', 'token_expired', { exp: -5 }],
    ['that is not valid yet', 'token_early', { nbf: 6 }],
    ['that was issued in the future', 'token_early', { iat: 6 }],
    ['of another type', 'token_type', { token_type: 'N_A' }],
    ['of a type that is no string', 'token_type', { token_type: ['Bearer'] }],
    ['of the type DPoP, bound to nothing', 'token_type', { token_type: 'DPoP' }],
    ['of the type DPoP', 'token_confirmation', { token_type: 'DPoP', cnf: { jkt: 'a' } }],
    ['bound to a certificate', 'token_confirmation', { token_type: 'Bearer', cnf: { 'x5t#S256': 'a' } }],
    ['that is a refresh token', 'token_type', { token_use: 'refresh_token' }],
    ['with a malformed scope', 'token_claims', { scope: 'read  write' }],
  ])('%s is refused', async (_what, reason, changes) => {
    const sallyport = await world.site()
    const reasons = reasonsOf(sallyport)
    world.known.set('opaque', world.goodAnswer(timed(changes)))
    expect(await statusOf(sallyport, 'opaque')).toBe(401)
    expect(reasons).toEqual([reason])
  })

  /** Times are counted from now. */
  function timed(changes: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const now = Math.floor(world.clock.now() / 1000)
    return Object.fromEntries(
      Object.entries(changes).map(([name, value]) => {
        if (value === 'ORIGIN') return [name, world.issuer.origin]
        return [name, ['exp', 'nbf', 'iat'].includes(name) && typeof value === 'number' ? now + value : value]
      }),
    )
  }

  test('of a client without a user has the client as its subject', async () => {
    const sallyport = await world.site()
    world.known.set('opaque', world.goodAnswer({ sub: undefined, client_id: 'machine' }))
    expect(await decisionOn(sallyport, 'opaque')).toMatchObject({
      auth: { subject: 'machine', client: 'machine' },
    })
  })

  test('may name its audience by the client where that was chosen', async () => {
    const sallyport = await world.site({}, {}, { audience: 'web', audienceClaim: 'client_id' })
    world.known.set('opaque', world.goodAnswer({ aud: undefined }))
    world.known.set('another', world.goodAnswer({ aud: 'web', client_id: 'another' }))
    expect(await decisionOn(sallyport, 'opaque')).toMatchObject({ auth: { claims: { aud: 'web' } } })
    expect(await statusOf(sallyport, 'another')).toBe(401)
  })

  test('is refused by a route for the tokens of this deployment', async () => {
    const sallyport = await world.site()
    world.known.set('opaque', world.goodAnswer())
    const view = viewOf({ headers: { authorization: 'Bearer opaque' } })
    expect(await gateOf(sallyport).verifier({ issuers: 'own' })(view)).toMatchObject({ kind: 'refuse' })
    expect(await gateOf(sallyport).verifier({ issuers: [world.issuer.origin] })(view)).toMatchObject({
      kind: 'allow',
    })
  })

  test('can be revoked here by its id and its issuer', async () => {
    const sallyport = await world.site()
    world.known.set('opaque', world.goodAnswer({ jti: 'theirs' }))
    expect(await statusOf(sallyport, 'opaque')).toBe(200)
    await sallyport.tokens.revoke('theirs', { issuer: world.issuer.origin })
    expect(await statusOf(sallyport, 'opaque')).toBe(401)
  })

  test.each([
    [
      'its id',
      { jti: 'theirs' },
      (one: Sallyport, issuer: string) => one.tokens.revoke('theirs', { issuer }),
    ],
    [
      'its session',
      { sid: 'theirs' },
      (one: Sallyport, issuer: string) => one.sessions.revoke('theirs', { issuer }),
    ],
  ])(
    'is refused although its answer is still in use, once another process revokes %s',
    async (_what, claims, revoke) => {
      const inner = memoryStore()
      let shared: ReturnType<typeof inner.open> | undefined
      const store: StoreDriver = { ...inner, open: (context) => (shared ??= inner.open(context)) }
      const [here, there] = [await world.site({}, { store }), await world.site({}, { store })]
      world.known.set('opaque', world.goodAnswer(claims))
      expect(await statusOf(here, 'opaque')).toBe(200)
      await revoke(there, world.issuer.origin)
      await expect.poll(() => statusOf(here, 'opaque')).toBe(401)
      expect(world.questions).toHaveLength(1)
    },
  )
})

describe('in a service that only verifies', () => {
  const issuesNothing = { audience: undefined, secret: undefined }

  test('a reference token of the issuer is asked about', async () => {
    const sallyport = await world.site({}, issuesNothing)
    const reference = `spa_${'A'.repeat(82)}`
    expect(await statusOf(sallyport, reference)).toBe(401)
    world.known.set(`${reference}A`, world.goodAnswer())
    expect(await statusOf(sallyport, `${reference}A`)).toBe(200)
    expect(world.questions).toHaveLength(2)
  })

  test.each([
    ['a refresh token', `spr_${'A'.repeat(60)}`],
    ['an API key', `spk_${'A'.repeat(84)}`],
  ])('%s is shown to nobody', async (_what, token) => {
    const sallyport = await world.site({}, issuesNothing)
    world.known.set(token, world.goodAnswer())
    expect(await statusOf(sallyport, token)).toBe(401)
    expect(world.questions).toEqual([])
  })
})

describe('an issuer is not told', () => {
  test.each([
    ['a character that RFC 6750 does not allow', 'a"b'],
    ['white space', 'a b'],
    ['padding within', 'a=b'],
    ['4097 characters', 'a'.repeat(4097)],
    ['a JWT that somebody respelled', 'eyJhbGciOiJSUzI1NiJ9.e30.AA=='],
    ['a JWT of nobody', 'eyJhbGciOiJub25lIn0.e30.'],
    ['an encrypted token', 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AA.AA.AA'],
    ['an encrypted token with its key', 'eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.AA.AA.AA.AA'],
    ['a reference of ours', `spa_${'A'.repeat(82)}`],
    ['a refresh token of ours', `spr_${'A'.repeat(60)}`],
  ])('of %s', async (_what, token) => {
    const sallyport = await world.site()
    expect(await statusOf(sallyport, token)).toBe(401)
    expect(world.questions).toEqual([])
  })

  test('of our own tokens, in any form', async () => {
    for (const accessToken of ['jwt', 'encrypted', 'reference'] as const) {
      const sallyport = await world.site({}, { accessToken })
      const answer = await gateOf(sallyport).signIn(viewOf({}), { subject: 'alice' })
      const own: string = JSON.parse(textIn(answer.body)).access_token
      expect(await decisionOn(sallyport, own)).toMatchObject({ kind: 'allow', auth: { own: true } })
    }
    expect(world.questions).toEqual([])
  })

  test('of a JWT, which names its issuer', async () => {
    const key = await generateSigningKey('ES256')
    world.issuer.answers.set('/jwks', json({ keys: [publicJwk(key)] }))
    const { origin } = world.issuer
    const now = Math.floor(world.clock.now() / 1000)
    const token = await new SignJWT({ iss: origin, sub: 'alice', aud: API, exp: now + 60 })
      .setProtectedHeader({ alg: 'ES256', kid: key.kid, typ: 'at+jwt' })
      .sign(key.privateKey)
    const both = await world.site({}, {}, { jwks: `${origin}/jwks`, algorithms: ['ES256'] })
    world.known.set('opaque', world.goodAnswer())
    expect(await statusOf(both, token)).toBe(200)
    expect(world.questions).toEqual([])
    expect(await statusOf(both, 'opaque')).toBe(200)
    // Where the issuer's JWTs are not accepted, it is not asked about them either.
    expect(await statusOf(await world.site(), token)).toBe(401)
    expect(world.questions).toHaveLength(1)
  })

  test('of more than the limit of the application lets through', async () => {
    const sallyport = await world.site({}, { limits: { signatures: () => 7 } })
    expect(await decisionOn(sallyport, 'opaque')).toMatchObject({ answer: { status: 429 } })
    expect(world.questions).toEqual([])
  })
})
