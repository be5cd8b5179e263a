import type { Session } from '@sallyport/core'
import type { Rotation } from '@sallyport/core/store'
import { expect, test } from 'vitest'
import {
  HOUR,
  isRevoked,
  LIFETIMES,
  newSubject,
  ofKind,
  opened,
  opening,
  rotated,
  rotation,
  SECOND,
  START,
  type Subject,
} from './fixtures.ts'
import type { Here } from './store.contract.ts'

const refreshLimit = { count: 2, windowMs: 60 * SECOND }

/** How many sessions, refreshes and converged answers one subject gets. */
export function limitsContract(here: Here): void {
  const present = (session: Pick<Session, 'id'>, more: Partial<Rotation>) =>
    here().store.sessions.rotate(rotation(session, more))

  test('over the limit of sessions the one refreshed longest ago goes, revoked', async () => {
    const { store, other } = here()
    const subject = newSubject()
    const first = await opened(store, opening(subject))
    const second = await opened(store, opening(subject, { at: START + SECOND }))
    await present(first, { at: START + 2 * SECOND })
    const third = opening(subject, { at: START + 3 * SECOND, sessionLimit: 2 })
    const outcome = ofKind(await store.sessions.open(third), 'opened')
    expect(outcome.ended).toEqual([second.id])
    expect(await isRevoked(other, second.id, subject.tag)).toBe(true)
    expect(await isRevoked(other, first.id, subject.tag)).toBe(false)
    expect(await present(second, {})).toEqual({ kind: 'unknown' })
    const left = await store.sessions.list({ tag: subject.tag, at: third.at, lifetimes: LIFETIMES })
    expect(ofKind(left, 'listed').sessions.map((one) => one.id)).toEqual([third.id, first.id])
  })

  test('of those refreshed at the same instant the one that signed in first goes, also if they signed in at once', async () => {
    const { store } = here()
    const open = async (subject: Subject, at: number, sessionLimit = 2) =>
      ofKind(await store.sessions.open(opening(subject, { at, sessionLimit })), 'opened')
    for (let round = 0; round < 10; round++) {
      const subject = newSubject()
      const ids: string[] = []
      const ended: string[] = []
      for (let session = 0; session < 5; session++) {
        const outcome = await open(subject, START)
        ids.push(outcome.session.id)
        ended.push(...outcome.ended)
      }
      expect(ended).toEqual(ids.slice(0, 3))
    }
    const subject = newSubject()
    const first = await open(subject, START)
    const second = await open(subject, START + SECOND)
    const refreshed = { at: START + 2 * SECOND }
    for (const { session } of [second, first]) ofKind(await present(session, refreshed), 'rotated')
    expect((await open(subject, START + 3 * SECOND)).ended).toEqual([first.session.id])
  })

  test('a limit that is lower than before ends as many as it takes', async () => {
    const { store } = here()
    const subject = newSubject()
    const ids: string[] = []
    for (let second = 0; second < 5; second++)
      ids.push((await opened(store, opening(subject, { at: START + second * SECOND }))).id)
    const last = opening(subject, { at: START + 5 * SECOND, sessionLimit: 1 })
    const { ended } = ofKind(await store.sessions.open(last), 'opened')
    expect([...ended].sort()).toEqual([...ids].sort())
    expect(await present(last, { at: last.at })).toMatchObject({ kind: 'rotated' })
  })

  test('expired sessions do not count, and nothing is said of their end', async () => {
    const { store } = here()
    const subject = newSubject()
    const old = await opened(store, opening(subject))
    const outcome = await store.sessions.open(opening(subject, { at: START + HOUR, sessionLimit: 1 }))
    expect(outcome).toMatchObject({ kind: 'opened', ended: [] })
    expect(await isRevoked(store, old.id, subject.tag)).toBe(false)
  })

  test("another subject's sessions do not count", async () => {
    const { store } = here()
    await opened(store, opening(newSubject()))
    const outcome = await store.sessions.open(opening(newSubject(), { sessionLimit: 1 }))
    expect(outcome).toMatchObject({ kind: 'opened', ended: [] })
  })

  test('over the limit of refreshes nothing changes until the window is over', async () => {
    const session = await opened(here().store, opening(newSubject()))
    const at = START + SECOND
    expect(await present(session, { refreshLimit, at })).toMatchObject({ kind: 'rotated' })
    const second = { generation: 2, refreshLimit, at: at + 10 * SECOND }
    expect(await present(session, second)).toMatchObject({ kind: 'rotated' })
    const third = { generation: 3, refreshLimit }
    const end = at + refreshLimit.windowMs
    const limited = (retryAfterMs: number) => ({ kind: 'limited', retryAfterMs })
    expect(await present(session, { ...third, at: at + 20 * SECOND })).toEqual(limited(40 * SECOND))
    expect(await present(session, { ...third, at: end - 1 })).toEqual(limited(1))
    expect(await present(session, { ...third, at: end })).toMatchObject({
      kind: 'rotated',
      session: { generation: 4, rotatedAt: end },
    })
    expect(await present(session, { ...third, generation: 4, at: end + 1 })).toMatchObject({
      kind: 'rotated',
    })
    expect(await present(session, { ...third, generation: 5, at: end + 2 })).toMatchObject({
      kind: 'limited',
    })
  })

  test('the limit of refreshes is one for all sessions of a subject, and for nobody else', async () => {
    const { store } = here()
    const subject = newSubject()
    const [one, two, three, stranger] = await Promise.all([
      ...[0, 1, 2].map((second) => opened(store, opening(subject, { at: START + second }))),
      opened(store, opening(newSubject())),
    ])
    const kinds: string[] = []
    for (const session of [one, two, three, stranger])
      kinds.push((await present(session as Session, { refreshLimit })).kind)
    expect(kinds).toEqual(['rotated', 'rotated', 'limited', 'rotated'])
  })

  test('over the limit of refreshes, theft is still theft, and racing tabs still converge', async () => {
    const session = await rotated(here().store, await opened(here().store, opening(newSubject())), 2)
    const none = { refreshLimit: { count: 1, windowMs: HOUR } }
    expect(await present(session, { generation: 3, ...none })).toMatchObject({ kind: 'rotated' })
    expect(await present(session, { generation: 4, ...none })).toMatchObject({ kind: 'limited' })
    expect(await present(session, { generation: 3, ...none })).toMatchObject({ kind: 'converged' })
    expect(await present(session, { generation: 2, ...none })).toMatchObject({ kind: 'reused' })
  })

  test('over the limit of converged answers nothing changes, and the next generation begins anew', async () => {
    const session = await rotated(here().store, await opened(here().store, opening(newSubject())))
    const limit = { convergedLimit: 2 }
    const kinds: string[] = []
    for (let time = 0; time < 4; time++) kinds.push((await present(session, limit)).kind)
    expect(kinds).toEqual(['converged', 'converged', 'limited', 'limited'])
    expect(ofKind(await present(session, limit), 'limited').retryAfterMs).toBeGreaterThan(0)
    expect(await present(session, { generation: 2, ...limit })).toMatchObject({
      kind: 'rotated',
      session: { generation: 3 },
    })
    expect(await present(session, { generation: 2, ...limit })).toMatchObject({ kind: 'converged' })
  })
}
