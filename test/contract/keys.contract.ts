import type { KeyRecord, SealedKey } from '@sallyport/core'
import { expect, test } from 'vitest'
import { ofKind } from './fixtures.ts'
import type { Here } from './store.contract.ts'

const key = (kid: string, sealed = `sealed ${kid}`): SealedKey => ({ kid, sealed })

/** The ring of sealed signing keys. */
export function keysContract(here: Here): void {
  const read = async (): Promise<KeyRecord> => ofKind(await here().other.keys.read(), 'read')
  const sorted = (ring: KeyRecord): SealedKey[] => ring.keys.toSorted((a, b) => (a.kid < b.kid ? -1 : 1))

  test('a new ring is empty, and reading it changes nothing', async () => {
    const ring = await read()
    expect(ring.keys).toEqual([])
    expect(await read()).toEqual(ring)
  })

  test('added keys are there for all, and the version changes', async () => {
    const empty = await read()
    const added = ofKind(await here().store.keys.add([key('one'), key('two')]), 'added')
    expect(sorted(added.ring)).toEqual([key('one'), key('two')])
    expect(await read()).toMatchObject(added.ring)
    expect(added.ring.version).not.toBe(empty.version)
    const more = ofKind(await here().other.keys.add([key('three')]), 'added')
    expect(sorted(more.ring).map((one) => one.kid)).toEqual(['one', 'three', 'two'])
    expect(more.ring.version).not.toBe(added.ring.version)
  })

  test('a key that is there already stays as it is, and so does the version', async () => {
    const { ring } = ofKind(await here().store.keys.add([key('one')]), 'added')
    const again = ofKind(await here().store.keys.add([key('one', 'sealed anew')]), 'added')
    expect(again.ring).toEqual(ring)
    const both = ofKind(await here().store.keys.add([key('one', 'sealed anew'), key('two')]), 'added')
    expect(sorted(both.ring)).toEqual([key('one'), key('two')])
  })

  test('nothing to add is no change', async () => {
    const ring = await read()
    expect(ofKind(await here().store.keys.add([]), 'added').ring.version).toBe(ring.version)
  })

  test('a ring that is not of the expected version is left as it is', async () => {
    const { version } = await read()
    const { ring } = ofKind(await here().store.keys.add([key('one')], version), 'added')
    const late = ofKind(await here().other.keys.add([key('two')], version), 'changed')
    expect(late.ring).toEqual(ring)
    expect(await read()).toMatchObject(ring)
    const next = ofKind(await here().other.keys.add([key('two')], ring.version), 'added')
    expect(sorted(next.ring)).toEqual([key('one'), key('two')])
  })

  test('of many that make the first key at once, one does', async () => {
    const { version } = await read()
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const { keys } = index % 2 === 0 ? here().store : here().other
        return keys.add([key(`key ${index}`)], version)
      }),
    )
    expect(outcomes.filter((outcome) => outcome.kind === 'added')).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome.kind === 'changed')).toHaveLength(19)
    expect((await read()).keys).toHaveLength(1)
  })
}
