import { createSallyport, openClaim, readKeyFile, type Sallyport } from '@sallyport/core'
import { type Auth, gateOf } from '@sallyport/core/adapter'
import * as forExpress from '@sallyport/express'
import * as forFastify from '@sallyport/fastify'
import * as forKoa from '@sallyport/koa'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { viewOf } from '../unit/view.ts'

/** What a caller without a type checker may pass. */
type Loose = Record<string, (...args: unknown[]) => unknown>
type Made = Sallyport & { readonly sessions: object }

async function messageOf(call: () => unknown): Promise<string> {
  try {
    await call()
  } catch (cause) {
    if (cause instanceof Error) return `${cause.name}: ${cause.message}`
    throw cause
  }
  return 'nothing was thrown'
}

describe.each([
  ['Express', () => forExpress.createSallyport()],
  ['Koa', () => forKoa.createSallyport()],
  ['Fastify', () => forFastify.createSallyport()],
] as const)('on %s, a member that a call does not know is refused with those that it knows', (name, make) => {
  let sallyport: Made
  beforeEach(async () => {
    sallyport = await make()
  })
  afterEach(() => sallyport.close())
  const part = (of: 'sessions' | 'tokens'): Loose => sallyport[of] as unknown as Loose
  const whole = (): Loose => sallyport as unknown as Loose

  test.each([
    ['sessions', 'revoke', 'reason, issuer, caller'],
    ['sessions', 'revokeAll', 'reason, caller'],
    ['tokens', 'revoke', 'reason, issuer'],
    ['tokens', 'revokeAll', 'reason'],
  ] as const)('%s.%s', async (of, call, known) => {
    const path = `${of}.${call}`
    const say = (options: unknown) => messageOf(() => part(of)[call]?.('an-id', options))
    expect(await say({ raeson: 'x' })).toBe(
      `TypeError: ${path}: unknown member "raeson" (did you mean "reason"?)`,
    )
    expect(await say({ because: 'x' })).toBe(
      `TypeError: ${path}: unknown member "because"; there ${known === 'reason' ? 'is only' : 'are'} ${known}`,
    )
    expect(await say('theft')).toBe(`TypeError: ${path}: the argument must be an object with ${known}`)
    expect(await say({ reason: 5 })).toBe(
      `TypeError: ${path}: "reason" must be a code such as "revoked_by_application"`,
    )
    expect(await say({ reason: undefined })).toBe('nothing was thrown')
  })

  test('routers', async () => {
    const says =
      name === 'Koa'
        ? 'unknown member "mountedAt"; there is only prefix'
        : 'it takes no options on this framework: give the path where you mount it'
    for (const call of ['router', 'refreshRouter', 'logoutRouter'])
      expect(await messageOf(() => whole()[call]?.({ mountedAt: '/auth' }))).toBe(
        `TypeError: ${call}: ${says}`,
      )
  })

  test('authMiddleware', async () => {
    const say = (options: unknown) => messageOf(() => whole().authMiddleware?.(options))
    expect(await say({ optonal: true })).toBe(
      'ConfigError: unknown option "authMiddleware.optonal" (did you mean "authMiddleware.optional"?)',
    )
    expect(await say({ scope: 'a' })).toBe(
      'ConfigError: unknown option "authMiddleware.scope"; there are issuers, apiKeys, optional, whenUnavailable',
    )
  })

  test('authMiddleware, for an issuer that nobody trusts', async () => {
    const say = (issuers: unknown) => messageOf(() => whole().authMiddleware?.({ issuers }))
    expect(await say(['http://localhost'])).toBe('nothing was thrown')
    expect(await say(['http://localhost', 'https://id.example'])).toBe(
      'ConfigError: "authMiddleware.issuers.1" must be an issuer that is trusted here: "http://localhost"; got "https://id.example"',
    )
    expect(await say(['http://localhost', 'http://localhost'])).toBe(
      'ConfigError: "authMiddleware.issuers.1" must be different from the others; got "http://localhost"',
    )
    expect(await say(['id.example'])).toContain('"authMiddleware.issuers.0" must be an https URL')
    expect(await say('every')).toContain('must be "own", "all" or an array of issuers; got "every"')
  })

  test('signIn and the calls on sessions that take a request', async () => {
    const gate = gateOf(sallyport)
    const sessions = gate.sessions as unknown as Loose
    const view = viewOf({})
    const members =
      'there are subject, scope, client, acr, amr, persistent, idleSeconds, absoluteSeconds, crossSite'
    for (const call of [gate.signIn as unknown as Loose[string], sessions.start])
      expect(await messageOf(() => call?.(view, { subject: 'u1', roles: [] }))).toBe(
        `TypeError: signIn: unknown member "roles"; ${members}`,
      )
    expect(await messageOf(() => sessions.end?.(view, { because: 'x' }))).toContain(
      'sessions.end: unknown member "because"; there is only reason',
    )
    const auth = { subject: 'u1', own: true } as Auth
    expect(await messageOf(() => sessions.revokeOthers?.(view, auth, { because: 'x' }))).toContain(
      'sessions.revokeOthers: unknown member "because"',
    )
  })
})

test('a prefix that no path can have is refused, on Koa', async () => {
  const sallyport = await forKoa.createSallyport()
  for (const prefix of ['auth', '/auth/', '/'])
    for (const call of ['refreshRouter', 'logoutRouter'] as const)
      expect(await messageOf(() => sallyport[call]({ prefix }))).toBe(
        `TypeError: ${call}: "prefix" must begin with "/" and must not end with it, such as "/auth"`,
      )
  for (const prefix of ['', '/auth', '/:tenant/auth'])
    expect(await messageOf(() => sallyport.router('refresh', { prefix }))).toBe('nothing was thrown')
  await sallyport.close()
})

