import type { Session } from '@sallyport/core'
import { MOST_LISTED, type SessionId, type SubjectTag } from '@sallyport/core/store'
import { beforeEach, expect, test } from 'vitest'
import {
  isRevoked,
  LIFETIMES,
  NOTHING,
  newSubject,
  ofKind,
  opened,
  opening,
  revokedSessions,
  rotation,
  SECOND,
  START,
  type Subject,
} from './fixtures.ts'
import type { Here } from './store.contract.ts'

/** More than a script of Redis may take apart into arguments or results at a time. */
export const MANY = 9000
const AT_ONCE = 500
const AT = START + SECOND

/** A subject that got very many sessions while nothing limited them. */
export function manySessionsContract(here: Here, many: number): void {
  let subject: Subject
  let sessions: readonly Session[]
  let ids: Set<SessionId>

  beforeEach(async () => {
    subject = newSubject()
    const all: Session[] = []
    while (all.length < many) {
      const openings = Array.from({ length: Math.min(AT_ONCE, many - all.length) }, () => opening(subject))
      all.push(...(await Promise.all(openings.map((one) => opened(here().store, one)))))
    }
    sessions = all
    ids = new Set(all.map((session) => session.id))
  })

  const list = async (tag: SubjectTag, include?: SessionId) => {
    const query = { tag, at: AT, lifetimes: LIFETIMES, ...(include === undefined ? {} : { include }) }
    return ofKind(await here().store.sessions.list(query), 'listed')
  }
  const listed = async (tag: SubjectTag) => (await list(tag)).sessions.map((session) => session.id)
  const endAll = async (except?: SessionId) => {
    const all = { tag: subject.tag, at: AT, lifetimes: LIFETIMES }
    const ending = except === undefined ? all : { ...all, except }
    return ofKind(await here().store.sessions.endSubject(ending), 'ended')
  }
  /** Some of the sessions, from the first to the last. */
  const some = (): readonly Session[] => sessions.filter((_, index) => index % 1000 === 500)
  const revoked = () => revokedSessions(here().other, subject.tag)

  test('sees the latest, from the last sign-in on, and the one that it asks for', async () => {
    const latest: Session[] = []
    for (let index = 0; index < MOST_LISTED; index++)
      latest.unshift(await opened(here().store, opening(subject, { at: START + 1 + index })))
    expect(await list(subject.tag)).toEqual({ kind: 'listed', sessions: latest, more: true })
    const [first] = sessions
    const withFirst = { kind: 'listed', sessions: [...latest, first], more: true }
    expect(await list(subject.tag, first?.id)).toEqual(withFirst)
    expect(await list(subject.tag, latest[7]?.id)).toEqual({ kind: 'listed', sessions: latest, more: true })
  })

  test('and then signs in under a limit of five keeps five', async () => {
    const [replaced] = ids
    const last = opening(subject, { at: AT, sessionLimit: 5, replaces: replaced })
    const outcome = ofKind(await here().store.sessions.open(last), 'opened')
    expect(outcome).toMatchObject({ session: { id: last.id }, replaced: true })
    const ended = replaced === undefined ? [] : [...outcome.ended, replaced]
    const left = await listed(subject.tag)
    expect(left).toHaveLength(5)
    expect(left).toContain(last.id)
    expect(ended).toHaveLength(many - 4)
    expect(new Set([...left, ...ended])).toEqual(new Set([...ids, last.id]))
    expect(await revoked()).toEqual(new Set(ended))
  })

  test('under a limit loses those that were refreshed longest ago', async () => {
    const refreshed = some()
    for (const session of refreshed) await here().store.sessions.rotate(rotation(session))
    const last = opening(subject, { at: AT, sessionLimit: refreshed.length + 1 })
    await opened(here().store, last)
    expect(new Set(await listed(subject.tag))).toEqual(new Set([last.id, ...refreshed.map(({ id }) => id)]))
  })

  test('and is signed out everywhere has none, and all are revoked', async () => {
    const outcome = await endAll()
    expect(outcome.sessions).toHaveLength(many)
    expect(new Set(outcome.sessions)).toEqual(ids)
    expect(await list(subject.tag)).toEqual({ kind: 'listed', sessions: [], more: false })
    expect(await revoked()).toEqual(ids)
    for (const session of some()) {
      expect(await here().other.sessions.rotate(rotation(session))).toEqual({ kind: 'unknown' })
      expect(await here().other.sessions.read(session.id)).toEqual({ kind: 'unknown' })
    }
  })

  test('and is signed out everywhere can sign in again in the same millisecond', async () => {
    await endAll()
    const session = await opened(here().store, opening(subject, { at: AT }))
    expect(await listed(subject.tag)).toEqual([session.id])
    const refresh = rotation(session, { at: AT })
    expect(await here().other.sessions.rotate(refresh)).toMatchObject({ kind: 'rotated' })
    expect((await endAll()).sessions).toEqual([session.id])
  })

  test('and is signed out everywhere loses all sessions at one moment', async () => {
    const { store, other } = here()
    const query = { tag: subject.tag, at: AT, lifetimes: LIFETIMES }
    let isUnderWay = true
    const ending = store.sessions.endSubject(query).finally(() => {
      isUnderWay = false
    })
    const kinds: string[] = []
    for (const session of [...sessions].reverse()) {
      kinds.push((await other.sessions.rotate(rotation(session))).kind)
      if (!isUnderWay) break
    }
    const firstGone = kinds.indexOf('unknown')
    if (firstGone !== -1) expect(new Set(kinds.slice(firstGone))).toEqual(new Set(['unknown']))
    const { sessions: ended } = ofKind(await ending, 'ended')
    expect(new Set(ended)).toEqual(ids)
  })

  test('is signed out everywhere else, and keeps the one', async () => {
    const [kept] = sessions
    if (kept === undefined) throw new Error('there are sessions')
    const outcome = await endAll(kept.id)
    expect(outcome.sessions).toHaveLength(many - 1)
    expect(outcome.kept).toEqual({ ...kept, generation: 3, rotatedAt: AT })
    expect(await listed(subject.tag)).toEqual([kept.id])
    expect(await isRevoked(here().other, kept.id, subject.tag)).toBe(false)
    const refresh = rotation(kept, { generation: 3, at: AT })
    expect(await here().other.sessions.rotate(refresh)).toMatchObject({ kind: 'rotated' })
  })

  test('that all get another scope live on with it', async () => {
    const { store, other } = here()
    const renewal = { tag: subject.tag, at: AT, lifetimes: LIFETIMES, known: NOTHING, scope: 'notes:read' }
    const { sessions: renewed, revocation } = ofKind(await store.sessions.renew(renewal), 'renewed')
    expect(renewed).toHaveLength(many)
    expect(new Set(renewed)).toEqual(ids)
    for (const session of some()) {
      const outcome = ofKind(await other.sessions.rotate(rotation(session, { at: AT })), 'rotated')
      expect(outcome.session).toEqual({
        ...session,
        generation: 2,
        rotatedAt: AT,
        scope: 'notes:read',
      })
      expect(outcome.issueFrom).toBeGreaterThan(revocation.notBefore)
    }
  })

  test('that have all expired signs in, and has one', async () => {
    const at = AT + LIFETIMES.absoluteMs
    const next = opening(subject, { at, sessionLimit: 5 })
    expect(ofKind(await here().store.sessions.open(next), 'opened').ended).toEqual([])
    const outcome = await here().store.sessions.list({ tag: subject.tag, at, lifetimes: LIFETIMES })
    expect(ofKind(outcome, 'listed').sessions.map((session) => session.id)).toEqual([next.id])
  })
}
