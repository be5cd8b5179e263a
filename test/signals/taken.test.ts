import { createSallyport, memoryStore } from '@sallyport/core'
import { type Answer, gateOf } from '@sallyport/core/adapter'
import { createSignals, type ReceiveOptions, type Signal } from '@sallyport/signals'
import { describe, expect, test, vi } from 'vitest'
import { textIn } from '../support/text-in.ts'
import { viewOf } from '../unit/view.ts'
import {
  AUDIENCE,
  CAEP,
  claimsOf,
  complex,
  ISSUER,
  jwks,
  opaque,
  RISC,
  SSF,
  sign,
  user,
} from './transmitter.ts'

const REVOKED = `${CAEP}session-revoked`
const OWN = 'https://auth.example.test'

/** A deployment whose store can go away. */
async function deployment(receive: Partial<ReceiveOptions> = {}, transmitter: object = {}) {
  const away = { once: false, sessions: false }
  let renewals = 0
  const sallyport = await createSallyport({
    issuer: OWN,
    apiKeys: {},
    store: {
      ...memoryStore(),
      async open(context) {
        const store = await memoryStore().open(context)
        const { sessions, once } = store
        if (once === undefined) throw new RangeError('the store in memory has it')
        return {
          ...store,
          once: { ...once, mark: async (mark) => (away.once ? { kind: 'unavailable' } : once.mark(mark)) },
          sessions: {
            ...sessions,
            end: async (ending) => (away.sessions ? { kind: 'unavailable' } : sessions.end(ending)),
            endSubject: async (ending) =>
              away.sessions ? { kind: 'unavailable' } : sessions.endSubject(ending),
            async renew(renewal) {
              if (away.sessions) return { kind: 'unavailable' }
              renewals++
              return sessions.renew(renewal)
            },
          },
        }
      },
    },
  })
  const { receiver, close } = await createSignals(sallyport, {
    receive: {
      transmitters: [{ issuer: ISSUER, audience: AUDIENCE, jwks, ...transmitter }],
      ...receive,
    },
  })
  async function signIn(subject: string): Promise<string> {
    const { body } = await gateOf(sallyport).signIn(viewOf({}), { subject })
    const { access_token: token } = JSON.parse(textIn(body)) as { access_token: string }
    const verdict = await sallyport.tokens.verify(token)
    return verdict.kind === 'valid' ? String(verdict.auth.session) : ''
  }
  async function push(token: string, headers: object = {}): Promise<[number, string | undefined]> {
    const answer = (await receiver[0]?.handle(
      viewOf({
        headers: { 'content-type': 'application/secevent+jwt', ...headers },
        body: { kind: 'bytes', bytes: Buffer.from(token) },
      }),
    )) as Answer
    return [answer.status, answer.body === undefined ? undefined : JSON.parse(textIn(answer.body)).err]
  }
  const alive = async (subject: string) =>
    (await sallyport.sessions.list(subject)).map(({ id }) => String(id))
  return { sallyport, away, renewals: () => renewals, receiver, close, signIn, push, alive }
}

describe('while the store is away', () => {
  test('a token is not used up', async () => {
    const { away, push, signIn, alive } = await deployment()
    await signIn('alice')
    const token = await sign(claimsOf(REVOKED, user('alice')))
    away.once = true
    expect(await push(token)).toEqual([503, undefined])
    away.once = false
    expect(await push(token)).toEqual([202, undefined])
    expect(await alive('alice')).toEqual([])
  })

  test('a token that was taken in half is finished when it comes again', async () => {
    const { away, push, signIn, alive } = await deployment()
    const sid = await signIn('alice')
    const token = await sign(claimsOf(REVOKED, opaque(sid)))
    away.sessions = true
    expect(await push(token)).toEqual([503, undefined])
    expect(await alive('alice')).toEqual([sid])
    away.sessions = false
    expect(await push(token)).toEqual([202, undefined])
    expect(await alive('alice')).toEqual([])
  })
})