describe.each([
  [
    'Express',
    () => forExpress.createSallyport(),
    [{ headers: {}, url: '/' }, { appendHeader() {} }],
    'the request and the response come first',
  ],
  ['Koa', () => forKoa.createSallyport(), [{ state: {} }], 'the context comes first'],
  [
    'Fastify',
    () => forFastify.createSallyport(),
    [
      { raw: {}, originalUrl: '/' },
      { raw: {}, header() {}, send() {} },
    ],
    'the request and the response come first',
  ],
] as const)('on %s, a call for a request', (_name, make, exchange, first) => {
  let sallyport: Made
  beforeEach(async () => {
    sallyport = await make()
  })
  afterEach(() => sallyport.close())
  const part = (of: 'sessions' | 'lockout'): Loose => sallyport[of] as unknown as Loose
  const whole = (): Loose => sallyport as unknown as Loose
  const say = (call: Loose[string] | undefined, ...args: unknown[]) => messageOf(() => call?.(...args))

  test.each([
    ['signIn', 1],
    ['stepUp', 1],
    ['guardSignIn', 2],
    ['sessions.start', 1],
    ['sessions.stepUp', 1],
    ['sessions.end', 0],
    ['sessions.find', 0],
    ['sessions.handOver', 0],
    ['sessions.revokeOthers', 0],
    ['lockout.check', 1],
    ['lockout.record', 2],
  ] as const)('%s says when the response was left out', async (path, further) => {
    const [of, member = ''] = path.split('.')
    const call = of === 'sessions' || of === 'lockout' ? part(of)[member] : whole()[path]
    const tooFew = [...exchange, ...Array.from({ length: further }, () => ({}))].slice(1)
    expect(await say(call, ...tooFew)).toBe(`TypeError: ${path}: too few arguments: ${first}`)
  })

  test('signIn says what it takes, and guardSignIn asks for a function', async () => {
    const members = 'subject, scope, client, acr, amr, persistent, idleSeconds, absoluteSeconds, crossSite'
    for (const call of [whole().signIn, part('sessions').start])
      expect(await say(call, ...exchange, undefined)).toBe(
        `TypeError: signIn: the argument must be an object with ${members}`,
      )
    for (const wrong of ['ada', undefined])
      expect(await say(whole().guardSignIn, ...exchange, () => undefined, wrong)).toBe(
        'TypeError: guardSignIn: the check of the password must be a function, after the name',
      )
  })
})

describe('whom a call concerns', () => {
  let sallyport: Sallyport
  beforeEach(async () => {
    sallyport = await createSallyport()
  })
  afterEach(() => sallyport.close())

  const calls: readonly (readonly [of: string, call: string, ...rest: unknown[]])[] = [
    ['sessions', 'list'],
    ['sessions', 'revokeAll'],
    ['sessions', 'update', { scope: [] }],
    ['tokens', 'revokeAll'],
    ['apiKeys', 'list'],
    ['apiKeys', 'create', {}],
    ['apiKeys', 'revokeAll'],
  ]
  const of = (part: string): Loose => Reflect.get(sallyport, part)
  const whole = (): Loose => sallyport as unknown as Loose
  const says =
    'TypeError: "subject" must be a string of 1 to 255 characters, without zero characters or halves of surrogate pairs'

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 5],
    ['an array', ['u1']],
    ['an empty string', ''],
    ['a zero character', 'a\0b'],
    ['half of a surrogate pair', 'x\ud800y'],
    ['256 characters', 'x'.repeat(256)],
  ])('must have a name, which %s is not', async (_what, given) => {
    for (const [part, call, ...rest] of calls)
      expect(await messageOf(() => of(part)[call]?.(given, ...rest))).toBe(says)
    expect(await messageOf(() => whole().forgetUser?.(given))).toBe(says)
    if (given === undefined) return
    for (const call of ['lock', 'unlock'])
      expect(await messageOf(() => of('lockout')[call]?.('alice', { subject: given }))).toBe(says)
  })

  test('signs in under a name that every store keeps as it is', async () => {
    for (const subject of ['a\0b', 'x\ud800y', '\udc00'])
      expect(await messageOf(() => gateOf(sallyport).signIn(viewOf({}), { subject }))).toMatch(
        /^TypeError: signIn: "subject" must be .* halves of surrogate pairs$/,
      )
    expect((await gateOf(sallyport).signIn(viewOf({}), { subject: 'x\u{1f600}y' })).status).toBe(200)
  })
})

test('what a client sent as a token may be anything', async () => {
  const sallyport = await createSallyport()
  const verify = sallyport.tokens.verify as unknown as Loose[string]
  for (const given of [undefined, null, 5, true, {}, ['a', 'b']])
    expect(await verify?.(given)).toEqual({ kind: 'refused', problem: 'token_malformed' })
  await sallyport.close()
})

test('keys and claims are not read with arguments that are wrong', async () => {
  const open = openClaim as unknown as Loose[string]
  const read = readKeyFile as unknown as Loose[string]
  const say = (opening: unknown) => messageOf(() => open?.('a claim', opening))
  expect(await say({ audience: 'a', key: {} })).toBe(
    'TypeError: openClaim: unknown member "key" (did you mean "keys"?)',
  )
  expect(await say(undefined)).toContain('openClaim: the argument must be an object with audience, keys')
  expect(await say({ keys: [] })).toContain('openClaim: "audience" must be')
  expect(await say({ audience: 'a', keys: {} })).toContain(
    'openClaim: "keys" must be an array of private JWKs',
  )
  for (const wrong of [undefined, '', { path: 'keys.pem' }])
    expect(await messageOf(() => read?.(wrong))).toBe(
      'TypeError: readKeyFile: the argument must be the path of a file',
    )
})
