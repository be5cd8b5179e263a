import { randomUUID } from 'node:crypto'
import type { Session } from '@sallyport/core'
import type { SessionId, SubjectEnding } from '@sallyport/core/store'
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
  type Subject,
  tokenOf,
} from './fixtures.ts'
import type { Here } from './store.contract.ts'

/** Ending one session, and all of a subject. */
export function endingContract(here: Here): void {
  const end = (id: string, evenIfAbsent = false) =>
    here().store.sessions.end({ id, at: START + SECOND, evenIfAbsent })
  const endAll = async (subject: Subject, more: Partial<SubjectEnding> = {}) => {
    const ending = { tag: subject.tag, at: START + SECOND, lifetimes: LIFETIMES, ...more }
    return ofKind(await here().store.sessions.endSubject(ending), 'ended')
  }
  const present = (session: Pick<Session, 'id'>, generation: number, at = START + 2 * SECOND) =>
    here().store.sessions.rotate(rotation(session, { generation, at }))

  test('an ended session is unknown and revoked; ending it again finds none', async () => {
    const subject = newSubject()
    const session = await opened(here().store, opening(subject))
    const left = await opened(here().store, opening(subject))
    expect(await end(session.id)).toEqual({ kind: 'ended', subject: session.subject })
    expect(await isRevoked(here().other, session.id, subject.tag)).toBe(true)
    expect(await present(session, 1)).toEqual({ kind: 'unknown' })
    expect(await end(session.id)).toEqual({ kind: 'absent' })
    expect(await isRevoked(here().store, left.id, subject.tag)).toBe(false)
    expect(await present(left, 1)).toMatchObject({ kind: 'rotated' })
  })

  test.each([
    { whose: 'of ours', id: (): string => newId(newSubject()) },
    { whose: "of another issuer's", id: (): string => `urn:${randomUUID()}` },
  ])('an id $whose that the store does not know is revoked only if that is asked for', async ({ id }) => {
    const { tag } = newSubject()
    const [left, refused] = [id(), id()]
    expect(await end(left)).toEqual({ kind: 'absent' })
    expect(await isRevoked(here().other, left, tag)).toBe(false)
    expect(await end(refused, true)).toEqual({ kind: 'absent' })
    expect(await isRevoked(here().other, refused, tag)).toBe(true)
  })

  test('an id has one spelling: by another, no session is ended', async () => {
    const session = await opened(here().store, opening(newSubject()))
    const bytes = Buffer.from(session.id, 'base64url')
    const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const spellings = [...last]
      .map((letter) => session.id.slice(0, -1) + letter)
      .filter((text) => text !== session.id && Buffer.from(text, 'base64url').equals(bytes))
    expect(spellings).toHaveLength(15)
    for (const id of spellings) expect(await end(id)).toEqual({ kind: 'absent' })
    expect(await present(session, 1)).toMatchObject({ kind: 'rotated' })
  })

  test('ending a subject ends all sessions and refuses what was issued until now, sessions unknown included', async () => {
    const { store, other } = here()
    const subject = newSubject()
    const sessions = [await opened(store, opening(subject)), await opened(store, opening(subject))]
    const stranger = newSubject()
    const at = START + 5500
    const outcome = await endAll(subject, { at })
    const notBefore = Math.floor(at / SECOND)
    expect([...outcome.sessions].sort()).toEqual(sessions.map((one) => one.id).sort())
    expect(outcome.revocation).toEqual({ kind: 'subject', tag: subject.tag, notBefore })
    expect(outcome).not.toHaveProperty('kept')
    for (const session of sessions) {
      expect(await present(session, 1)).toEqual({ kind: 'unknown' })
      expect(await isRevoked(other, session.id, subject.tag)).toBe(true)
    }
    const kindOf = async (tag: Subject['tag'], issuedAt: number) =>
      (await other.revocations.check(tokenOf(tag, { issuedAt }))).kind
    expect(await kindOf(subject.tag, notBefore)).toBe('revoked')
    expect(await kindOf(subject.tag, notBefore + 1)).toBe('live')
    expect(await kindOf(stranger.tag, notBefore)).toBe('live')
  })

  test('ending a subject without sessions still refuses its tokens', async () => {
    const subject = newSubject()
    const { sessions, revocation } = await endAll(subject)
    expect(sessions).toEqual([])
    const { notBefore } = revocation
    const token = tokenOf(subject.tag, { issuedAt: notBefore })
    expect(await here().other.revocations.check(token)).toEqual({ kind: 'revoked' })
  })

  test('expired sessions are not told as ended', async () => {
    const subject = newSubject()
    await opened(here().store, opening(subject))
    expect((await endAll(subject, { at: START + HOUR })).sessions).toEqual([])
  })

  test('a session of cookies that is kept goes on two generations later, and none before it converges', async () => {
    const { store } = here()
    const subject = newSubject()
    const gone = await opened(store, opening(subject))
    const session = await rotated(store, await opened(store, opening(subject)), 2)
    await confirmed(store, session)
    const at = START + 5 * SECOND
    const outcome = await endAll(subject, { at, except: session.id })
    expect(outcome.sessions).toEqual([gone.id])
    expect(outcome.revocation).toMatchObject({ except: session.id, notBefore: at / SECOND })
    expect(outcome.kept).toEqual({ ...session, generation: 5, rotatedAt: at })
    expect(await isRevoked(here().other, session.id, subject.tag)).toBe(false)
    const own = tokenOf(subject.tag, { session: session.id, issuedAt: at / SECOND })
    expect(await here().other.revocations.check(own)).toEqual({ kind: 'live' })
    expect(await present(session, 5, at)).toMatchObject({ kind: 'rotated' })
    expect(await present(session, 5, at + SECOND)).toMatchObject({ kind: 'converged' })
  })

  test.each([3, 4])('of a kept session, generation %i from before is theft', async (generation) => {
    const { store } = here()
    const subject = newSubject()
    const session = await rotated(store, await opened(store, opening(subject)), 2)
    await endAll(subject, { except: session.id })
    if (generation === 4) await rotated(store, { ...session, generation: 5 })
    const kind = (await present(session, generation)).kind
    expect(kind).toBe('reused')
  })

  test('a session of bodies that is kept keeps its token, since no new one can be handed out', async () => {
    const { store } = here()
    const subject = newSubject()
    const grant = { transport: 'body' } as const
    const session = await opened(store, opening(subject, { grant }))
    const next = () => ({ ...rotation(session), ...grant })
    const current = ofKind(await store.sessions.rotate(next()), 'rotated').session
    await confirmed(store, current)
    expect((await endAll(subject, { at: START + GRACE, except: session.id })).kept).toEqual(current)
    const late = START + GRACE
    expect(await store.sessions.rotate({ ...next(), at: late })).toMatchObject({ kind: 'converged' })
    expect(await store.sessions.rotate({ ...next(), at: late + 2 * SECOND })).toMatchObject({
      kind: 'reused',
    })
  })

  test('a session to keep that is not there is not made', async () => {
    const subject = newSubject()
    const session = await opened(here().store, opening(subject))
    const except: SessionId = newId(subject)
    const outcome = await endAll(subject, { except })
    expect(outcome).not.toHaveProperty('kept')
    expect(outcome.sessions).toEqual([session.id])
    expect(outcome.revocation).toMatchObject({ except })
    expect(await present({ id: except }, 1)).toEqual({ kind: 'unknown' })
  })
}