describe('what a store that was away left undone', () => {
  const told = (type: string) => sign(claimsOf(type, user('alice')))

  test('is done when the token comes again: tokens are renewed, once', async () => {
    const { away, push, signIn, renewals } = await deployment()
    await signIn('alice')
    const token = await told(`${CAEP}token-claims-change`)
    away.sessions = true
    expect(await push(token)).toEqual([503, undefined])
    away.sessions = false
    expect(await push(token)).toEqual([202, undefined])
    expect(renewals()).toBe(1)
    expect(await push(token)).toEqual([202, undefined])
    expect(renewals()).toBe(1)
  })

  test.each([
    ['says no instant', {}],
    ['says one after that of the token', { event_timestamp: Math.floor(Date.now() / 1000) + 86_400 }],
  ])('is done when the token comes again: sessions end, but no later one, if it %s', async (_what, event) => {
    vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] })
    try {
      const { away, push, signIn, alive } = await deployment()
      await signIn('alice')
      const token = await sign(claimsOf('', user('alice'), { events: { [REVOKED]: event } }))
      away.sessions = true
      expect(await push(token)).toEqual([503, undefined])
      away.sessions = false
      vi.setSystemTime(Date.now() + 10_000)
      const later = await signIn('alice')
      expect(await push(token)).toEqual([202, undefined])
      expect(await alive('alice')).toEqual([later])
    } finally {
      vi.useRealTimers()
    }
  })

  test('is not done twice: who signed in right after keeps the session', async () => {
    const { push, signIn, alive } = await deployment()
    await signIn('alice')
    const token = await told(REVOKED)
    expect(await push(token)).toEqual([202, undefined])
    const again = await signIn('alice')
    expect(await push(token)).toEqual([202, undefined])
    expect(await alive('alice')).toEqual([again])
  })
})

test.each([
  ['a user', user('https://b.example bob'), undefined],
  ['something opaque', opaque('https://b.example bob'), undefined],
  ['an access token', { format: 'jwt_id', iss: OWN, jti: 'https://b.example j1' }, undefined],
  ['whom the application finds', opaque('bob'), () => 'https://b.example bob'],
])(
  '%s is nobody here by the name that only something of another issuer has',
  async (_what, about, subjectOf) => {
    const told: Signal[] = []
    const { push } = await deployment({ subjectOf, onSignal: (signal) => void told.push(signal) })
    expect(await push(await sign(claimsOf(REVOKED, about)))).toEqual([202, undefined])
    expect(told).toMatchObject([{ subject: undefined, session: undefined }])
  },
)

