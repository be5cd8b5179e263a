import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bearer, type SignedIn, Visitor } from '../conformance/visitor.ts'
import { type HostName, type Hosts, startHosts } from '../support/hosts.ts'
import {
  CAEP,
  claimsOf,
  complex,
  ISSUER,
  jwks,
  nowSeconds,
  OWN,
  opaque,
  push,
  RISC,
  sign,
  stranger,
  user,
  writeKeys,
} from './transmitter.ts'

const names: readonly HostName[] = ['express on memory', 'koa on memory', 'fastify on memory']
const DISABLED = `${RISC}account-disabled`
const REVOKED = `${CAEP}session-revoked`

let hosts: Hosts
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-forged-'))
  const env = { SIGNAL_ISSUER: ISSUER, SIGNAL_JWKS: await writeKeys(join(folder, 'jwks.json')) }
  hosts = await startHosts(env, names)
})
afterAll(async () => {
  await hosts?.close()
  await rm(folder, { recursive: true, force: true })
})

interface Victim extends SignedIn {
  readonly somebody: SignedIn
}

/** A token that would sign the victim out if it were accepted. */
const against = ({ sub }: SignedIn, more: object = {}) => claimsOf(DISABLED, user(sub), more)
const without = (name: string) => (victim: SignedIn) => sign(against(victim, { [name]: undefined }))
const within = (more: object) => (victim: SignedIn) => sign(against(victim, more))
const under = (header: object) => (victim: SignedIn) => sign(against(victim), header)
const about = (subject: unknown) => (victim: SignedIn) => sign(against(victim, { sub_id: subject }))
const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const parts = async (victim: SignedIn) => (await sign(against(victim))).split('.') as [string, string, string]

type Make = (victim: Victim) => string | Promise<string>
type Case = readonly [name: string, err: string, make: Make]

