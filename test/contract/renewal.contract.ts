import { TOKENS_AHEAD_SECONDS } from '@sallyport/core/store'
import { expect, test } from 'vitest'
import {
  HOUR,
  LIFETIMES,
  NOTHING,
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

/** New access tokens for sessions that live on. */
export function renewalContract(here: Here): void {
  const renew = async ({ tag }: Subject, at = START, scope?: string) =>
    ofKind(
      await here().store.sessions.renew({ tag, at, lifetimes: LIFETIMES, known: NOTHING, scope }),
      'renewed',
    )
  const listed = async ({ tag }: Subject, at = START) =>
    ofKind(await here().other.sessions.list({ tag, at, lifetimes: LIFETIMES }), 'listed').sessions

  /** Whether a token is revoked that was issued at sign-in, or then. */
  const isRevoked = async ({ tag }: Subject, session: string, issuedAt = START / SECOND) => {
    const token = tokenOf(tag, { session, issuedAt })
    return (await here().other.revocations.check(token)).kind === 'revoked'
  }

  test('the tokens of every session are revoked, and the sessions live on as they were', async () => {
    const { store, other } = here()
    const subject = newSubject()
    const [one, two] = [await opened(store, opening(subject)), await opened(store, opening(subject))]
    const { sessions, revocation } = await renew(subject, START + SECOND)
    expect([...sessions].sort()).toEqual([one.id, two.id].sort())
    const notBefore = START / SECOND + 1 + TOKENS_AHEAD_SECONDS
    expect(revocation).toEqual({ kind: 'subject', tag: subject.tag, notBefore })
    expect(await isRevoked(subject, one.id)).toBe(true)
    expect(await listed(subject)).toEqual(expect.arrayContaining([one, two]))
    const refreshed = await other.sessions.rotate(rotation(one, { at: START + SECOND }))
    expect(ofKind(refreshed, 'rotated').issueFrom).toBe(notBefore + 1)
  })

  test('no token slips through that an earlier mark of the same second put off', async () => {
    const { store, other } = here()
    const subject = newSubject()
    const session = await opened(store, opening(subject))
    const { tag } = subject
    await store.sessions.endSubject({ tag, at: START, lifetimes: LIFETIMES, except: session.id })
    for (let generation = 3; generation < 6; generation++) {
      const { issueFrom } = ofKind(
        await other.sessions.rotate(rotation(session, { generation, at: START })),
        'rotated',
      )
      await renew(subject, START)
      expect(await isRevoked(subject, session.id, issueFrom)).toBe(true)
    }
  })

  test('no token slips through whose process has a clock that is ahead', async () => {
    const subject = newSubject()
    const session = await opened(here().store, opening(subject))
    await renew(subject, START)
    expect(await isRevoked(subject, session.id, START / SECOND + TOKENS_AHEAD_SECONDS)).toBe(true)
  })

  test('no token slips through that was put off by a mark that the store has lost', async () => {
    const { store } = here()
    const { tag } = newSubject()
    const known = { endedUntil: 0, refusedUntil: START / SECOND + TOKENS_AHEAD_SECONDS }
    const renewed = await store.sessions.renew({ tag, at: START, lifetimes: LIFETIMES, known })
    expect(ofKind(renewed, 'renewed').revocation.notBefore).toBe(known.refusedUntil + 1)
  })

  test('a mark that excepts a session does not undo the renewal of its tokens', async () => {
    const { store } = here()
    const subject = newSubject()
    const session = await opened(store, opening(subject))
    await renew(subject, START)
    const later = { tag: subject.tag, at: START + 10 * SECOND, lifetimes: LIFETIMES, except: session.id }
    await store.sessions.endSubject(later)
    expect(await isRevoked(subject, session.id)).toBe(true)
    expect(await isRevoked(subject, session.id, START / SECOND + 5)).toBe(false)
  })

  test('every session has the new scope, and nothing else of it changes', async () => {
    const { store } = here()
    const subject = newSubject()
    const lifetimes = { idleMs: HOUR / 2, absoluteMs: HOUR }
    const web = await opened(store, opening(subject, { grant: { amr: ['pwd'], device: '' } }))
    const native = await opened(
      store,
      opening(subject, {
        grant: { client: 'native', transport: 'body', scope: '', lifetimes, transient: true },
      }),
    )
    await renew(subject, START, 'notes:read notes:write')
    const scope = 'notes:read notes:write'
    expect(await listed(subject)).toEqual(
      expect.arrayContaining([
        { ...web, scope },
        { ...native, scope },
      ]),
    )
    expect(await rotated(store, web)).toMatchObject({ scope, amr: ['pwd'] })
    await renew(subject, START, '')
    expect((await listed(subject)).map((one) => one.scope)).toEqual(['', ''])
  })

  test('a scope of bytes that mean something elsewhere is kept as it is', async () => {
    const subject = newSubject()
    await opened(here().store, opening(subject))
    await renew(subject, START, '%0 %z\\1 %%')
    expect((await listed(subject))[0]?.scope).toBe('%0 %z\\1 %%')
  })

  test('a session that is over is not among them, and another subject is not concerned', async () => {
    const { store } = here()
    const [subject, somebody] = [newSubject(), newSubject()]
    await opened(store, opening(subject))
    const theirs = await opened(store, opening(somebody))
    expect((await renew(subject, START + HOUR, 'x')).sessions).toEqual([])
    expect(await isRevoked(somebody, theirs.id)).toBe(false)
    expect(await listed(somebody)).toEqual([theirs])
  })

  test('of a user without sessions, tokens are revoked all the same', async () => {
    const subject = newSubject()
    expect((await renew(subject)).sessions).toEqual([])
    expect(await isRevoked(subject, 'a session the store has lost')).toBe(true)
  })
}
