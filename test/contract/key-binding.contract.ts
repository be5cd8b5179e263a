import type { Session } from '@sallyport/core'
import { type BindingKey, BOUND_KEY_GRACE_MS, type Rotation } from '@sallyport/core/store'
import { describe, expect, test } from 'vitest'
import {
  bindingOf,
  boundKeyOf,
  HOUR,
  isRevoked,
  LIFETIMES,
  NOTHING,
  newId,
  newSubject,
  ofKind,
  opened,
  opening,
  rotated,
  rotation,
  SECOND,
  START,
} from './fixtures.ts'
import type { Here } from './store.contract.ts'

const KEY = boundKeyOf('A')
const OTHER = boundKeyOf('B')
const RSA = { ...KEY, alg: 'RS256', jwk: { kty: 'RSA', n: 'n'.repeat(342), e: 'AQAB' } } as const
const LATER = START + BOUND_KEY_GRACE_MS + 1
const UNPROVEN = { kind: 'unproven' }
const ROUNDS = 20
const RACERS = 64

/** What a browser registered for its session, and what a refresh has to show from then on. */
export function keyBindingContract(here: Here): void {
  const bind = (session: Pick<Session, 'id'>, more: Partial<BindingKey> = {}) => {
    const given = { id: session.id, key: KEY, at: START, lifetimes: LIFETIMES, known: NOTHING }
    return here().store.sessions.bindKey({ ...given, ...more })
  }
  const bound = async (session: Pick<Session, 'id'>, more: Partial<BindingKey> = {}) =>
    ofKind(await bind(session, more), 'bound').session
  const read = async ({ id }: Pick<Session, 'id'>) => ofKind(await here().other.sessions.read(id), 'read')
  const refresh = (session: Pick<Session, 'id'>, more: Partial<Rotation> = {}) =>
    here().other.sessions.rotate(rotation(session, { at: LATER, keyProof: {}, ...more }))

  describe.each([
    { what: 'a usual session', grant: {} },
    { what: 'a session with an assurance of its own', grant: { acr: 'pwd', amr: ['pwd'] } },
    { what: 'a transient session', grant: { transient: true } },
    { what: 'a session that is bound to a cookie', grant: { boundTo: { fgp: 'a cookie' } } },
    { what: 'a session with short lifetimes', grant: { lifetimes: { idleMs: HOUR / 2, absoluteMs: HOUR } } },
    { what: 'a session whose client looks like a grant', grant: { client: '"boundKey":{"jkt":"x"}' } },
  ] as const)('of $what', ({ grant }) => {
    test.each([KEY, RSA])('is added to it, and changes nothing else ($alg)', async (key) => {
      const session = await opened(here().store, opening(newSubject(), { grant }))
      const before = await read(session)
      expect(await bound(session, { key })).toEqual({ ...session, boundKey: key })
      expect(await read(session)).toEqual({ ...before, session: { ...session, boundKey: key } })
    })

    test('outlives a refresh, an elevation and a new scope, and is asked for after each', async () => {
      const subject = newSubject()
      const session = await opened(here().store, opening(subject, { grant }))
      await bound(session)
      const next = ofKind(await refresh(session, { keyProof: { jkt: KEY.jkt } }), 'rotated').session
      expect(next.boundKey).toEqual(KEY)
      const elevation = { amr: ['otp'], authenticatedAt: START / SECOND, until: START / SECOND + 60 }
      const all = { at: LATER, lifetimes: LIFETIMES, known: NOTHING }
      await here().store.sessions.elevate({ id: session.id, elevation, bindings: [], ...all })
      await here().store.sessions.renew({ tag: subject.tag, scope: 'other', ...all })
      expect((await read(session)).session).toMatchObject({ boundKey: KEY, elevation, scope: 'other' })
      expect(await refresh(session, { generation: 2 })).toEqual(UNPROVEN)
    })
  })

  test.each([
    { shows: 'nothing', keyProof: {} },
    { shows: 'another key', keyProof: { jkt: OTHER.jkt } },
    { shows: 'the beginning of the thumbprint', keyProof: { jkt: `${KEY.jkt.slice(0, -1)}_` } },
  ])('a refresh that shows $shows changes nothing, whatever it presents', async ({ keyProof }) => {
    const subject = newSubject()
    const session = await opened(here().store, opening(subject))
    await bound(session)
    const { generation } = await rotated(here().store, session)
    const before = await read(session)
    for (const presented of [generation, generation - 1, 0, generation + 3])
      expect(await refresh(session, { keyProof, generation: presented })).toEqual(UNPROVEN)
    expect(await refresh(session, { keyProof, bindings: [bindingOf([9, 9, 9])] })).toEqual(UNPROVEN)
    expect(await read(session)).toEqual(before)
    expect(await isRevoked(here().store, session.id, subject.tag)).toBe(false)
    expect(await refresh(session, { keyProof: { jkt: KEY.jkt }, generation })).toMatchObject({
      kind: 'rotated',
    })
  })

  test('a refresh that shows the key is judged as any other', async () => {
    const session = await opened(here().store, opening(newSubject()))
    await bound(session)
    const keyProof = { jkt: KEY.jkt }
    expect(await refresh(session, { keyProof })).toMatchObject({ kind: 'rotated' })
    expect(await refresh(session, { keyProof })).toMatchObject({ kind: 'converged' })
    expect(await refresh(session, { keyProof, generation: 0 })).toMatchObject({ kind: 'reused' })
  })

  test('another client or transport is told before', async () => {
    const session = await opened(here().store, opening(newSubject()))
    await bound(session)
    expect(await refresh(session, { client: 'other' })).toMatchObject({ kind: 'wrong_client' })
    expect(await refresh(session, { transport: 'body' })).toMatchObject({ kind: 'wrong_client' })
  })

  test('refreshes that were under way when it was registered need not show it', async () => {
    const session = await opened(here().store, opening(newSubject()))
    await bound(session)
    expect(await refresh(session, { at: LATER - 1 })).toMatchObject({ kind: 'rotated' })
    expect(await refresh(session, { at: LATER, generation: 2 })).toEqual(UNPROVEN)
  })

  test('a process that asks for no key lets the session go on', async () => {
    const session = await opened(here().store, opening(newSubject()))
    await bound(session)
    expect(await refresh(session, { keyProof: undefined })).toMatchObject({
      kind: 'rotated',
      session: { boundKey: KEY },
    })
  })

  test('a session without a key needs none, and goes on with one that is shown', async () => {
    const session = await opened(here().store, opening(newSubject()))
    expect(await refresh(session)).toMatchObject({ kind: 'rotated' })
    expect(await refresh(session, { generation: 2, keyProof: { jkt: KEY.jkt } })).toMatchObject({
      kind: 'rotated',
    })
  })

  test('is never replaced, not even by itself', async () => {
    const session = await opened(here().store, opening(newSubject()))
    await bound(session)
    expect(await bind(session, { key: OTHER })).toEqual({ kind: 'taken' })
    expect(await bind(session, { key: { ...KEY, boundAt: LATER } })).toEqual({ kind: 'taken' })
    expect((await read(session)).session.boundKey).toEqual(KEY)
  })

  test(`of ${RACERS} at once one is registered, and the others learn of it`, async () => {
    const session = await opened(here().store, opening(newSubject()))
    const keys = Array.from({ length: RACERS }, (_, index) => boundKeyOf(`racer ${index}`))
    const kinds = await Promise.all(keys.map(async (key) => (await bind(session, { key })).kind))
    expect(kinds.toSorted()).toEqual(['bound', ...keys.slice(1).map(() => 'taken')])
    expect((await read(session)).session.boundKey).toEqual(keys[kinds.indexOf('bound')])
  })

  test('beside refreshes of the same session, none of the steps is lost', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const session = await opened(here().store, opening(newSubject()))
      const [first, registered] = await Promise.all([refresh(session, { at: START }), bind(session)])
      expect([first.kind, registered.kind]).toEqual(['rotated', 'bound'])
      expect((await read(session)).session).toMatchObject({ generation: 2, boundKey: KEY })
    }
  })

  test('beside the end of the session, it never comes back', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const session = await opened(here().store, opening(newSubject()))
      const ending = { id: session.id, at: START, evenIfAbsent: false }
      await Promise.all([here().other.sessions.end(ending), bind(session)])
      expect(await here().other.sessions.read(session.id)).toEqual({ kind: 'unknown' })
    }
  })

  test('of a session that is over or unknown is refused, and brings nothing back', async () => {
    const { store } = here()
    const subject = newSubject()
    const session = await opened(store, opening(subject))
    expect(await bind({ id: newId(subject) })).toEqual({ kind: 'unknown' })
    expect(await bind(session, { at: START + HOUR })).toEqual({ kind: 'unknown' })
    expect(await bind(session, { known: { endedUntil: START, refusedUntil: 0 } })).toEqual({
      kind: 'unknown',
    })
    await store.sessions.end({ id: session.id, at: START, evenIfAbsent: false })
    expect(await bind(session)).toEqual({ kind: 'unknown' })
    expect(await store.sessions.read(session.id)).toEqual({ kind: 'unknown' })
  })

  test('of a session that ended with everything is refused', async () => {
    const session = await opened(here().store, opening(newSubject()))
    await here().store.revocations.revokeAll(START + SECOND)
    expect(await bind(session, { at: START + 2 * SECOND })).toEqual({ kind: 'unknown' })
  })
}
