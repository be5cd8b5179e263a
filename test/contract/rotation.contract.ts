import type { Session } from '@sallyport/core'
import type { Rotation } from '@sallyport/core/store'
import { expect, test } from 'vitest'
import {
  confirmed,
  GRACE,
  HOUR,
  isRevoked,
  LIFETIMES,
  newId,
  newSubject,
  ofKind,
  opened,
  opening,
  rotated,
  rotation,
  SECOND,
  START,
  STRICT,
  type Subject,
} from './fixtures.ts'
import type { Here } from './store.contract.ts'

const MINUTE = 60 * SECOND

/** What becomes of a presented generation (the whole table is walked by the model). */
export function rotationContract(here: Here): void {
  async function begun(generation = 1): Promise<{ subject: Subject; session: Session }> {
    const subject = newSubject()
    const first = await opened(here().store, opening(subject))
    return { subject, session: await rotated(here().store, first, generation - 1) }
  }
  const present = (session: Session, more: Partial<Rotation>) =>
    here().store.sessions.rotate(rotation(session, more))

  test('the current generation is swapped for the next', async () => {
    const { session } = await begun()
    const outcome = ofKind(await present(session, { generation: 1, at: START + MINUTE }), 'rotated')
    expect(outcome).toMatchObject({ rolledBack: false, drift: 0 })
    expect(outcome.session).toEqual({ ...session, generation: 2, rotatedAt: START + MINUTE })
    expect(outcome.issueFrom).toBeLessThanOrEqual((START + MINUTE) / SECOND)
  })

  test('the previous generation converges on the current one, and nothing changes', async () => {
    const { session } = await begun(2)
    for (let time = 0; time < 3; time++) {
      const outcome = ofKind(await present(session, { generation: 1, at: START + 2 * SECOND }), 'converged')
      expect(outcome.session).toEqual(session)
    }
    expect(await present(session, { generation: 2 })).toMatchObject({ kind: 'rotated' })
  })

  test('in the grace the previous generation converges though its successor was seen in use', async () => {
    const { session } = await begun(2)
    await confirmed(here().store, session)
    const late = { generation: 1, at: session.rotatedAt + GRACE }
    expect(await present(session, late)).toMatchObject({ kind: 'converged' })
    expect(await present(session, { ...late, at: late.at + 1 })).toMatchObject({ kind: 'reused' })
  })

  test('a successor that was never seen in use leaves the previous generation good after the grace', async () => {
    const { session } = await begun(2)
    const late = { generation: 1, at: START + HOUR / 2 }
    expect(await present(session, late)).toMatchObject({ kind: 'converged' })
    await confirmed(here().other, { id: session.id, generation: 2 })
    expect(await present(session, late)).toMatchObject({ kind: 'reused' })
  })

  test.each([1, 3])('seeing generation %i in use confirms nothing about the second', async (generation) => {
    const { session } = await begun(2)
    await confirmed(here().store, { id: session.id, generation })
    const late = { generation: 1, at: START + HOUR / 2 }
    expect(await present(session, late)).toMatchObject({ kind: 'converged' })
  })

  test('a rotation begins anew with nothing confirmed', async () => {
    const { session } = await begun(2)
    await confirmed(here().store, session)
    await rotated(here().store, session)
    const late = { generation: 2, at: START + HOUR / 2 }
    expect(await present(session, late)).toMatchObject({ kind: 'converged' })
  })

  test('confirming a session that is not there makes none', async () => {
    const subject = newSubject()
    await confirmed(here().store, { id: newId(subject), generation: 1 })
    const outcome = await here().store.sessions.list({ tag: subject.tag, at: START, lifetimes: LIFETIMES })
    expect(outcome).toEqual({ kind: 'listed', sessions: [] })
  })

  test('without recovery only the grace counts', async () => {
    const { session } = await begun(2)
    const late = { generation: 1, recoverLost: false, at: session.rotatedAt + GRACE }
    expect(await present(session, late)).toMatchObject({ kind: 'converged' })
    expect(await present(session, { ...late, at: late.at + 1 })).toMatchObject({ kind: 'reused' })
  })

  test('without grace only the recovery counts', async () => {
    const { session } = await begun(2)
    const at = session.rotatedAt
    expect(await present(session, { generation: 1, graceMs: 0, at })).toMatchObject({ kind: 'converged' })
    await confirmed(here().store, session)
    expect(await present(session, { generation: 1, graceMs: 0, at })).toMatchObject({ kind: 'reused' })
  })

  test.each([
    { what: 'the one before the previous', more: { generation: 1 } },
    { what: 'the previous one in the strict mode', more: { generation: 2, ...STRICT } },
  ])('$what is theft: the session is ended and revoked', async ({ more }) => {
    const { store, other } = here()
    const { subject, session } = await begun(3)
    expect(await isRevoked(other, session.id, subject.tag)).toBe(false)
    const outcome = await present(session, { ...more, at: session.rotatedAt })
    expect(outcome).toEqual({ kind: 'reused', session, rolledBack: false })
    expect(await isRevoked(other, session.id, subject.tag)).toBe(true)
    expect(await store.sessions.rotate(rotation(session, { generation: 3 }))).toEqual({ kind: 'unknown' })
    expect(await store.sessions.list({ tag: subject.tag, at: START, lifetimes: LIFETIMES })).toEqual({
      kind: 'listed',
      sessions: [],
    })
  })

  test('a generation ahead proves that the store lost writes: the line goes on from there', async () => {
    const { session } = await begun(2)
    const outcome = ofKind(await present(session, { generation: 7 }), 'rotated')
    expect(outcome).toMatchObject({ rolledBack: true, session: { generation: 8 } })
    expect(await present(session, { generation: 7 })).toMatchObject({ kind: 'converged' })
    expect(await present(session, { generation: 2 })).toMatchObject({ kind: 'reused' })
  })

  test('a generation ahead ends the session in the strict mode', async () => {
    const { subject, session } = await begun(2)
    const outcome = await present(session, { generation: 3, ...STRICT })
    expect(outcome).toEqual({ kind: 'reused', session, rolledBack: true })
    expect(await isRevoked(here().store, session.id, subject.tag)).toBe(true)
  })

  test('a session that never was is unknown, and stays so', async () => {
    const subject = newSubject()
    const id = newId(subject)
    expect(await here().store.sessions.rotate(rotation({ id }))).toEqual({ kind: 'unknown' })
    await opened(here().store, opening(subject))
    expect(await here().store.sessions.rotate(rotation({ id }))).toEqual({ kind: 'unknown' })
    expect(await isRevoked(here().store, id, subject.tag)).toBe(false)
  })

  test('an idle session expires to the millisecond, and is not revoked', async () => {
    const { subject, session } = await begun()
    const last = { generation: 1, at: START + HOUR - 1 }
    expect(await present(session, last)).toMatchObject({ kind: 'rotated' })
    const late = { generation: 2, at: last.at + HOUR }
    expect(await present(session, late)).toEqual({ kind: 'expired' })
    expect(await present(session, { generation: 2 })).toEqual({ kind: 'unknown' })
    expect(await isRevoked(here().store, session.id, subject.tag)).toBe(false)
  })

  test('refreshes do not carry a session beyond its absolute lifetime', async () => {
    const { session } = await begun()
    const end = START + LIFETIMES.absoluteMs
    let generation = 1
    for (let at = START; at < end; at += HOUR / 2, generation++)
      expect(await present(session, { generation, at })).toMatchObject({ kind: 'rotated' })
    expect(await present(session, { generation, at: end - 1 })).toMatchObject({ kind: 'rotated' })
    expect(await present(session, { generation: generation + 1, at: end })).toEqual({ kind: 'expired' })
  })

  test('lifetimes are those of the moment: a shorter one ends what a longer one began', async () => {
    const { session } = await begun()
    const lifetimes = { idleMs: MINUTE, absoluteMs: HOUR }
    const late = { generation: 1, at: START + MINUTE, lifetimes }
    expect(await present(session, late)).toEqual({ kind: 'expired' })
  })
}
