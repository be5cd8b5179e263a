import { randomBytes } from 'node:crypto'
import type { FreshSubjectKey, SubjectKeyQuery, SubjectKeyStore, SubjectTag } from '@sallyport/core/store'
import { expect, test } from 'vitest'
import { HOUR, LIFETIMES, newSubject, ofKind, opened, opening, START } from './fixtures.ts'
import type { Here } from './store.contract.ts'

const freshKey = (): FreshSubjectKey => ({
  id: randomBytes(16).toString('base64url'),
  key: new Uint8Array(randomBytes(32)),
})

/** The keys under which the audit trail hides subjects. A store that keeps none has no pseudonyms. */
export function subjectKeysContract(here: Here): void {
  const stores = (): readonly SubjectKeyStore[] =>
    [here().store.subjectKeys, here().other.subjectKeys].map((one) => {
      if (one === undefined) throw new TypeError('the store keeps no keys of subjects')
      return one
    })
  const [one, other] = [() => stores()[0] as SubjectKeyStore, () => stores()[1] as SubjectKeyStore]
  const query = (tag: SubjectTag, more: Partial<SubjectKeyQuery> = {}): SubjectKeyQuery => ({
    ...{ tag, fresh: freshKey(), keptMs: 24 * HOUR, at: START },
    ...more,
  })

  test('a subject has the key that was made first, on every process', async () => {
    const { tag } = newSubject()
    const fresh = freshKey()
    const made = ofKind(await one().keyOf(query(tag, { fresh })), 'found')
    expect(made).toEqual({ kind: 'found', tag, pseudonym: made.pseudonym, key: fresh.key })
    expect(await other().keyOf(query(tag))).toEqual(made)
    expect(await other().keyOf(query(tag, { fresh: undefined }))).toEqual(made)
    expect(await other().keyBehind(made.pseudonym, START)).toEqual(made)
  })

  test('none is made unless there is a fresh one', async () => {
    const { tag } = newSubject()
    expect(await one().keyOf(query(tag, { fresh: undefined }))).toEqual({ kind: 'absent' })
    ofKind(await other().keyOf(query(tag)), 'found')
  })

  test('of many that are made at once, one is kept', async () => {
    const { tag } = newSubject()
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? one() : other()).keyOf(query(tag))),
    )
    const found = outcomes.map((outcome) => ofKind(outcome, 'found').pseudonym)
    expect(new Set(found).size).toBe(1)
  })

  test('subjects have keys of their own, and no pseudonym tells whose it is', async () => {
    const subjects = Array.from({ length: 50 }, newSubject)
    const found = await Promise.all(
      subjects.map(async ({ tag }) => ofKind(await one().keyOf(query(tag)), 'found')),
    )
    expect(new Set(found.map(({ pseudonym }) => pseudonym)).size).toBe(subjects.length)
    for (const [index, { pseudonym }] of found.entries())
      expect(pseudonym).not.toContain(subjects[index]?.tag)
  })

  test.each([
    '',
    'x',
    '0.',
    `0.${'a'.repeat(22)}`,
    `z.${'a'.repeat(22)}`,
    `0.${'a'.repeat(21)}*`,
    '../../x',
    'a'.repeat(10_000),
    '\0\n',
  ])('nobody is behind %j', async (pseudonym) => {
    expect(await one().keyBehind(pseudonym, START)).toEqual({ kind: 'absent' })
  })

  test('it is erased with its subject, who gets another one afterwards, and nothing of others', async () => {
    const [gone, stays] = [newSubject(), newSubject()]
    const first = ofKind(await one().keyOf(query(gone.tag)), 'found')
    const kept = ofKind(await one().keyOf(query(stays.tag)), 'found')
    ofKind(await other().keyOf(query(gone.tag)), 'found')
    ofKind(await here().other.sessions.erase(gone.tag, START), 'erased')
    expect(await one().keyOf(query(gone.tag, { fresh: undefined }))).toEqual({ kind: 'absent' })
    expect(await other().keyBehind(first.pseudonym, START)).toEqual({ kind: 'absent' })
    expect(await other().keyBehind(kept.pseudonym, START)).toEqual(kept)
    const second = ofKind(await one().keyOf(query(gone.tag)), 'found')
    expect(second.pseudonym).not.toBe(first.pseudonym)
    expect(await one().keyBehind(second.pseudonym, START)).toEqual(second)
  })

  test('it stays while its subject has sessions', async () => {
    const subject = newSubject()
    const session = await opened(here().store, opening(subject))
    const found = ofKind(await one().keyOf(query(subject.tag)), 'found')
    expect(await here().other.sessions.erase(subject.tag, START)).toEqual({ kind: 'in_use' })
    expect(await one().keyBehind(found.pseudonym, START)).toEqual(found)
    const ending = { tag: subject.tag, at: START, lifetimes: LIFETIMES }
    expect(ofKind(await here().store.sessions.endSubject(ending), 'ended').sessions).toEqual([session.id])
    ofKind(await here().other.sessions.erase(subject.tag, START), 'erased')
    expect(await one().keyBehind(found.pseudonym, START)).toEqual({ kind: 'absent' })
  })

  test('one that is made while its subject is erased is either gone, or the subject is in use', async () => {
    for (let round = 0; round < 50; round++) {
      const { tag } = newSubject()
      ofKind(await one().keyOf(query(tag)), 'found')
      const [erased, found] = await Promise.all([
        here().other.sessions.erase(tag, START),
        one().keyOf(query(tag)),
      ])
      const { pseudonym } = ofKind(found, 'found')
      const now = await one().keyOf(query(tag, { fresh: undefined }))
      expect(await one().keyBehind(pseudonym, START)).toEqual(now.kind === 'found' ? now : { kind: 'absent' })
      if (erased.kind === 'in_use') ofKind(now, 'found')
    }
  })
}
