import type { SessionId, SubjectTag } from '@sallyport/core/store'
import { beforeEach, expect, test } from 'vitest'
import { LIFETIMES, newSubject, ofKind, opening, SECOND, START, type Subject } from './fixtures.ts'
import type { Here } from './store.contract.ts'

/** More than a script may take apart into arguments or results at a time. */
const MANY = 9000
const AT_ONCE = 500
const AT = START + SECOND

/** A subject that got very many sessions while nothing limited them. */
export function manySessionsContract(here: Here): void {
  let subject: Subject
  let ids: Set<SessionId>

  beforeEach(async () => {
    subject = newSubject()
    ids = new Set()
    while (ids.size < MANY) {
      const openings = Array.from({ length: AT_ONCE }, () => opening(subject))
      const outcomes = await Promise.all(openings.map((one) => here().store.sessions.open(one)))
      for (const outcome of outcomes) ids.add(ofKind(outcome, 'opened').session.id)
    }
  })

  const listed = async (tag: SubjectTag): Promise<readonly SessionId[]> => {
    const outcome = await here().store.sessions.list({ tag, at: AT, lifetimes: LIFETIMES })
    return ofKind(outcome, 'listed').sessions.map((session) => session.id)
  }
  /** The sessions that whoever follows the feed is told of. */
  async function revoked(tag: SubjectTag): Promise<Set<string>> {
    const { revocations } = here().other
    const sessions = new Set<string>()
    const shard = revocations.shardOf({ kind: 'subject', tag, notBefore: 0 })
    let digest = 0n
    for (let position = 0; ; ) {
      const pulled = ofKind(await revocations.pull(shard, position), 'pulled')
      for (const revocation of pulled.revocations)
        if (revocation.kind === 'session') sessions.add(revocation.session)
      position = pulled.position
      digest ^= pulled.digest
      if (pulled.more) continue
      expect(pulled.mark.digest).toBe(digest)
      return sessions
    }
  }

  test('sees the latest, and the one that it asks for', async () => {
    const latest = opening(subject, { at: AT })
    await here().store.sessions.open(latest)
    const [first] = ids
    const query = { tag: subject.tag, at: AT, lifetimes: LIFETIMES, include: first }
    const { sessions, more } = ofKind(await here().store.sessions.list(query), 'listed')
    expect(sessions.map((session) => session.id)).toContain(first)
    expect(sessions[0]?.id).toBe(latest.id)
    expect(sessions.length).toBeLessThanOrEqual(101)
    expect(more).toBe(true)
  })

  test('and then signs in under a limit of five keeps five', async () => {
    const last = opening(subject, { at: AT, sessionLimit: 5 })
    const { ended, session } = ofKind(await here().store.sessions.open(last), 'opened')
    expect(session.id).toBe(last.id)
    const left = await listed(subject.tag)
    expect(left).toHaveLength(5)
    expect(left).toContain(last.id)
    expect(new Set([...left, ...ended])).toEqual(new Set([...ids, last.id]))
    expect(await revoked(subject.tag)).toEqual(new Set(ended))
  })

  test('and is signed out everywhere has none, and all are revoked', async () => {
    const outcome = await here().store.sessions.endSubject({ tag: subject.tag, at: AT, lifetimes: LIFETIMES })
    expect(new Set(ofKind(outcome, 'ended').sessions)).toEqual(ids)
    expect(await listed(subject.tag)).toEqual([])
    expect(await revoked(subject.tag)).toEqual(ids)
  })

  test('is signed out everywhere else, and keeps the one', async () => {
    const [kept] = ids
    if (kept === undefined) throw new Error('there are sessions')
    const ending = { tag: subject.tag, at: AT, lifetimes: LIFETIMES, except: kept }
    const outcome = ofKind(await here().store.sessions.endSubject(ending), 'ended')
    expect(outcome.sessions).toHaveLength(MANY - 1)
    expect(outcome.kept?.id).toBe(kept)
    expect(await listed(subject.tag)).toEqual([kept])
  })

  test('that have all expired signs in, and has one', async () => {
    const at = AT + LIFETIMES.absoluteMs
    const next = opening(subject, { at, sessionLimit: 5 })
    expect(ofKind(await here().store.sessions.open(next), 'opened').ended).toEqual([])
    const outcome = await here().store.sessions.list({ tag: subject.tag, at, lifetimes: LIFETIMES })
    expect(ofKind(outcome, 'listed').sessions.map((session) => session.id)).toEqual([next.id])
  })
}
