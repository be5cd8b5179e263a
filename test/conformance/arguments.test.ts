import { openClaim, readKeyFile, type Sallyport } from '@sallyport/core'
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