describe('the application', () => {
  test('is told of a signal before it does anything, and may leave it at that', async () => {
    const told: Signal[] = []
    const { push, signIn, alive } = await deployment({
      onSignal: (signal) => {
        told.push(signal)
        return 'ignore'
      },
    })
    const sid = await signIn('alice')
    const subject = complex({ user: user('alice'), session: opaque(sid) })
    const events = { [REVOKED]: { reason_admin: { en: 'x' }, event_timestamp: 1_800_000_000 } }
    const token = await sign(claimsOf('', subject, { events, jti: 'one' }))
    expect(await push(token)).toEqual([202, undefined])
    expect(await push(token)).toEqual([202, undefined])
    expect(await alive('alice')).toEqual([sid])
    const expected = {
      ...{ issuer: ISSUER, id: 'one', type: REVOKED, claims: events[REVOKED] },
      ...{ subject: 'alice', session: sid, happenedAt: 1_800_000_000_000 },
      about: { kind: 'complex', members: { user: user('alice'), session: opaque(sid) } },
    }
    expect(told).toEqual([
      { ...expected, repeated: false },
      { ...expected, repeated: true },
    ])
  })

  test('can refuse a verification whose state it does not expect', async () => {
    const { push } = await deployment({
      onSignal: ({ claims }) => (claims.state === 'mine' ? undefined : 'invalid_state'),
    })
    const verification = (state: string) =>
      sign(claimsOf('', opaque('stream'), { events: { [`${SSF}verification`]: { state } } }))
    expect(await push(await verification('mine'))).toEqual([202, undefined])
    expect(await push(await verification('other'))).toEqual([400, 'invalid_state'])
  })

  test.each([
    [
      'throws',
      () => {
        throw new TypeError('private detail')
      },
    ],
    ['rejects', () => Promise.reject(new TypeError('private detail'))],
    ['returns nonsense', () => 'nonsense' as never],
  ])('whose function %s keeps no signal from doing what it says', async (_name, onSignal) => {
    const notices = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    try {
      const { push, signIn, alive } = await deployment({ onSignal })
      await signIn('alice')
      expect(await push(await sign(claimsOf(REVOKED, user('alice'))))).toEqual([202, undefined])
      expect(await alive('alice')).toEqual([])
      expect(JSON.stringify(notices.mock.calls)).not.toContain('private')
    } finally {
      notices.mockRestore()
    }
  })

  test('finds users by other identifiers, and is asked again if it could not', async () => {
    let isBroken = true
    const asked: unknown[] = []
    const { push, signIn, alive } = await deployment({
      subjectOf: async (identifier, issuer) => {
        asked.push([identifier, issuer])
        if (isBroken) throw new TypeError('the database is away')
        return identifier.email === 'alice@example.com' ? 'alice' : undefined
      },
    })
    await signIn('alice')
    const about = { format: 'email', email: 'alice@example.com' }
    const token = await sign(claimsOf(REVOKED, about))
    expect((await push(token))[0]).toBe(503)
    isBroken = false
    expect(await push(token)).toEqual([202, undefined])
    expect(await alive('alice')).toEqual([])
    expect(asked).toEqual([
      [about, ISSUER],
      [about, ISSUER],
    ])
  })
})

test('a disabled account has no API keys any more', async () => {
  const { sallyport, push } = await deployment()
  await sallyport.apiKeys.create('alice', { name: 'a', scope: [], expiresInSeconds: 3600 })
  expect(await push(await sign(claimsOf(REVOKED, user('alice'))))).toEqual([202, undefined])
  expect(await sallyport.apiKeys.list('alice')).toHaveLength(1)
  const token = await sign(claimsOf(`${RISC}account-disabled`, user('alice')))
  expect(await push(token)).toEqual([202, undefined])
  expect(await sallyport.apiKeys.list('alice')).toEqual([])
  await sallyport.apiKeys.create('alice', { name: 'b', scope: [], expiresInSeconds: 3600 })
  expect(await push(token)).toEqual([202, undefined])
  const events = { [`${RISC}account-disabled`]: { event_timestamp: 1 } }
  expect(await push(await sign(claimsOf('', user('alice'), { events })))).toEqual([202, undefined])
  expect(await sallyport.apiKeys.list('alice')).toHaveLength(1)
})

test('one access token may be meant', async () => {
  const { sallyport, push } = await deployment()
  const { body } = await gateOf(sallyport).signIn(viewOf({}), { subject: 'alice' })
  const { access_token: token } = JSON.parse(textIn(body)) as { access_token: string }
  const verdict = await sallyport.tokens.verify(token)
  const jti = verdict.kind === 'valid' ? verdict.auth.claims.jti : ''
  const about = { format: 'jwt_id', iss: OWN, jti }
  const events = { [`${CAEP}token-claims-change`]: { claims: {} } }
  expect(await push(await sign(claimsOf('', about, { events })))).toEqual([202, undefined])
  expect((await sallyport.tokens.verify(token)).kind).toBe('refused')
  expect(await sallyport.sessions.list('alice')).toHaveLength(1)
})

test.each([`${RISC}credential-compromise`, `${RISC}sessions-revoked`])(
  '%s ends every session of the user, also if it names one, and no API key',
  async (type) => {
    const { sallyport, push, signIn, alive } = await deployment()
    await sallyport.apiKeys.create('alice', { name: 'a', scope: [], expiresInSeconds: 3600 })
    for (const about of [opaque, (sid: string) => complex({ user: user('alice'), session: opaque(sid) })]) {
      const [first] = [await signIn('alice'), await signIn('alice'), await signIn('bob')]
      expect(await push(await sign(claimsOf(type, about(first))))).toEqual([202, undefined])
      expect(await alive('alice')).toEqual([])
    }
    expect(await alive('bob')).toHaveLength(2)
    expect(await sallyport.apiKeys.list('alice')).toHaveLength(1)
  },
)

