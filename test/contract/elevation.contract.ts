import type { Session } from '@sallyport/core'
import type { Elevating, Elevation } from '@sallyport/core/store'
import { describe, expect, test } from 'vitest'
import {
  bindingOf,
  CELL,
  DEVICE,
  HOUR,
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

const NOW = START / SECOND
const ELEVATION: Elevation = { acr: 'mfa', amr: ['pwd', 'otp'], authenticatedAt: NOW, until: NOW + 900 }
const ROUNDS = 20

/** What a user has proved since the sign-in. */
export function elevationContract(here: Here): void {
  const elevate = (session: Pick<Session, 'id'>, more: Partial<Elevating> = {}) =>
    here().store.sessions.elevate({
      id: session.id,
      elevation: ELEVATION,
      bindings: [DEVICE],
      at: START,
      lifetimes: LIFETIMES,
      known: NOTHING,
      ...more,
    })
  const elevated = async (session: Pick<Session, 'id'>, more: Partial<Elevating> = {}) =>
    ofKind(await elevate(session, more), 'elevated')
  const read = async ({ id }: Session) => ofKind(await here().other.sessions.read(id), 'read')

  describe.each([
    { what: 'a usual session', grant: {} },
    { what: 'a session with an assurance of its own', grant: { acr: 'pwd', amr: ['pwd'] } },
    { what: 'a transient session', grant: { transient: true } },
    { what: 'a bound session', grant: { boundTo: { jkt: 'a key', fgp: 'a cookie' } } },
    { what: 'a bound, transient session', grant: { transient: true, boundTo: { x5t: 'a certificate' } } },
    { what: 'a session with short lifetimes', grant: { lifetimes: { idleMs: HOUR / 2, absoluteMs: HOUR } } },
  ] as const)('of $what', ({ grant }) => {
    test('is added to it, and changes nothing else', async () => {
      const session = await opened(here().store, opening(newSubject(), { grant }))
      const before = await read(session)
      const { session: raised } = await elevated(session)
      expect(raised).toEqual({ ...session, elevation: ELEVATION })
      expect(await read(session)).toEqual({ ...before, session: raised })
    })

    test('outlives a refresh, and a new scope', async () => {
      const subject = newSubject()
      const session = await opened(here().store, opening(subject, { grant }))
      await elevated(session)
      const next = await rotated(here().other, session)
      expect(next.elevation).toEqual(ELEVATION)
      const renewal = { tag: subject.tag, at: START, lifetimes: LIFETIMES, known: NOTHING, scope: 'other' }
      await here().store.sessions.renew(renewal)
      expect((await read(session)).session).toMatchObject({ elevation: ELEVATION, scope: 'other' })
    })
  })

  test.each([
    { what: 'nothing but the methods', elevation: { amr: [], authenticatedAt: NOW, until: NOW + 1 } },
    { what: 'any characters', elevation: { acr: '~ "\\ !', amr: ['", \\'], authenticatedAt: 0, until: 1 } },
  ])('with $what is read as it was written', async ({ elevation }) => {
    const session = await opened(here().store, opening(newSubject()))
    await elevated(session, { elevation })
    expect((await read(session)).session.elevation).toEqual(elevation)
  })

  test('a later one replaces it', async () => {
    const session = await opened(here().store, opening(newSubject()))
    await elevated(session)
    const later = { authenticatedAt: NOW + 5, until: NOW + 6, amr: ['otp'] }
    await elevated(session, { elevation: later })
    expect((await read(session)).session.elevation).toEqual(later)
  })

  test('the session is bound to the device from now on', async () => {
    const session = await opened(here().store, opening(newSubject()))
    const other = [bindingOf([9, 1, 9], 140)]
    await elevated(session, { bindings: other })
    const next = { bindings: other, enforced: CELL.first | CELL.second | CELL.third }
    expect(await here().other.sessions.rotate(rotation(session, next))).toMatchObject({
      kind: 'rotated',
      drift: 0,
    })
  })

  test('what the request does not show of the device stays as it was', async () => {
    const session = await opened(here().store, opening(newSubject()))
    const cells = Uint8Array.from(bindingOf([1, 9, 1]).cells)
    cells.fill(0, 8)
    await elevated(session, { bindings: [{ cells, version: 120 }] })
    const next = { bindings: [bindingOf([1, 9, 1])] }
    expect(await here().other.sessions.rotate(rotation(session, next))).toMatchObject({
      kind: 'rotated',
      drift: 0,
    })
  })

  test('under a new secret, the device is bound under one of them as a whole', async () => {
    const earlier = bindingOf([1, 1, 1], 120, 'earlier')
    const session = await opened(here().store, opening(newSubject(), { binding: earlier }))
    const cells = Uint8Array.from(earlier.cells)
    cells.fill(0, 8)
    await elevated(session, {
      bindings: [
        { ...DEVICE, cells: DEVICE.cells.subarray(0, 8) },
        { cells, version: 120 },
      ],
    })
    const next = { bindings: [DEVICE, earlier] }
    expect(await here().other.sessions.rotate(rotation(session, next))).toMatchObject({
      kind: 'rotated',
      drift: 0,
    })
  })

  test('of a session that is over or unknown is refused, and brings nothing back', async () => {
    const { store } = here()
    const subject = newSubject()
    const session = await opened(store, opening(subject))
    expect(await elevate({ id: newId(subject) })).toEqual({ kind: 'unknown' })
    expect(await elevate(session, { at: START + HOUR })).toEqual({ kind: 'unknown' })
    const other = await opened(store, opening(subject))
    await store.sessions.end({ id: other.id, at: START, evenIfAbsent: false })
    expect(await elevate(other)).toEqual({ kind: 'unknown' })
    expect(await store.sessions.read(other.id)).toEqual({ kind: 'unknown' })
  })

  test('of a session that ended with everything is refused', async () => {
    const session = await opened(here().store, opening(newSubject()))
    await here().store.revocations.revokeAll(START + SECOND)
    expect(await elevate(session, { at: START + 2 * SECOND })).toEqual({ kind: 'unknown' })
  })

  test('marks that the store has lost count as its own', async () => {
    const session = await opened(here().store, opening(newSubject()))
    const known = { endedUntil: 0, refusedUntil: NOW + 60 }
    expect((await elevated(session, { known })).issueFrom).toBe(NOW + 61)
    expect(await elevate(session, { known: { ...known, endedUntil: START } })).toEqual({ kind: 'unknown' })
  })

  test('new tokens are issued after every mark of the subject', async () => {
    const { store } = here()
    const subject = newSubject()
    const session = await opened(store, opening(subject))
    const renewed = ofKind(
      await store.sessions.renew({ tag: subject.tag, at: START, lifetimes: LIFETIMES, known: NOTHING }),
      'renewed',
    )
    const { issueFrom } = await elevated(session)
    expect(issueFrom).toBe(renewed.revocation.notBefore + 1)
  })

  test('beside refreshes of the same session, none of the steps is lost', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const session = await opened(here().store, opening(newSubject()))
      const [first, raised] = await Promise.all([
        here().other.sessions.rotate(rotation(session)),
        elevate(session),
      ])
      expect([first.kind, raised.kind]).toEqual(['rotated', 'elevated'])
      const { session: now } = await read(session)
      expect(now).toMatchObject({ generation: 2, elevation: ELEVATION })
    }
  })

  test('beside the end of the session, it never comes back', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const session = await opened(here().store, opening(newSubject()))
      await Promise.all([
        here().other.sessions.end({ id: session.id, at: START, evenIfAbsent: false }),
        elevate(session),
      ])
      expect(await here().other.sessions.read(session.id)).toEqual({ kind: 'unknown' })
    }
  })
}
