import { gateOf } from '@sallyport/core/adapter'
import type { SignalsOptions } from '@sallyport/signals'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Deployment, isAccepted, type Reserved, reserve } from './deployment.ts'
import { type Recorder, startRecorder } from './recorder.ts'
import { CAEP, complex, opaque } from './transmitter.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function recorder(): Promise<Recorder> {
  const one = await startRecorder()
  open.push(one)
  return one
}

async function startAt(at: Reserved, options: SignalsOptions, more?: object): Promise<Deployment> {
  const one = await at.start(options, more)
  open.push(one)
  return one
}

const sender = async (url: string, more: object = {}): Promise<Deployment> =>
  startAt(
    await reserve(),
    { send: { receivers: [{ audience: 'b', push: { url: `${url}/events`, ...more } }] } },
    { outbox: {} },
  )

const REVOKED = `${CAEP}session-revoked`
const CHANGED = `${CAEP}credential-change`
const patiently = { timeout: 10_000, interval: 20 }

describe('what is pushed', () => {
  test('is a signed token for each session that ends, once', async () => {
    const receiver = await recorder()
    const { url, sallyport, signIn } = await sender(receiver.url, { authorization: 'Bearer agreed' })
    const { sid } = await signIn('alice')
    await sallyport.sessions.revoke(sid)
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1), patiently)
    const [{ jwt, claims, contentType, authorization } = expect.fail()] = receiver.received
    expect({ contentType, authorization }).toEqual({
      contentType: 'application/secevent+jwt',
      authorization: 'Bearer agreed',
    })
    const keys = createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`))
    await jwtVerify(jwt, keys, { issuer: url, audience: 'b', typ: 'secevent+jwt' })
    expect(claims).toEqual({
      ...{ iss: url, aud: 'b', iat: expect.any(Number), jti: expect.any(String), txn: expect.any(String) },
      sub_id: {
        format: 'complex',
        user: { format: 'iss_sub', iss: url, sub: 'alice' },
        session: { format: 'opaque', id: sid },
      },
      events: {
        [REVOKED]: {
          event_timestamp: expect.any(Number),
          reason_admin: { en: 'The session ended' },
        },
      },
    })
    expect(Object.values(claims)).not.toContain(undefined)
  })

  test('is the same token again, by name, until it is taken', async () => {
    const receiver = await recorder()
    receiver.answer(503)
    const { sallyport, signIn } = await sender(receiver.url)
    await sallyport.sessions.revoke((await signIn('alice')).sid)
    await vi.waitFor(() => expect(receiver.received.length).toBeGreaterThan(1), patiently)
    receiver.answer(202)
    await vi.waitFor(() => expect(receiver.received.at(-1)?.status).toBe(202), patiently)
    expect(new Set(receiver.received.map(({ claims }) => claims.jti)).size).toBe(1)
  })

  // RFC 8935, section 2.3, and answers of which nothing may stand in a log.
  test.each([
    [
      400,
      { err: 'authentication_failed', description: 'Access token has expired.' },
      'authentication_failed',
    ],
    [400, { err: 'invalid_key', description: 'Key ID 12345 has been revoked.' }, 'invalid_key'],
    [400, { err: 'one\ntwo', description: '' }, 'status_400'],
    [400, { err: 'x'.repeat(5000) }, 'status_400'],
    [404, undefined, 'status_404'],
  ])('is given up at once if the receiver does not want it: %i %o', async (status, body, reason) => {
    const receiver = await recorder()
    receiver.answer(status, body)
    const { sallyport, signIn } = await sender(receiver.url)
    const { sid } = await signIn('alice')
    await sallyport.sessions.revoke(sid)
    await vi.waitFor(
      async () =>
        expect(await sallyport.outbox.deadLetters()).toEqual([
          expect.objectContaining({ kind: 'session-ended', session: sid, reason }),
        ]),
      patiently,
    )
    expect(receiver.received).toHaveLength(1)
  })

  test('is a changed credential, by call and by event', async () => {
    const receiver = await recorder()
    const { sallyport, signals, signIn } = await sender(receiver.url)
    const { sid } = await signIn('alice')
    await signals.credentialChange('alice', {
      ...{
        credentialType: 'fido2-roaming',
        changeType: 'create',
        session: sid,
        by: 'user',
        reason: 'Enrolled',
      },
    })
    sallyport.emit({ event: 'password.changed', outcome: 'success', sub: 'bob' })
    await vi.waitFor(() => expect(receiver.received).toHaveLength(2), patiently)
    const told = receiver.received.map(({ claims: { sub_id, events } }) => [sub_id, events[CHANGED]])
    expect(told).toContainEqual([
      expect.objectContaining({ session: { format: 'opaque', id: sid } }),
      {
        ...{ credential_type: 'fido2-roaming', change_type: 'create', initiating_entity: 'user' },
        ...{ reason_admin: { en: 'Enrolled' }, event_timestamp: expect.any(Number) },
      },
    ])
    expect(told).toContainEqual([
      expect.objectContaining({ format: 'iss_sub', sub: 'bob' }),
      expect.objectContaining({ credential_type: 'password', change_type: 'update' }),
    ])
  })

  test('is what the receiver wants, and no more', async () => {
    const receiver = await recorder()
    const type = 'https://example.com/events/greeting'
    const { sallyport, signals, signIn } = await startAt(
      await reserve(),
      { send: { receivers: [{ audience: 'b', push: { url: receiver.url }, events: [type] }] } },
      { outbox: {} },
    )
    await sallyport.sessions.revoke((await signIn('alice')).sid)
    await signals.send({ type, subject: 'alice', claims: { text: 'hello' } })
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1), patiently)
    expect(receiver.received[0]?.claims.events).toEqual({
      [type]: { text: 'hello', event_timestamp: expect.any(Number) },
    })
  })

  test.each([
    ['session-revoked', {}, { reason_admin: { en: 'The session ended' } }],
    ['credential-change', {}, { reason_admin: { en: 'A credential changed' } }],
    ['session-revoked', { reason_admin: { de: 'Gesperrt' } }, { reason_admin: { de: 'Gesperrt' } }],
  ])('%s with %o has a reason, as the interoperability profile wants', async (name, claims, expected) => {
    const receiver = await recorder()
    const { signals } = await sender(receiver.url)
    await signals.send({ type: CAEP + name, subject: 'alice', claims })
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1), patiently)
    expect(receiver.received[0]?.claims.events).toEqual({
      [CAEP + name]: { ...expected, event_timestamp: expect.any(Number) },
    })
  })

  test('a wrong call is refused', async () => {
    const { signals } = await sender('http://127.0.0.1:1')
    const change = { credentialType: 'password', changeType: 'update' } as const
    await expect(signals.credentialChange('', change)).rejects.toThrow(TypeError)
    for (const wrong of [{ credentialType: '' }, { changeType: 'x' }, { by: 'god' }, { reason: '' }])
      await expect(signals.credentialChange('alice', { ...change, ...wrong } as never)).rejects.toThrow(
        TypeError,
      )
    const none = await startAt(await reserve(), {})
    await expect(none.signals.credentialChange('alice', change)).rejects.toThrow('signals.send')
  })
})

describe('two deployments', () => {
  test('a sign-out at one is a sign-out at the other, also of what ended while that was down', async () => {
    const told: string[] = []
    const [there, here] = [await reserve(), await reserve()]
    const a = await startAt(
      there,
      { send: { receivers: [{ audience: 'b', push: { url: `${here.url}/auth/signals` } }] } },
      { outbox: {} },
    )
    const b = await startAt(here, {
      receive: {
        transmitters: [{ issuer: a.url, audience: 'b', jwks: `${a.url}/.well-known/jwks.json` }],
        subjectOf: ({ format, iss, sub }) => (format === 'iss_sub' && iss === a.url ? `b-${sub}` : undefined),
        onSignal: ({ subject, type }) => {
          told.push(`${subject} ${type.slice(CAEP.length)}`)
          return undefined
        },
      },
    })
    const alice = await b.signIn('b-alice')
    const somebody = await b.signIn('b-bob')
    await a.sallyport.sessions.revoke((await a.signIn('alice')).sid)
    await vi.waitFor(async () => expect(await isAccepted(b, alice.token)).toBe(false), patiently)
    expect(await isAccepted(b, somebody.token)).toBe(true)

    await b.goDown()
    const users = ['u0', 'u1', 'u2']
    for (const user of users) {
      await a.sallyport.sessions.revoke((await a.signIn(user)).sid)
      await a.signals.credentialChange(user, { credentialType: 'password', changeType: 'update' })
      await a.sallyport.sessions.revoke((await a.signIn(user)).sid)
    }
    await b.comeBack()
    await vi.waitFor(() => expect(told.filter((one) => one.startsWith('b-u'))).toHaveLength(9), patiently)
    for (const user of users)
      expect(told.filter((one) => one.startsWith(`b-${user} `))).toEqual([
        `b-${user} session-revoked`,
        `b-${user} credential-change`,
        `b-${user} session-revoked`,
      ])
    expect(await a.sallyport.outbox.deadLetters()).toEqual([])
  })

  test('one that only verifies refuses the tokens of a session that ended at the other', async () => {
    const [there, here] = [await reserve(), await reserve()]
    const a = await startAt(
      there,
      { send: { receivers: [{ audience: 'b', push: { url: `${here.url}/auth/signals` } }] } },
      { outbox: {} },
    )
    const jwks = `${a.url}/.well-known/jwks.json`
    const b = await startAt(
      here,
      { receive: { transmitters: [{ issuer: a.url, audience: 'b', jwks, tokens: true }] } },
      { issuers: [{ issuer: a.url, audience: 'api', jwks, algorithms: ['EdDSA'] }] },
    )
    const [alice, again] = [await a.signIn('alice'), await a.signIn('alice')]
    expect(await isAccepted(b, alice.token)).toBe(true)
    await a.sallyport.sessions.revoke(alice.sid)
    await vi.waitFor(async () => expect(await isAccepted(b, alice.token)).toBe(false), patiently)
    expect(await isAccepted(b, again.token)).toBe(true)

    // The outbox tells it like this if it no longer knows whose session it was.
    const signed = await gateOf(a.sallyport).statements.sign('secevent+jwt', {
      aud: 'b',
      sub_id: complex({ session: opaque(again.sid) }),
      events: { [REVOKED]: {} },
    })
    const headers = { 'content-type': 'application/secevent+jwt' }
    const body = signed.kind === 'signed' ? signed.jwt : expect.fail()
    expect((await fetch(`${b.url}/auth/signals`, { method: 'POST', headers, body })).status).toBe(202)
    expect(await isAccepted(b, again.token)).toBe(false)
  })
})