/** What no rule lets pass: what the transmitter is told, and the token. */
const refused: readonly Case[] = [
  ['that is empty', 'invalid_request', () => ''],
  ['that is no token', 'invalid_request', () => 'x.y.z'],
  ['that is JSON', 'invalid_request', (victim) => JSON.stringify(against(victim))],
  [
    'that is not signed',
    'invalid_request',
    (victim) => `${base64url({ alg: 'none', typ: 'secevent+jwt' })}.${base64url(against(victim))}.`,
  ],
  [
    'with the algorithm none, and a signature',
    'invalid_key',
    async (victim) =>
      `${base64url({ alg: 'none', typ: 'secevent+jwt', kid: 'signals' })}.${(await parts(victim)).slice(1).join('.')}`,
  ],
  [
    'under the public key as a secret',
    'invalid_key',
    (victim) => {
      const input = `${base64url({ alg: 'HS256', typ: 'secevent+jwt', kid: 'signals' })}.${base64url(against(victim))}`
      const secret = JSON.stringify(jwks.keys[0])
      return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
    },
  ],
  ['by another key', 'authentication_failed', (victim) => sign(against(victim), {}, stranger.privateKey)],
  ['by an unknown key', 'invalid_key', under({ kid: 'other' })],
  [
    'by a key that it brings itself',
    'authentication_failed',
    (victim) =>
      sign(against(victim), { jwk: stranger.publicKey.export({ format: 'jwk' }) }, stranger.privateKey),
  ],
  [
    'by a key that it says where to find',
    'authentication_failed',
    (victim) => sign(against(victim), { jku: 'https://evil.example/jwks' }, stranger.privateKey),
  ],
  [
    'that somebody changed',
    'authentication_failed',
    async (victim) => {
      const [header, , signature] = await parts(victim)
      return `${header}.${base64url(against(victim, { jti: 'changed' }))}.${signature}`
    },
  ],
  [
    'whose signature is cut',
    'authentication_failed',
    async (victim) => (await sign(against(victim))).slice(0, -2),
  ],
  ['with a line break behind it', 'invalid_request', async (victim) => `${await sign(against(victim))}\n`],
  ['with padding', 'invalid_request', async (victim) => `${await sign(against(victim))}==`],
  [
    'that is there twice',
    'invalid_request',
    async (victim) => `${await sign(against(victim))}${await sign(against(victim))}`,
  ],
  ['of the type JWT', 'invalid_request', under({ typ: 'JWT' })],
  ['without a type', 'invalid_request', under({ typ: undefined as never })],
  ['of the type of access tokens', 'invalid_request', under({ typ: 'at+jwt' })],
  ['of the type of logout tokens', 'invalid_request', under({ typ: 'logout+jwt' })],
  ['with an extension', 'invalid_request', under({ crit: ['b64'], b64: true })],
  ['that is an access token of ours', 'invalid_request', ({ token }) => token],
  ['of another issuer', 'invalid_issuer', within({ iss: 'https://evil.example' })],
  ['in our own name', 'invalid_issuer', within({ iss: OWN })],
  ['with a slash behind its issuer', 'invalid_issuer', within({ iss: `${ISSUER}/` })],
  ['without an issuer', 'invalid_request', without('iss')],
  ['for somebody else', 'invalid_audience', within({ aud: 'somebody' })],
  ['for several others', 'invalid_audience', within({ aud: ['somebody', 'gateway2'] })],
  ['for nobody', 'invalid_request', without('aud')],
  ['without a time', 'invalid_request', without('iat')],
  ['that is more than a day old', 'invalid_request', within({ iat: nowSeconds() - 86_400 - 60 })],
  ['of the future', 'invalid_request', within({ iat: nowSeconds() + 3600 })],
  ['whose time is a text', 'invalid_request', within({ iat: String(nowSeconds()) })],
  ['that is not valid yet', 'invalid_request', within({ nbf: nowSeconds() + 3600 })],
  ['that says when it ends', 'invalid_request', within({ exp: nowSeconds() + 3600 })],
  ['without a name', 'invalid_request', without('jti')],
  ['with an empty name', 'invalid_request', within({ jti: '' })],
  ['whose name is a number', 'invalid_request', within({ jti: 7 })],
  ['with a sub', 'invalid_request', (victim) => sign(against(victim, { sub: victim.sub }))],
  ['without events', 'invalid_request', without('events')],
  ['with no event', 'invalid_request', within({ events: {} })],
  ['with a list of events', 'invalid_request', within({ events: [DISABLED] })],
  ['with a list of objects', 'invalid_request', within({ events: [{}] })],
  ['with an event that is a text', 'invalid_request', within({ events: { [DISABLED]: 'now' } })],
  ['with an event that is null', 'invalid_request', within({ events: { [DISABLED]: null } })],
  [
    'whose event happened at no number',
    'invalid_request',
    within({ events: { [REVOKED]: { event_timestamp: 'now' } } }),
  ],
  ['about nobody', 'invalid_request', without('sub_id')],
  ['about a list', 'invalid_request', about([])],
  ['about a text', 'invalid_request', about('alice')],
  ['about somebody without a format', 'invalid_request', about({ iss: OWN, sub: 'x' })],
  ['about a complex nothing', 'invalid_request', about({ format: 'complex' })],
  ['about somebody without a subject', 'invalid_request', about({ format: 'iss_sub', iss: OWN })],
  ['about an empty id', 'invalid_request', about(opaque(''))],
  ['with aliases for nobody', 'invalid_request', about({ format: 'aliases', identifiers: [] })],
  ['about addresses that are not there', 'invalid_request', about({ format: 'ip-addresses' })],
  [
    'about addresses that are none',
    'invalid_request',
    about({ format: 'ip-addresses', 'ip-addresses': [1] }),
  ],
  [
    'with aliases within aliases',
    'invalid_request',
    ({ sub, ...victim }) =>
      about({ format: 'aliases', identifiers: [{ format: 'aliases', identifiers: [user(sub)] }] })({
        ...victim,
        sub,
      }),
  ],
]

