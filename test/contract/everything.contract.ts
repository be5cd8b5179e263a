import type { SessionId, SubjectTag } from '@sallyport/core/store'
import { expect, test } from 'vitest'
import {
  GRACE,
  LIFETIMES,
  NOTHING,
  newSubject,
  ofKind,
  opened,
  opening,
  rotation,
  SECOND,
  START,
  tokenOf,
} from './fixtures.ts'
import type { Here } from './store.contract.ts'

const NOW = START / SECOND
const AT = START + SECOND
const TIMES = 20

/** The end of everything that there is. */
export function everythingContract(here: Here): void {
  const revokeAll = async (at = AT) =>
    ofKind(await here().store.revocations.revokeAll(at), 'revoked').revocation
  const listed = async (tag: SubjectTag): Promise<SessionId[]> => {
    const outcome = await here().other.sessions.list({ tag, at: AT, lifetimes: LIFETIMES })
    return ofKind(outcome, 'listed').sessions.map(({ id }) => id)
  }
  /** Subjects enough to be in every shard. */
  const subjects = () => Array.from({ length: 40 }, newSubject)

  test('no session that there was is known any more, whoever asks, and no token of it is good', async () => {
    const { store, other } = here()
    for (const subject of subjects()) {
      const session = await opened(store, opening(subject))
      const token = tokenOf(subject.tag, { session: session.id, issuedAt: NOW })
      expect(await other.revocations.check(token)).toEqual({ kind: 'live' })
    }
    const all = subjects()
    const sessions = await Promise.all(all.map((subject) => opened(store, opening(subject))))
    const revocation = await revokeAll()
    expect(revocation).toEqual({ kind: 'all', until: AT })
    for (const [index, { id }] of sessions.entries()) {
      const { tag } = all[index] ?? newSubject()
      const session = { id }
      expect(await other.sessions.read(id)).toEqual({ kind: 'unknown' })
      expect(await listed(tag)).toEqual([])
      expect(await other.sessions.rotate(rotation(session, { at: AT }))).toEqual({ kind: 'unknown' })
      expect(await other.sessions.end({ id, at: AT, evenIfAbsent: false })).toEqual({ kind: 'absent' })
      const renewed = await other.sessions.renew({ tag, at: AT, lifetimes: LIFETIMES, known: NOTHING })
      expect(ofKind(renewed, 'renewed').sessions).toEqual([])
      const ended = await other.sessions.endSubject({ tag, at: AT, lifetimes: LIFETIMES })
      expect(ofKind(ended, 'ended').sessions).toEqual([])
      const token = tokenOf(tag, { session: id, issuedAt: NOW + 1 })
      expect(await other.revocations.check(token)).toEqual({ kind: 'revoked' })
    }
  })

  test('a token that was on its way, or that a clock made which is ahead, is refused too; none of another issuer', async () => {
    const { other } = here()
    const { tag } = newSubject()
    await revokeAll()
    const verdict = async (part: Parameters<typeof tokenOf>[1]) =>
      (await other.revocations.check(tokenOf(tag, part))).kind
    expect(await verdict({ issuedAt: NOW + 3 })).toBe('revoked')
    expect(await verdict({ issuedAt: NOW + 4 })).toBe('live')
    expect(await verdict({ issuedAt: NOW, own: false })).toBe('live')
  })

  test('whoever signs in afterwards has a session and good tokens, in the same millisecond too', async () => {
    const { store, other } = here()
    const subject = newSubject()
    await opened(store, opening(subject))
    await revokeAll()
    for (const at of [AT, AT - SECOND, AT + SECOND]) {
      const { session, issueFrom, ended } = ofKind(
        await other.sessions.open(opening(subject, { at, sessionLimit: 3 })),
        'opened',
      )
      expect(ended).toEqual([])
      expect(issueFrom).toBe(NOW + 4)
      const token = tokenOf(subject.tag, { session: session.id, issuedAt: issueFrom })
      expect(await store.revocations.check(token)).toEqual({ kind: 'live' })
      const next = await store.sessions.rotate(rotation(session, { at: AT + 2 * SECOND }))
      expect(next).toMatchObject({ kind: 'rotated', issueFrom })
    }
    expect(await listed(subject.tag)).toHaveLength(3)
  })

  test('a session that ended so is not replaced, and ends no other for a limit', async () => {
    const { store } = here()
    const subject = newSubject()
    const old = await opened(store, opening(subject))
    await revokeAll()
    const first = await opened(store, opening(subject, { at: AT }))
    const second = ofKind(
      await store.sessions.open(opening(subject, { at: AT, sessionLimit: 2, replaces: old.id })),
      'opened',
    )
    expect(second).toMatchObject({ replaced: false, ended: [] })
    expect(new Set(await listed(subject.tag))).toEqual(new Set([first.id, second.session.id]))
  })

  test('every shard feeds it, and a second time one that is later', async () => {
    const { store, other } = here()
    const fed = async () => {
      const all = Array.from({ length: store.revocations.shards }, (_, shard) =>
        other.revocations.pull(shard, 0),
      )
      return (await Promise.all(all)).map((pulled) => ofKind(pulled, 'pulled').revocations)
    }
    const first = await revokeAll()
    expect(await fed()).toEqual(Array.from({ length: store.revocations.shards }, () => [first]))
    const second = await revokeAll(AT + SECOND)
    expect(await fed()).toEqual(Array.from({ length: store.revocations.shards }, () => [first, second]))
  })

  test('a clock that goes back, and an earlier one that is put back, weaken nothing', async () => {
    const { store } = here()
    const subject = newSubject()
    await revokeAll(AT + 10 * SECOND)
    const lives = await opened(store, opening(subject, { at: AT + 11 * SECOND }))
    await revokeAll(AT + 5 * SECOND)
    const shard = store.revocations.shardOfSession(lives.id)
    await store.revocations.assert(shard, [{ kind: 'all', until: START }], AT + 11 * SECOND)
    const token = tokenOf(subject.tag, { issuedAt: NOW + 12 })
    expect(await store.revocations.check(token)).toEqual({ kind: 'revoked' })
    expect(await store.sessions.read(lives.id)).toMatchObject({ kind: 'read' })
  })

  test('what it ended stays ended where it is put back beside sessions that reappeared', async () => {
    const { store, other } = here()
    const subject = newSubject()
    const dead = await opened(store, opening(subject))
    const lives = await opened(store, opening(subject, { at: AT + SECOND }))
    const shard = store.revocations.shardOfSession(dead.id)
    expect(await store.revocations.assert(shard, [{ kind: 'all', until: AT }], AT + SECOND)).toEqual({
      kind: 'asserted',
    })
    expect(await other.sessions.read(dead.id)).toEqual({ kind: 'unknown' })
    expect(await other.sessions.read(lives.id)).toMatchObject({ kind: 'read' })
    expect(await other.revocations.check(tokenOf(subject.tag, { issuedAt: NOW }))).toEqual({
      kind: 'revoked',
    })
  })

  test('whoever knows of it is right, although the store has lost it: nothing from before goes on, and all new is good', async () => {
    const { store, other } = here()
    const subject = newSubject()
    const before = await opened(store, opening(subject))
    const known = { endedUntil: AT, refusedUntil: NOW + 3 }
    const after = ofKind(await store.sessions.open(opening(subject, { known })), 'opened')
    expect(after).toMatchObject({ issueFrom: NOW + 4, session: { createdAt: AT + 1 } })
    expect(await other.sessions.rotate(rotation(before, { at: AT, known }))).toEqual({ kind: 'unknown' })
    const next = await other.sessions.rotate(rotation(after.session, { at: AT + SECOND, known }))
    expect(next).toMatchObject({ kind: 'rotated', issueFrom: NOW + 4 })
    const shard = store.revocations.shardOfSession(before.id)
    await store.revocations.assert(shard, [{ kind: 'all', until: AT }], AT + SECOND)
    expect(await other.sessions.read(after.session.id)).toMatchObject({ kind: 'read' })
  })

  test('a race with refreshes and sign-ins leaves no session alive that was there before', async () => {
    const { store, other } = here()
    for (let time = 0; time < TIMES; time++) {
      const subject = newSubject()
      const session = await opened(store, opening(subject))
      const at = AT + time * 10 * SECOND
      const [, during] = await Promise.all([
        store.revocations.revokeAll(at),
        other.sessions.rotate(rotation(session, { at, graceMs: GRACE })),
      ])
      expect(['rotated', 'unknown']).toContain(during.kind)
      const generation = during.kind === 'rotated' ? during.session.generation : 1
      const after = await other.sessions.rotate(rotation(session, { at, generation, graceMs: GRACE }))
      expect(after).toEqual({ kind: 'unknown' })
      const fresh = await opened(other, opening(subject, { at }))
      expect(await store.sessions.rotate(rotation(fresh, { at }))).toMatchObject({ kind: 'rotated' })
    }
  })
}
