import type { ActivityBounds, ActivityEntry, ActivityStore, SubjectTag } from '@sallyport/core/store'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HOUR, newSubject, ofKind, opened, opening, SECOND, START } from './fixtures.ts'
import type { Here } from './store.contract.ts'

const BOUNDS: ActivityBounds = { most: 5, mostFailures: 3, keptMs: HOUR }

const entryOf = (tag: SubjectTag, more: Partial<ActivityEntry> = {}): ActivityEntry => ({
  ...{ tag, at: START, event: 'password.changed', outcome: 'success', kind: 'other' },
  ...more,
})
const signIn = (tag: SubjectTag, at = START): ActivityEntry =>
  entryOf(tag, { at, event: 'session.started', kind: 'sign_in' })

/** What happened to subjects. A store that keeps none shows them nothing. */
export function activityContract(here: Here): void {
  const partOf = (which: 'store' | 'other'): ActivityStore => {
    const { activity } = here()[which]
    if (activity === undefined) throw new TypeError('the store keeps no activity')
    return activity
  }
  const append = async (...entries: readonly ActivityEntry[]): Promise<void> => {
    ofKind(await partOf('store').append(entries, BOUNDS, START), 'appended')
  }
  const read = async (tag: SubjectTag, at = START): Promise<ActivityEntry[]> => {
    const { entries } = ofKind(await partOf('other').read(tag, at), 'read')
    return entries.toSorted((a, b) => b.at - a.at)
  }

  test('a subject to whom nothing happened has no entries', async () => {
    expect(await read(newSubject().tag)).toEqual([])
    await append()
  })

  test('an entry is there as it was given, for every process', async () => {
    const { tag } = newSubject()
    const bare = entryOf(tag)
    const full = entryOf(tag, {
      ...{ at: START + SECOND, event: 'session.ended', outcome: 'success' },
      ...{ ip: '2001:db8::1', device: 'Firefox on Zo\u00eb \u{1f600}', reason: 'logout' },
    })
    await append(bare, full)
    expect(await read(tag)).toEqual([full, bare])
  })

  test('whatever its parts are, as long as they have no control characters', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 255, minLength: 1 })
    const clean = text.filter((one) => !/\p{C}/u.test(one))
    const entry = fc.record(
      {
        at: fc.integer({ min: 0, max: 8_640_000_000_000 }),
        event: clean,
        outcome: fc.constantFrom('success' as const, 'failure' as const),
        kind: fc.constantFrom('sign_in' as const, 'failure' as const, 'other' as const),
        ...{ ip: clean, device: clean, reason: clean },
      },
      { requiredKeys: ['at', 'event', 'outcome', 'kind'] },
    )
    await fc.assert(
      fc.asyncProperty(entry, async (parts) => {
        const { tag } = newSubject()
        const given: ActivityEntry = { ...parts, tag }
        await append(given)
        expect(await read(tag)).toEqual([given])
      }),
      { numRuns: 60 },
    )
  })

  test('the entries of others are not among them', async () => {
    const [one, other] = [newSubject(), newSubject()]
    await append(entryOf(one.tag), entryOf(other.tag, { reason: 'theirs' }))
    expect(await read(one.tag)).toEqual([entryOf(one.tag)])
  })

  test('the newest ones stay, and one sign-in more at the most', async () => {
    const { tag } = newSubject()
    const entries = Array.from({ length: 12 }, (_, index) => entryOf(tag, { at: START + index * SECOND }))
    await append(...entries.slice(0, 7))
    await append(...entries.slice(7))
    const kept = await read(tag)
    expect(kept).toEqual(entries.slice(7).reverse())
  })

  test('failures push out nothing but failures', async () => {
    const { tag } = newSubject()
    const other = entryOf(tag)
    const failures = Array.from({ length: 9 }, (_, index) =>
      entryOf(tag, { at: START + (1 + index) * SECOND, event: 'login.failed', kind: 'failure' }),
    )
    await append(other, ...failures)
    expect(await read(tag)).toEqual([...failures.slice(6).reverse(), other])
  })

  test('sign-ins of a subject with sessions stay like all others', async () => {
    const subject = newSubject()
    const { tag } = subject
    await opened(here().store, opening(subject))
    const first = signIn(tag)
    await append(first)
    expect(await read(tag)).toEqual([first])
    const second = signIn(tag, START + SECOND)
    const failure = entryOf(tag, { at: START + 2 * SECOND })
    await append(second, failure)
    expect(await read(tag)).toEqual([failure, second, first])
    const more = Array.from({ length: 9 }, (_, index) => signIn(tag, START + (3 + index) * SECOND))
    await append(...more)
    const kept = await read(tag)
    expect(kept.slice(0, 5)).toEqual(more.slice(4).reverse())
    expect(kept.length).toBeLessThanOrEqual(6)
  })

  test('sign-ins of a subject without sessions stay, too', async () => {
    const { tag } = newSubject()
    await append(signIn(tag), signIn(tag, START + SECOND))
    expect(await read(tag)).toEqual([signIn(tag, START + SECOND), signIn(tag)])
  })

  test.each([
    ['failure', 'other'],
    ['other', 'failure'],
    ['failure', 'sign_in'],
  ] as const)('a %s keeps no entry of the kind %s longer', async (later, earlier) => {
    const { tag } = newSubject()
    const [first, second] = [entryOf(tag, { kind: earlier }), entryOf(tag, { kind: later })]
    ofKind(await partOf('store').append([first], { ...BOUNDS, keptMs: 20 }, START), 'appended')
    ofKind(await partOf('other').append([second], BOUNDS, START + 10), 'appended')
    // Some stores go by a clock of their own.
    await expect.poll(() => read(tag, START + 20), { timeout: 5000, interval: 5 }).toEqual([second])
  })

  test('of many that are added at once, none is lost', async () => {
    const { tag } = newSubject()
    const bounds = { ...BOUNDS, most: 1000 }
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => {
        const entries = Array.from({ length: 10 }, (_one, nth) =>
          entryOf(tag, { at: START + index * 10 + nth }),
        )
        return partOf(index % 2 === 0 ? 'store' : 'other').append(entries, bounds, START)
      }),
    )
    expect((await read(tag)).map(({ at }) => at - START)).toEqual(
      Array.from({ length: 500 }, (_, index) => 499 - index),
    )
  })
}
