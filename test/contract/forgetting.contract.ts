import type { SightingsName } from '@sallyport/core/store'
import { expect, test } from 'vitest'
import {
  isRevoked,
  LIFETIMES,
  newSubject,
  ofKind,
  opened,
  opening,
  revokedSessions,
  rotation,
  SECOND,
  START,
} from './fixtures.ts'
import type { Here } from './store.contract.ts'

/** Erasing what is known of a subject whose sessions have ended. */
export function forgettingContract(here: Here): void {
  const ending = (tag: ReturnType<typeof newSubject>['tag']) => ({ tag, at: START, lifetimes: LIFETIMES })

  test('a subject without sessions is erased, one of whom nothing is known as well', async () => {
    expect(await here().store.sessions.erase(newSubject().tag, START)).toEqual({ kind: 'erased' })
    const { tag } = newSubject()
    ofKind(await here().store.sessions.endSubject(ending(tag)), 'ended')
    expect(await here().other.sessions.erase(tag, START)).toEqual({ kind: 'erased' })
  })

  test('one with a session is not, and the session lives', async () => {
    const subject = newSubject()
    const session = await opened(here().store, opening(subject))
    expect(await here().other.sessions.erase(subject.tag, START)).toEqual({ kind: 'in_use' })
    ofKind(await here().store.sessions.rotate(rotation(session)), 'rotated')
  })

  test('what was revoked stays revoked, and who comes back gets tokens that are good', async () => {
    const subject = newSubject()
    const session = await opened(here().store, opening(subject))
    ofKind(await here().store.sessions.endSubject(ending(subject.tag)), 'ended')
    ofKind(await here().store.sessions.erase(subject.tag, START), 'erased')
    expect(await isRevoked(here().other, session.id, subject.tag)).toBe(true)
    expect(await revokedSessions(here().other, subject.tag)).toEqual(new Set([session.id]))
    expect(await here().other.sessions.rotate(rotation(session))).toEqual({ kind: 'unknown' })
    const again = ofKind(await here().store.sessions.open(opening(subject)), 'opened')
    expect(again.issueFrom).toBe(START / SECOND + 1)
    const { sessions } = ofKind(await here().other.sessions.list(ending(subject.tag)), 'listed')
    expect(sessions.map(({ id, subject: name }) => [id, name])).toEqual([[again.session.id, subject.name]])
  })

  test('what happened to the subject is erased, too, and nothing of others', async () => {
    const [one, other] = [newSubject(), newSubject()]
    const { activity } = here().store
    if (activity === undefined) throw new TypeError('the store keeps no activity')
    const bounds = { most: 5, mostFailures: 5, keptMs: 60_000 }
    const entryOf = ({ tag }: typeof one) => ({
      ...({ tag, at: START, event: 'session.started', outcome: 'success', kind: 'sign_in' } as const),
    })
    const session = await opened(here().store, opening(one))
    const failure = { ...entryOf(one), kind: 'failure' } as const
    await activity.append([entryOf(one), entryOf(one), failure, entryOf(other)], bounds, START)
    ofKind(await here().store.sessions.end({ id: session.id, at: START, evenIfAbsent: false }), 'ended')
    ofKind(await here().store.sessions.erase(one.tag, START), 'erased')
    expect(await here().other.activity?.read(one.tag, START)).toEqual({ kind: 'read', entries: [] })
    expect(await here().other.activity?.read(other.tag, START)).toMatchObject({ entries: [entryOf(other)] })
  })

  test('what was seen of the subject is erased, and nothing that was seen of others', async () => {
    const [one, other] = [newSubject(), newSubject()]
    const { sightings } = here().store
    if (sightings === undefined) throw new TypeError('the store keeps no sightings')
    const sighting = {
      ...{ name: 'x'.repeat(22) as SightingsName, value: 'a', windowMs: 60_000, most: 5 },
      counts: 'latest',
    } as const
    const all = [sighting, { ...sighting, tag: one.tag }, { ...sighting, tag: other.tag }]
    await sightings.note(all, START)
    ofKind(await here().other.sessions.erase(one.tag, START), 'erased')
    const { seen } = ofKind(await sightings.note(all, START), 'noted')
    expect(seen.map((each) => each?.before)).toEqual([START, undefined, START])
  })

  test('a sign-in at the same moment is either erased before it, or keeps the subject', async () => {
    for (let round = 0; round < 50; round++) {
      const subject = newSubject()
      const [erased, session] = await Promise.all([
        here().other.sessions.erase(subject.tag, START),
        opened(here().store, opening(subject)),
      ])
      expect(['erased', 'in_use']).toContain(erased.kind)
      ofKind(await here().store.sessions.rotate(rotation(session)), 'rotated')
    }
  })
}
