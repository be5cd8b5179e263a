import { randomBytes } from 'node:crypto'
import type { OnceMark, OnceName, OnceOutcome, OnceStore } from '@sallyport/core/store'
import { expect, test, vi } from 'vitest'
import { HOUR, SECOND, START } from './fixtures.ts'
import type { Here } from './store.contract.ts'

const newName = (): OnceName => randomBytes(17).toString('base64url').slice(0, 22) as OnceName
const markOf = (more: Partial<OnceMark> = {}): OnceMark => ({
  ...{ name: newName(), keptMs: HOUR, at: START },
  ...more,
})
const FIRST: OnceOutcome = { kind: 'first' }
const SEEN: OnceOutcome = { kind: 'seen' }

/** What may happen once. A store that keeps none can check no DPoP proofs. */
export function onceContract(here: Here): void {
  const partOf = (which: 'store' | 'other'): OnceStore => {
    const { once } = here()[which]
    if (once === undefined) throw new TypeError('the store does not keep what may happen once')
    return once
  }
  const [one, other] = [() => partOf('store'), () => partOf('other')]

  test('a name is first once, for all processes together', async () => {
    const mark = markOf()
    expect(await one().mark(mark)).toEqual(FIRST)
    expect(await one().mark(mark)).toEqual(SEEN)
    expect(await other().mark(mark)).toEqual(SEEN)
    expect(await other().mark({ ...mark, at: START + HOUR - SECOND })).toEqual(SEEN)
  })

  test('names do not concern each other, even if they differ in a single letter', async () => {
    const name = newName()
    expect(await one().mark(markOf({ name }))).toEqual(FIRST)
    const letters = [...name].map((letter) => (letter === 'a' ? 'b' : 'a'))
    const others = letters.map((letter, at) => `${name.slice(0, at)}${letter}${name.slice(at + 1)}`)
    for (const near of others) expect(await other().mark(markOf({ name: near as OnceName }))).toEqual(FIRST)
    expect(await one().mark(markOf({ name }))).toEqual(SEEN)
  })

  test('of 64 calls at once exactly one is first', async () => {
    for (let round = 0; round < 20; round++) {
      const mark = markOf()
      const outcomes = await Promise.all(
        Array.from({ length: 64 }, (_, index) => (index % 2 === 0 ? one() : other()).mark(mark)),
      )
      expect(outcomes.filter(({ kind }) => kind === 'first')).toHaveLength(1)
      expect(outcomes.filter(({ kind }) => kind === 'seen')).toHaveLength(63)
    }
  })

  test('a name is forgotten by itself when its time is over, and is not kept for longer by being asked for', async () => {
    const name = newName()
    const mark = (keptMs: number): Promise<OnceOutcome> => one().mark({ name, keptMs, at: Date.now() })
    expect(await mark(40)).toEqual(FIRST)
    const stays = markOf({ at: Date.now() })
    expect(await one().mark(stays)).toEqual(FIRST)
    await vi.waitFor(async () => expect(await mark(HOUR)).toEqual(FIRST), { timeout: 5000, interval: 5 })
    expect(await mark(HOUR)).toEqual(SEEN)
    expect(await other().mark({ ...stays, at: Date.now() })).toEqual(SEEN)
  })

  test('a look tells whether a name is marked, to all processes, and marks nothing', async () => {
    const mark = markOf({ at: Date.now() })
    const look = (): Promise<unknown> =>
      Promise.all([one, other].map((store) => store().look({ name: mark.name, at: Date.now() })))
    const [unseen, seen] = [{ kind: 'unseen' }, { kind: 'seen' }]
    expect(await look()).toEqual([unseen, unseen])
    expect(await one().mark(mark)).toEqual(FIRST)
    expect(await look()).toEqual([seen, seen])
    const short = newName()
    expect(await one().mark({ name: short, keptMs: 20, at: Date.now() })).toEqual(FIRST)
    const later = (): Promise<unknown> => one().look({ name: short, at: Date.now() })
    await vi.waitFor(async () => expect(await later()).toEqual(unseen), { timeout: 5000, interval: 5 })
  })

  test('part of a millisecond counts as one', async () => {
    expect(await one().mark(markOf({ keptMs: 0.25 }))).toEqual(FIRST)
    expect(await one().mark(markOf({ keptMs: 60_000.5 }))).toEqual(FIRST)
  })
}
