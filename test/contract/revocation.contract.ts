import { randomUUID } from 'node:crypto'
import type { Revocation } from '@sallyport/core'
import type { TokenIdentity } from '@sallyport/core/store'
import { expect, test } from 'vitest'
import {
  LIFETIMES,
  newId,
  newSubject,
  ofKind,
  opened,
  opening,
  rotation,
  SECOND,
  START,
  type Subject,
  tokenOf,
} from './fixtures.ts'
import type { Here } from './store.contract.ts'

const NOW = START / SECOND

/** What the store itself says of a token, and what is put back into it. */
export function revocationContract(here: Here): void {
  const verdict = async (token: TokenIdentity): Promise<string> =>
    (await here().other.revocations.check(token)).kind
  const assert = async (...revocations: readonly Revocation[]): Promise<void> => {
    for (const one of revocations) {
      const { store } = here()
      const asserted = await store.revocations.assert(store.revocations.shardOf(one), [one], START)
      expect(asserted).toEqual({ kind: 'asserted' })
    }
  }
  const endAll = async (subject: Subject, at: number) =>
    ofKind(await here().store.sessions.endSubject({ tag: subject.tag, at, lifetimes: LIFETIMES }), 'ended')
  const issueFrom = async (subject: Subject, at: number): Promise<number> =>
    ofKind(await here().store.sessions.open(opening(subject, { at })), 'opened').issueFrom

  test('a token that nothing was revoked of is live', async () => {
    expect(await verdict(tokenOf(newSubject().tag))).toBe('live')
  })

  test.each(['token', 'key'] as const)('a revoked %s is revoked at once, and nothing else', async (kind) => {
    const { tag } = newSubject()
    const token = tokenOf(tag)
    const revocation: Revocation = kind === 'token' ? { kind, jti: token.jti } : { kind, kid: token.kid }
    expect(await here().store.revocations.revoke(revocation, START)).toEqual({ kind: 'revoked' })
    expect(await verdict(token)).toBe('revoked')
    const own = kind === 'token' ? { jti: token.jti } : { kid: token.kid }
    expect(await verdict(tokenOf(tag, own))).toBe('revoked')
    expect(await verdict({ ...token, ...(kind === 'token' ? { jti: 'other' } : { kid: 'other' }) })).toBe(
      'live',
    )
    // The same text in another place names another thing.
    const text = kind === 'token' ? token.jti : token.kid
    const elsewhere = kind === 'token' ? { kid: text } : { jti: text }
    expect(await verdict(tokenOf(tag, { session: text, ...elsewhere }))).toBe('live')
  })

  test('what was put back is revoked as it was', async () => {
    const subject = newSubject()
    const [spared, token] = [newId(subject), tokenOf(subject.tag)]
    await assert(
      { kind: 'token', jti: token.jti },
      { kind: 'key', kid: 'lost key' },
      { kind: 'session', session: 'lost session' },
      { kind: 'subject', tag: subject.tag, notBefore: NOW + 10, except: spared },
    )
    expect(await verdict(token)).toBe('revoked')
    expect(await verdict(tokenOf(newSubject().tag, { kid: 'lost key' }))).toBe('revoked')
    expect(await verdict(tokenOf(newSubject().tag, { session: 'lost session' }))).toBe('revoked')
    expect(await verdict(tokenOf(subject.tag, { issuedAt: NOW + 10 }))).toBe('revoked')
    expect(await verdict(tokenOf(subject.tag, { issuedAt: NOW + 11 }))).toBe('live')
    expect(await verdict(tokenOf(subject.tag, { session: spared }))).toBe('live')
  })

  test('a session that came back from the dead is ended by what is put back', async () => {
    const { store } = here()
    const subject = newSubject()
    const [dead, alive] = [await opened(store, opening(subject)), await opened(store, opening(subject))]
    await assert({ kind: 'session', session: dead.id })
    expect(await store.sessions.rotate(rotation(dead))).toEqual({ kind: 'unknown' })
    expect(await store.sessions.rotate(rotation(alive))).toMatchObject({ kind: 'rotated' })
  })

  test('nothing to put back is no fault', async () => {
    expect(await here().store.revocations.assert(0, [], START)).toEqual({ kind: 'asserted' })
  })

  test('many are put back at once', async () => {
    const { store } = here()
    const subject = newSubject()
    const sessions = Array.from({ length: 1201 }, () => newId(subject))
    const lost = sessions.map((session): Revocation => ({ kind: 'session', session }))
    const shard = store.revocations.shardOf(lost[0] as Revocation)
    await store.revocations.assert(shard, lost, START)
    for (const session of [sessions[0], sessions[500], sessions[1200]])
      expect(await verdict(tokenOf(subject.tag, { session: session ?? '' }))).toBe('revoked')
  })

  test('tokens after the end of a subject say that they were issued after it', async () => {
    const { store } = here()
    const subject = newSubject()
    const kept = await opened(store, opening(subject))
    const ending = { tag: subject.tag, at: START + 900, lifetimes: LIFETIMES, except: kept.id }
    await store.sessions.endSubject(ending)
    expect(await issueFrom(subject, START + 901)).toBe(NOW + 1)
    const next = rotation(kept, { generation: 3, at: START + 950 })
    expect(await store.sessions.rotate(next)).toMatchObject({ kind: 'rotated', issueFrom: NOW + 1 })
    expect(await store.sessions.rotate(next)).toMatchObject({ kind: 'converged', issueFrom: NOW + 1 })
    const token = tokenOf(subject.tag, { session: randomUUID(), issuedAt: NOW + 1 })
    expect(await verdict(token)).toBe('live')
  })

  test('so they do after a revocation of the subject was put back', async () => {
    const subject = newSubject()
    await assert({ kind: 'subject', tag: subject.tag, notBefore: NOW + 10 })
    expect(await issueFrom(subject, START)).toBe(NOW + 11)
  })

  test('a clock that goes back weakens no end of a subject', async () => {
    const subject = newSubject()
    await endAll(subject, START + 10 * SECOND)
    await endAll(subject, START + 5 * SECOND)
    expect(await verdict(tokenOf(subject.tag, { issuedAt: NOW + 10 }))).toBe('revoked')
    expect(await issueFrom(subject, START + 6 * SECOND)).toBe(NOW + 11)
  })

  test('an older revocation of a subject that is put back weakens no later one', async () => {
    const subject = newSubject()
    await endAll(subject, START + 10 * SECOND)
    await assert({ kind: 'subject', tag: subject.tag, notBefore: NOW + 5 })
    expect(await verdict(tokenOf(subject.tag, { issuedAt: NOW + 10 }))).toBe('revoked')
    expect(await issueFrom(subject, START + 11 * SECOND)).toBe(NOW + 11)
  })

  test('a session that the store does not know is spared no longer than the latest end of its subject says', async () => {
    const { store } = here()
    const subject = newSubject()
    const unknown = newId(subject)
    const ending = { tag: subject.tag, at: START, lifetimes: LIFETIMES }
    const token = tokenOf(subject.tag, { session: unknown, issuedAt: NOW })
    await store.sessions.endSubject({ ...ending, except: unknown })
    expect(await verdict(token)).toBe('live')
    await store.sessions.endSubject({ ...ending, at: START + 1 })
    expect(await verdict(token)).toBe('revoked')
  })

  test('a session that was spared once is not spared by the next end of its subject', async () => {
    const { store } = here()
    const subject = newSubject()
    const session = await opened(store, opening(subject))
    const ending = { tag: subject.tag, at: START, lifetimes: LIFETIMES, except: session.id }
    await store.sessions.endSubject(ending)
    await endAll(subject, START + SECOND)
    const token = tokenOf(subject.tag, { session: session.id, issuedAt: NOW })
    expect(await verdict(token)).toBe('revoked')
  })
}