/** What is genuine and not meant for the victim: it is acknowledged. */
const misaddressed: readonly (readonly [name: string, make: Make])[] = [
  [
    'a session that is not that user’s',
    ({ sub, somebody }) =>
      sign(
        claimsOf(REVOKED, complex({ user: user(somebody.sub), session: opaque(sub) }), {
          sub_id: complex({ user: user('nobody'), session: opaque(somebody.sid) }),
        }),
      ),
  ],
  ['the same name at another issuer', ({ sub }) => sign(claimsOf(DISABLED, { ...user(sub), iss: ISSUER }))],
  ['a user who is not known', () => sign(claimsOf(DISABLED, user('nobody')))],
  ['an id that is not known', () => sign(claimsOf(REVOKED, opaque('nobody')))],
  [
    'a session that there is not',
    ({ sid }) => sign(claimsOf(REVOKED, opaque(`${sid.slice(0, 16)}${'A'.repeat(22)}`))),
  ],
  ['a device alone', ({ sub }) => sign(claimsOf(REVOKED, complex({ device: user(sub) })))],
  ['a tenant alone', ({ sub }) => sign(claimsOf(REVOKED, complex({ tenant: opaque(sub) })))],
  ['a type of events that is not known', ({ sub }) => sign(claimsOf(`${DISABLED}x`, user(sub)))],
  ['a name that is too long for any', () => sign(claimsOf(DISABLED, user('x'.repeat(300))))],
  [
    'the past',
    ({ sub }) => sign(claimsOf(REVOKED, user(sub), { events: { [REVOKED]: { event_timestamp: 1 } } })),
  ],
]

describe.each(names)('%s signs nobody out', (name) => {
  let visitor: Visitor
  let victim: Victim
  beforeAll(async () => {
    visitor = new Visitor(hosts.named(name), 9000 + names.indexOf(name))
    victim = { ...(await visitor.signIn()), somebody: await visitor.signIn(visitor.other) }
  })

  async function expectUntouched(): Promise<void> {
    for (const { token } of [victim, victim.somebody])
      await visitor.expect({ path: '/api/me', headers: bearer(token) }, { status: 200 })
  }

  test.each(refused)('for a token %s', async (_name, err, make) => {
    await visitor.expect(push(await make(victim)), {
      status: 400,
      body: { err },
      headers: { 'content-language': 'en' },
    })
    await expectUntouched()
  })

  test.each(misaddressed)('for a signal about %s', async (_name, make) => {
    await visitor.expect(push(await make(victim)), { status: 202 })
    await expectUntouched()
  })

  test.each([
    ['another media type', { 'content-type': 'application/json' }, 415],
    ['the type of access tokens', { 'content-type': 'application/jwt' }, 415],
    ['another charset', { 'content-type': 'application/secevent+jwt; charset=latin1' }, 415],
    ['compression', { 'content-encoding': 'gzip' }, 415],
  ])('for a good token with %s', async (_name, headers, status) => {
    await visitor.expect(push(await sign(against(victim)), headers), { status })
    await expectUntouched()
  })

  test('for a good token in a form, in the query, or by GET', async () => {
    const token = await sign(against(victim))
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    await visitor.expect(push(`token=${token}`, form), { status: 415 })
    await visitor.expect(
      { ...push(''), path: `/auth/signals?token=${token}` },
      { status: 400, body: { err: 'invalid_request' } },
    )
    await visitor.expect({ path: `/auth/signals?token=${token}` }, { status: 405 })
    await expectUntouched()
  })

  test('for a body that is too long', async () => {
    const token = await sign(against(victim, { txn: 'x'.repeat(9000) }))
    await visitor.expect(push(token), { status: 400, body: { err: 'invalid_request' } })
    await visitor.expect(push(`${token}${'x'.repeat(9000)}`), { status: 413 })
    await expectUntouched()
  })

  test('for a token that came before, once more after the next sign-in', async () => {
    const token = await sign(claimsOf(REVOKED, user(victim.somebody.sub)))
    await visitor.expect(push(token), { status: 202 })
    await visitor.expectEnded(victim.somebody)
    victim = { ...victim, somebody: await visitor.signIn(visitor.other) }
    await visitor.expect(push(token), { status: 202 })
    await expectUntouched()
  })

  test('after all that, for a genuine token it does', async () => {
    await visitor.expect(push(await sign(against(victim))), { status: 202 })
    await visitor.expectEnded(victim)
    expect(victim.sub).not.toBe(victim.somebody.sub)
  })
})
