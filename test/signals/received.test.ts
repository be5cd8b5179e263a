import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { jsonOf } from '../conformance/expectations.ts'
import { Visitor } from '../conformance/visitor.ts'
import { type HostName, type Hosts, startHosts } from '../support/hosts.ts'
import {
  CAEP,
  claimsOf,
  complex,
  ISSUER,
  nowSeconds,
  opaque,
  push,
  RISC,
  SSF,
  sign,
  user,
  writeKeys,
} from './transmitter.ts'

const names: readonly HostName[] = [
  ...(['express on memory', 'koa on memory', 'fastify on memory', 'express on redis'] as const),
]
let hosts: Hosts
let folder: string
let visitors = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-signals-'))
  const env = { SIGNAL_ISSUER: ISSUER, SIGNAL_JWKS: await writeKeys(join(folder, 'jwks.json')) }
  hosts = await startHosts(env, names)
})
afterAll(async () => {
  await hosts?.close()
  await rm(folder, { recursive: true, force: true })
})

describe.each(names)('a signal to %s', (name) => {
  async function signIn() {
    const visitor = new Visitor(hosts.named(name), 8000 + visitors++)
    const [first, second, somebody] = [
      await visitor.signIn(),
      await visitor.signIn(),
      await visitor.signIn(visitor.other),
    ]
    return {
      ...{ visitor, first, second, somebody, sub: first.sub },
      take: async (claims: object) => visitor.expect(push(await sign(claims)), { status: 202 }),
    }
  }

  const ended = { [`${CAEP}session-revoked`]: {} }

  test('session-revoked ends the session that it names, and is answered without a body', async () => {
    const { visitor, first, second, somebody, take } = await signIn()
    const reply = await take(claimsOf(`${CAEP}session-revoked`, opaque(first.sid)))
    expect(reply.text).toBe('')
    await visitor.expectEnded(first)
    await visitor.expectAlive(second)
    await visitor.expectAlive(somebody)
  })

  test('so does one with a complex subject', async () => {
    const { visitor, first, second, sub, take } = await signIn()
    const subject = complex({ session: opaque(first.sid), user: user(sub), tenant: opaque('t') })
    await take(claimsOf(`${CAEP}session-revoked`, subject))
    await visitor.expectEnded(first)
    await visitor.expectAlive(second)
  })

  test('session-revoked for a user ends all of theirs', async () => {
    const { visitor, first, second, somebody, sub, take } = await signIn()
    await take(claimsOf(`${CAEP}session-revoked`, user(sub)))
    await visitor.expectEnded(first)
    await visitor.expectEnded(second)
    await visitor.expectAlive(somebody)
  })

  test('credential-change ends all but the session that it names', async () => {
    const { visitor, first, second, somebody, sub, take } = await signIn()
    const subject = complex({ user: user(sub), session: opaque(first.sid) })
    await take(claimsOf(`${CAEP}credential-change`, subject))
    await visitor.expectEnded(second)
    await visitor.expectAlive(first)
    await visitor.expectAlive(somebody)
    await take(claimsOf(`${CAEP}credential-change`, user(sub)))
    await visitor.expectEnded(first)
  })

  test.each([`${RISC}account-disabled`, `${RISC}account-purged`, `${RISC}credential-compromise`])(
    '%s ends all sessions of the user, whom an opaque id may name',
    async (type) => {
      const { visitor, first, second, somebody, sub, take } = await signIn()
      await take(claimsOf(type, opaque(sub)))
      await visitor.expectEnded(first)
      await visitor.expectEnded(second)
      await visitor.expectAlive(somebody)
    },
  )

  test('token-claims-change refuses the tokens, and the sessions go on', async () => {
    const { visitor, first, sub, take } = await signIn()
    const events = { [`${CAEP}token-claims-change`]: { claims: { role: 'none' } } }
    await take(claimsOf('', user(sub), { events }))
    await visitor.expect(
      { path: '/api/me', headers: { authorization: `Bearer ${first.token}` } },
      { status: 401, error: 'invalid_token' },
    )
    await visitor.expect(
      { method: 'POST', path: '/auth/refresh', headers: { cookie: `__Host-refresh=${first.refresh}` } },
      { status: 200, cookie: 'set' },
    )
  })

  test('aliases mean whom one of them means', async () => {
    const { visitor, first, sub, take } = await signIn()
    const identifiers = [{ format: 'email', email: 'a@example.com' }, user(sub)]
    await take(claimsOf(`${CAEP}session-revoked`, { format: 'aliases', identifiers }))
    await visitor.expectEnded(first)
  })

  test('the subject may be within the event, as it was in drafts', async () => {
    const { visitor, first, sub, take } = await signIn()
    const events = { [`${CAEP}session-revoked`]: { subject: { user: user(sub) } } }
    await take(claimsOf('', undefined, { events }))
    await visitor.expectEnded(first)
  })

  test('what happened in the past ends no session that began later', async () => {
    const { visitor, first, second, sub, take } = await signIn()
    const past = { [`${CAEP}session-revoked`]: { event_timestamp: nowSeconds() - 60 } }
    await take(claimsOf('', user(sub), { events: past }))
    await take(claimsOf('', user(sub), { events: ended, toe: nowSeconds() - 60 }))
    // Okta's are in milliseconds.
    const milliseconds = { event_timestamp: (nowSeconds() - 60) * 1000 }
    await take(claimsOf('', user(sub), { events: { [`${CAEP}session-revoked`]: milliseconds } }))
    await visitor.expectAlive(first)
    const present = { [`${CAEP}session-revoked`]: { event_timestamp: nowSeconds() } }
    await take(claimsOf('', user(sub), { events: present }))
    await visitor.expectEnded(second)
  })

  test('the same token again ends nothing more, and is answered as before', async () => {
    const { visitor, first, sub } = await signIn()
    const token = await sign(claimsOf(`${RISC}account-disabled`, user(sub)))
    await visitor.expect(push(token), { status: 202 })
    await visitor.expectEnded(first)
    const later = await visitor.signIn()
    await visitor.expect(push(token), { status: 202 })
    await visitor.expectAlive(later)
  })

  test('an event that is not known is ignored, also beside one that is', async () => {
    const { visitor, first, second, take } = await signIn()
    await take(claimsOf('https://example.com/events/unheard-of', user(first.sub)))
    await visitor.expect(
      { path: '/api/me', headers: { authorization: `Bearer ${first.token}` } },
      { status: 200 },
    )
    const events = { 'https://example.com/events/unheard-of': {}, ...ended }
    await take(claimsOf('', opaque(first.sid), { events }))
    await visitor.expectEnded(first)
    await visitor.expectAlive(second)
  })

  test.each([`${SSF}verification`, `${SSF}stream-updated`, `${RISC}account-enabled`])(
    '%s is acknowledged, and ends nothing',
    async (type) => {
      const { visitor, first, sub, take } = await signIn()
      await take(claimsOf(type, type.startsWith(SSF) ? opaque('stream-1') : user(sub)))
      await visitor.expectAlive(first)
    },
  )

  test.each([
    ['of another issuer', { format: 'iss_sub', iss: ISSUER }],
    ['by an e-mail address', { format: 'email', email: 'alice@example.com' }],
    ['by a proprietary format', { format: 'catalog_item', catalog_id: '1' }],
  ])('a user %s, whom nobody here knows, is acknowledged', async (_name, subject) => {
    const { visitor, first, sub, take } = await signIn()
    await take(claimsOf(`${CAEP}session-revoked`, 'iss' in subject ? { ...subject, sub } : subject))
    await visitor.expectAlive(first)
  })

  test('the user sees why the session ended', async () => {
    const { visitor, first, take } = await signIn()
    await take(claimsOf(`${CAEP}session-revoked`, opaque(first.sid)))
    const { token } = await visitor.signIn()
    const reply = await visitor.send({
      path: '/auth/activity',
      headers: { authorization: `Bearer ${token}` },
    })
    const { events } = jsonOf(reply) as { events: { event: string; reason?: string; ip?: string }[] }
    expect(events.filter(({ event }) => event === 'session.ended')).toEqual([
      expect.objectContaining({ reason: 'signal', ip: null }),
    ])
  })
})
