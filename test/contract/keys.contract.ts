import type { KeyRecord, RingEntry } from '@sallyport/core/store'
import { expect, test, vi } from 'vitest'
import { ofKind } from './fixtures.ts'
import type { Here } from './store.contract.ts'

const key = (kid: string, sealed = `sealed ${kid}`): RingEntry => ({ kid, sealed })

/** The ring of signing keys. */
export function keysContract(here: Here): void {
  const read = async (): Promise<KeyRecord> => ofKind(await here().other.keys.read(), 'read')
  const sorted = (ring: KeyRecord): RingEntry[] => ring.entries.toSorted((a, b) => (a.kid < b.kid ? -1 : 1))
  const swap = async (entries: readonly RingEntry[]): Promise<KeyRecord> => {
    const { version } = await read()
    return ofKind(await here().store.keys.swap(entries, version), 'swapped').ring
  }

  test('a new ring is empty, and reading it changes nothing', async () => {
    const ring = await read()
    expect(ring.entries).toEqual([])
    expect(await read()).toEqual(ring)
  })

  test('what is swapped in is there for all, in the place of all that was, and the version changes', async () => {
    const empty = await read()
    const two = await swap([key('one'), key('two')])
    expect(sorted(two)).toEqual([key('one'), key('two')])
    expect(await read()).toMatchObject({ version: two.version })
    expect(two.version).not.toBe(empty.version)
    const other = await swap([key('two', 'sealed anew'), key('three')])
    expect(sorted(other)).toEqual([key('three'), key('two', 'sealed anew')])
    expect(sorted(await read())).toEqual(sorted(other))
    expect(other.version).not.toBe(two.version)
    expect((await swap([])).entries).toEqual([])
  })

  test('a key that is compromised stays known by its name and its instant', async () => {
    const gone: RingEntry = { kid: 'one', compromisedAt: 1_795_000_000_123 }
    expect(sorted(await swap([gone, key('two')]))).toEqual([gone, key('two')])
    expect(sorted(await read())).toEqual([gone, key('two')])
  })

  test('a ring that is not of the expected version is left as it is', async () => {
    const { version } = await read()
    const { ring } = ofKind(await here().store.keys.swap([key('one')], version), 'swapped')
    const late = ofKind(await here().other.keys.swap([key('two')], version), 'changed')
    expect(late.ring).toEqual(ring)
    expect(await read()).toMatchObject(ring)
    expect(ofKind(await here().other.keys.swap([key('two')], ring.version), 'swapped').ring.entries).toEqual([
      key('two'),
    ])
  })

  test('of many that swap at once, one does', async () => {
    const { version } = await read()
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const { keys } = index % 2 === 0 ? here().store : here().other
        return keys.swap([key(`key ${index}`)], version)
      }),
    )
    expect(outcomes.filter((outcome) => outcome.kind === 'swapped')).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome.kind === 'changed')).toHaveLength(19)
    expect((await read()).entries).toHaveLength(1)
  })

  test('a change is announced to every listener', async () => {
    const heard = { store: 0, other: 0 }
    here().store.keys.onChange(() => heard.store++)
    here().other.keys.onChange(() => heard.other++)
    await vi.waitFor(async () => {
      await swap([key('one')])
      expect(Math.min(heard.store, heard.other)).toBeGreaterThan(0)
    })
  })
}
