import { randomBytes } from 'node:crypto'
import type { Seen, Sighting, SightingStore, SightingsName } from '@sallyport/core/store'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HOUR, newSubject, ofKind, SECOND, START } from './fixtures.ts'
import type { Here } from './store.contract.ts'

const newName = (): SightingsName => randomBytes(16).toString('base64url').slice(0, 22) as SightingsName

const sightingOf = (more: Partial<Sighting> = {}): Sighting => ({
  ...{ name: newName(), value: 'a', windowMs: HOUR, most: 3, counts: 'latest' },
  ...more,
})

/** What was seen within windows. A store that keeps none finds no anomalies. */
export function sightingsContract(here: Here): void {
  const partOf = (which: 'store' | 'other'): SightingStore => {
    const { sightings } = here()[which]
    if (sightings === undefined) throw new TypeError('the store keeps no sightings')
    return sightings
  }
  const note = async (sighting: Sighting, at = START, which: 'store' | 'other' = 'store'): Promise<Seen> => {
    const { seen } = ofKind(await partOf(which).note([sighting], at), 'noted')
    return seen[0] as Seen
  }
  const read = async ({ name, windowMs }: Sighting, at = START) =>
    ofKind(await partOf('other').read(name, windowMs, at), 'read').values

  test('what is seen is told to all processes, the latest first', async () => {
    const sighting = sightingOf()
    expect(await note(sighting)).toEqual({ values: [{ value: 'a', at: START }] })
    const at = START + SECOND
    const both = [
      { value: 'b', at },
      { value: 'a', at: START },
    ]
    expect(await note({ ...sighting, value: 'b' }, at, 'other')).toEqual({ values: both })
    expect(await read(sighting, at)).toEqual(both)
  })

  test('a value that is seen again is kept once, and it is told when it was seen before', async () => {
    const sighting = sightingOf()
    await note(sighting)
    await note({ ...sighting, value: 'b' }, START + SECOND)
    const at = START + 2 * SECOND
    const values = [
      { value: 'a', at },
      { value: 'b', at: START + SECOND },
    ]
    expect(await note(sighting, at)).toEqual({ values, before: START })
  })

  test('where the first sighting counts, a value stays as it was until its window is over', async () => {
    const sighting = sightingOf({ counts: 'first' })
    expect(await note(sighting)).toEqual({ values: [{ value: 'a', at: START }] })
    const late = START + HOUR - 1
    expect(await note(sighting, late, 'other')).toEqual({
      values: [{ value: 'a', at: START }],
      before: START,
    })
    const at = START + HOUR
    expect(await note(sighting, at)).toEqual({ values: [{ value: 'a', at }] })
  })

  test('what was seen before the window is gone', async () => {
    const sighting = sightingOf()
    await note(sighting)
    await note({ ...sighting, value: 'b' }, START + SECOND)
    const at = START + HOUR
    expect(await read(sighting, at)).toEqual([{ value: 'b', at: START + SECOND }])
    expect(await note({ ...sighting, value: 'c' }, at)).toEqual({
      values: [
        { value: 'c', at },
        { value: 'b', at: START + SECOND },
      ],
    })
    expect(await read(sighting, at + HOUR)).toEqual([])
  })

  test('no more values are kept than are asked for, and the latest stay', async () => {
    const sighting = sightingOf()
    for (let nth = 0; nth < 10; nth++) await note({ ...sighting, value: `v${nth}` }, START + nth)
    expect((await read(sighting, START + 10)).map(({ value }) => value)).toEqual(['v9', 'v8', 'v7'])
  })

  test('many are noted in a call, in their order, each by itself', async () => {
    const [one, other] = [sightingOf(), sightingOf({ tag: newSubject().tag })]
    const all = [one, other, { ...one, value: 'b' }, { ...other, value: 'c' }, one]
    const { seen } = ofKind(await partOf('store').note(all, START), 'noted')
    expect(seen.map((each) => each?.values.map(({ value }) => value).join())).toEqual([
      ...['a', 'a', 'b,a', 'c,a', 'a,b'],
    ])
    expect(ofKind(await partOf('store').note([], START), 'noted').seen).toEqual([])
  })

  test('values are kept as they are, whatever printable characters they have', async () => {
    const value = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
      ...{ minLength: 1, maxLength: 64 },
    })
    const values = fc.uniqueArray(value, { minLength: 1, maxLength: 8 })
    const ofSubject = fc.boolean()
    await fc.assert(
      fc.asyncProperty(values, ofSubject, async (all, isOfSubject) => {
        const tag = isOfSubject ? { tag: newSubject().tag } : {}
        const sighting = sightingOf({ most: 64, ...tag })
        const noted = all.map((one) => ({ ...sighting, value: one }))
        const { seen } = ofKind(await partOf('store').note(noted, START), 'noted')
        expect(seen.at(-1)?.values.map((one) => one.value)).toEqual(all.toReversed())
      }),
      { numRuns: 60 },
    )
  })

  test('whatever is seen in whatever order, it is as the rule says', async () => {
    const step = fc.record({
      value: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      counts: fc.constantFrom('latest' as const, 'first' as const),
      passes: fc.constantFrom(0, 0, 1, HOUR / 3, HOUR / 2, HOUR),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.boolean(), async (steps, isOfSubject) => {
        const tag = isOfSubject ? { tag: newSubject().tag } : {}
        const sighting = sightingOf(tag)
        let expected: readonly { readonly value: string; readonly at: number }[] = []
        let at = START
        for (const [index, { value, counts, passes }] of steps.entries()) {
          at += passes
          const lately = expected.filter((one) => one.at > at - HOUR)
          const before = lately.find((one) => one.value === value)?.at
          const others = lately.filter((one) => one.value !== value)
          const stays = counts === 'first' && before !== undefined
          expected = stays ? lately : [{ value, at }, ...others].slice(0, sighting.most)
          const which = index % 2 === 0 ? 'store' : 'other'
          const seen = await note({ ...sighting, value, counts }, at, which)
          expect(seen).toEqual({ values: expected, ...(before === undefined ? {} : { before }) })
        }
      }),
      { numRuns: 60 },
    )
  })

  test('of many at once, none is lost, and no more are kept than are asked for', async () => {
    const names = Array.from({ length: 10 }, newName)
    const crowded = sightingOf({ most: 64 })
    await Promise.all(
      Array.from({ length: 500 }, (_, nth) =>
        partOf(nth % 2 === 0 ? 'store' : 'other').note(
          [
            sightingOf({ name: names[nth % 10] as SightingsName, value: `v${nth}`, most: 64 }),
            { ...crowded, value: `v${nth}` },
          ],
          START,
        ),
      ),
    )
    for (const [nth, name] of names.entries()) {
      const values = (await read(sightingOf({ name }))).map(({ value }) => value)
      const expected = Array.from({ length: 50 }, (_, index) => `v${index * 10 + nth}`)
      expect(values.toSorted()).toEqual(expected.toSorted())
    }
    expect(await read(crowded)).toHaveLength(64)
  })

  test('of many that see the same value at once, one is the first', async () => {
    for (const counts of ['first', 'latest'] as const) {
      const sighting = sightingOf({ counts })
      const all = await Promise.all(
        Array.from({ length: 100 }, (_, nth) => note(sighting, START, nth % 2 === 0 ? 'store' : 'other')),
      )
      expect(all.filter(({ before }) => before === undefined)).toHaveLength(1)
    }
  })

  test('names do not concern each other, and neither do subjects', async () => {
    const [one, other] = [newSubject(), newSubject()]
    const sighting = sightingOf({ tag: one.tag })
    await note(sighting)
    expect((await note({ ...sighting, name: newName() })).before).toBeUndefined()
    expect((await note({ ...sighting, tag: other.tag })).before).toBeUndefined()
    expect((await note(sighting)).before).toBe(START)
  })

  test('of a subject with very many names, the latest windows stay', async () => {
    const { tag } = newSubject()
    const lasting = sightingOf({ tag, windowMs: 100 * HOUR })
    await note(lasting)
    const brief = Array.from({ length: 50 }, (_, nth) => sightingOf({ tag, windowMs: HOUR + nth }))
    for (const sighting of brief) await note(sighting)
    expect((await note(lasting)).before).toBe(START)
    const [first, last] = [brief[0] as Sighting, brief.at(-1) as Sighting]
    expect((await note(last)).before).toBe(START)
    expect((await note(first)).before).toBeUndefined()
  })
}