test('a session alone stands for its user', async () => {
  const { push, signIn, alive } = await deployment()
  const [first] = [await signIn('alice'), await signIn('alice'), await signIn('bob')]
  const subject = complex({ session: opaque(first) })
  expect(await push(await sign(claimsOf(`${CAEP}credential-change`, subject)))).toEqual([202, undefined])
  expect(await alive('alice')).toEqual([first])
  await signIn('alice')
  expect(await push(await sign(claimsOf(`${RISC}account-disabled`, opaque(first))))).toEqual([202, undefined])
  expect(await alive('alice')).toEqual([])
  expect(await alive('bob')).toHaveLength(1)
})

test('of more sessions than are listed, those that began before end', async () => {
  const { sallyport, push, signIn, alive } = await deployment()
  const sessions: string[] = []
  for (let i = 0; i < 100; i++) sessions.push(await signIn('alice'))
  const kept = await signIn('alice')
  await sallyport.sessions.list('alice')
  const subject = complex({ user: user('alice'), session: opaque(kept) })
  expect(await push(await sign(claimsOf(`${CAEP}credential-change`, subject)))).toEqual([202, undefined])
  expect(await alive('alice')).toEqual([kept])
})

describe('a transmitter that has to authenticate', () => {
  test.each([
    ['without a header', undefined],
    ['with another', 'Bearer other'],
    ['in another spelling', 'bearer agreed'],
  ])('%s ends nothing', async (_name, authorization) => {
    const { push, signIn, alive } = await deployment({}, { authorization: 'Bearer agreed' })
    const sid = await signIn('alice')
    const token = await sign(claimsOf(REVOKED, user('alice')))
    expect(await push(token, { authorization })).toEqual([400, 'authentication_failed'])
    expect(await alive('alice')).toEqual([sid])
    expect(await push(token, { authorization: 'Bearer agreed' })).toEqual([202, undefined])
    expect(await alive('alice')).toEqual([])
  })
})

test('every refusal of a signed token is an event, without anything of it', async () => {
  const { sallyport, push } = await deployment()
  const told: object[] = []
  sallyport.on('event', ({ event, outcome, ...rest }) => {
    if (event === 'request.refused') told.push({ outcome, reason: 'reason' in rest && rest.reason })
  })
  await push('nonsense')
  await push(await sign(claimsOf(REVOKED, user('alice'), { aud: 'other' })))
  await push(await sign(claimsOf(REVOKED, user('alice'), { events: {} })))
  await vi.waitFor(() => expect(told).toHaveLength(2))
  expect(told).toEqual([
    { outcome: 'failure', reason: 'signal_audience' },
    { outcome: 'failure', reason: 'signal_claims' },
  ])
})

// SSF 1.0, section 3.6.
describe('a member of a subject that the transmitter calls critical', () => {
  const device = { device: { format: 'opaque', id: 'laptop' } }

  test.each([
    { criticalMembers: ['device'], members: device, does: 'nothing' },
    { criticalMembers: ['tenant', 'user', 'session'], members: device, does: 'ends it' },
    { criticalMembers: ['device'], members: {}, does: 'ends it' },
  ])('$criticalMembers: a signal about $members.device.id and a user $does', async (one) => {
    const told: Signal[] = []
    const onSignal = (signal: Signal) => void told.push(signal)
    const { push, signIn, alive } = await deployment({ onSignal }, { criticalMembers: one.criticalMembers })
    const sid = await signIn('alice')
    const subject = complex({ user: user('alice'), ...one.members })
    expect(await push(await sign(claimsOf(REVOKED, subject)))).toEqual([202, undefined])
    expect(await alive('alice')).toEqual(one.does === 'nothing' ? [sid] : [])
    expect(told.map(({ about }) => about?.kind)).toEqual(['complex'])
  })
})
