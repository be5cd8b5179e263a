import type { Session } from '@sallyport/core'
import { type Rotation, tagOfSession } from '@sallyport/core/store'
import { describe, expect, test } from 'vitest'
import {
  confirmed,
  GRACE,
  HOUR,
  isRevoked,
  LIFETIMES,
  madeKey,
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
  sentKey,
  tokenOf,
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

  test('a lost answer, repeated after the grace, is contested: what it made is burnt, and the line goes on', async () => {
    const { subject, session } = await begun(2)
    const late = { generation: 1, at: START + HOUR / 2, ip: '198.51.100.7' }
    const outcome = ofKind(await present(session, late), 'contested')
    expect(outcome).toMatchObject({ drift: 0, session: { generation: 3, ip: late.ip, rotatedAt: late.at } })
    expect(outcome.previousIp).toBe(session.ip)
    const ofGeneration = (generation: number) =>
      here().other.revocations.check(tokenOf(subject.tag, { session: session.id, generation }))
    expect(await ofGeneration(1)).toEqual({ kind: 'live' })
    expect(await ofGeneration(2)).toEqual({ kind: 'revoked' })
    expect(await ofGeneration(3)).toEqual({ kind: 'live' })
    // A race of the same token converges, and nothing more is burnt.
    expect(await present(session, { ...late, at: late.at + GRACE })).toMatchObject({
      kind: 'converged',
      session: { generation: 3 },
    })
    expect(await present(session, { generation: 2, at: late.at })).toMatchObject({ kind: 'reused' })
  })

  test('one that is lost again and again burns each generation, and the last one goes on', async () => {
    const { session } = await begun(2)
    for (let time = 1; time <= 3; time++) {
      const again = { generation: 1, at: START + time * 2 * GRACE }
      expect(await present(session, again)).toMatchObject({
        kind: 'contested',
        session: { generation: 2 + time },
      })
    }
    const at = START + 6 * GRACE
    expect(await present(session, { generation: 5, at })).toMatchObject({ kind: 'rotated' })
    expect(await present(session, { generation: 1, at })).toMatchObject({ kind: 'reused' })
  })

  test('a successor that was seen in use makes the generation before it theft after the grace', async () => {
    const { session } = await begun(2)
    await confirmed(here().other, { id: session.id, generation: 2 })
    expect(await present(session, { generation: 1, at: START + HOUR / 2 })).toMatchObject({ kind: 'reused' })
  })

  test.each([1, 3])('seeing generation %i in use confirms nothing about the second', async (generation) => {
    const { session } = await begun(2)
    await confirmed(here().store, { id: session.id, generation })
    const late = { generation: 1, at: START + HOUR / 2 }
    expect(await present(session, late)).toMatchObject({ kind: 'contested' })
  })

  test('a rotation begins anew with nothing confirmed', async () => {
    const { session } = await begun(2)
    await confirmed(here().store, session)
    await rotated(here().store, session)
    const late = { generation: 2, at: START + HOUR / 2 }
    expect(await present(session, late)).toMatchObject({ kind: 'contested' })
  })

  describe('an attempt is repeated with its key', () => {
    const key = sentKey('one attempt')
    const late = START + HOUR / 2

    test('however late and often, though its successor was seen in use', async () => {
      const { session } = await begun()
      const first = ofKind(await present(session, { key }), 'rotated')
      await confirmed(here().store, first.session)
      for (const at of [START + SECOND, late, late + GRACE])
        expect(ofKind(await present(session, { key, at }), 'converged').session).toEqual(first.session)
    })

    test('until the generation that it made is exchanged', async () => {
      const { session } = await begun()
      await present(session, { key })
      const second = { generation: 2, key: sentKey('another'), at: late }
      expect(await present(session, second)).toMatchObject({ kind: 'rotated' })
      expect(await present(session, { key, at: late })).toMatchObject({ kind: 'reused' })
    })

    test.each([
      ['with another', sentKey('another attempt')],
      ['without one', undefined],
      ['with the same, made by a process', { ...key, sent: false }],
    ])('%s it is theft, in the grace too', async (_how, other) => {
      const { session } = await begun()
      await present(session, { key })
      expect(await present(session, { key: other })).toMatchObject({ kind: 'reused' })
    })

    test('in the strict mode too, and there a key of the process itself will do', async () => {
      for (const same of [key, madeKey()]) {
        const { session } = await begun()
        expect(await present(session, { key: same, ...STRICT })).toMatchObject({ kind: 'rotated' })
        expect(await present(session, { key: same, at: late, ...STRICT })).toMatchObject({
          kind: 'converged',
        })
        expect(await present(session, { at: late, ...STRICT })).toMatchObject({ kind: 'reused' })
      }
    })
  })

  test('a session that was opened with a key has no grace, but an answer without one may be lost', async () => {
    const session = await opened(here().store, opening(newSubject(), { keyed: true }))
    await present(session, {})
    expect(await present(session, {})).toMatchObject({ kind: 'contested' })
    expect(await present(session, {})).toMatchObject({ kind: 'contested' })
  })

  test('a refresh with a key takes the grace from its session, from that one on', async () => {
    const { session } = await begun(2)
    expect(await present(session, { generation: 1, key: sentKey('late') })).toMatchObject({
      kind: 'contested',
    })
    expect(await present(session, { generation: 3 })).toMatchObject({ kind: 'rotated' })
    expect(await present(session, { generation: 3 })).toMatchObject({ kind: 'contested' })
  })

  test('it is read whether a session is keyed, and which generation was presented last', async () => {
    const { session } = await begun(2)
    const read = async () => ofKind(await here().other.sessions.read(session.id), 'read')
    expect(await read()).toMatchObject({ base: 1, keyed: false })
    await present(session, { generation: 1, at: START + HOUR / 2, key: sentKey('late') })
    expect(await read()).toMatchObject({ base: 1, keyed: true, session: { generation: 3 } })
  })

  test('what was burnt one after the other stays burnt, in whatever order a store that forgot is told', async () => {
    for (const order of [
      [2, 3],
      [3, 2],
    ]) {
      const { session } = await begun(2)
      const { store } = here()
      const burnt = order.map(
        (generation) => ({ kind: 'generation', session: session.id, generation }) as const,
      )
      await store.revocations.assert(
        store.revocations.shardOf({ kind: 'session', session: session.id }),
        burnt,
        START,
      )
      const late = START + HOUR / 2
      // The owner, who presented the first generation all along, goes on; whoever has a burnt one does not.
      expect(await present(session, { generation: 1, at: late })).toMatchObject({
        kind: 'contested',
        session: { generation: 5 },
      })
      expect(await present(session, { generation: 2, at: late })).toMatchObject({ kind: 'reused' })
    }
  })

  test('what is burnt stays burnt when a store that forgot is told', async () => {
    const { session } = await begun(2)
    const { store, other } = here()
    const burnt = { kind: 'generation', session: session.id, generation: 2 } as const
    await store.revocations.assert(store.revocations.shardOf(burnt), [burnt], START)
    const token = tokenOf(tagOfSession(session.id), { session: session.id, generation: 2 })
    expect(await other.revocations.check(token)).toEqual({ kind: 'revoked' })
    expect(await present(session, { generation: 3 })).toMatchObject({ kind: 'rotated' })
    await store.revocations.assert(store.revocations.shardOf(burnt), [burnt], START)
    expect(await present(session, { generation: 4 })).toMatchObject({ kind: 'rotated' })
    expect(await present(session, { generation: 2 })).toMatchObject({ kind: 'reused' })
  })

  test('confirming a session that is not there makes none', async () => {
    const subject = newSubject()
    await confirmed(here().store, { id: newId(subject), generation: 1 })
    const outcome = await here().store.sessions.list({ tag: subject.tag, at: START, lifetimes: LIFETIMES })
    expect(outcome).toEqual({ kind: 'listed', sessions: [], more: false })
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
      more: false,
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
