import { randomUUID } from 'node:crypto'
import type { DocumentStore } from '@sallyport/core/store'
import { expect, test } from 'vitest'
import { ofKind } from './fixtures.ts'
import type { Here } from './store.contract.ts'

/** Documents that all processes share. In a store without them, nothing can be set up while processes run. */
export function documentsContract(here: Here): void {
  const partOf = (which: 'store' | 'other'): DocumentStore => {
    const { documents } = here()[which]
    if (documents === undefined) throw new TypeError('the store keeps no documents')
    return documents
  }
  const [one, other] = [() => partOf('store'), () => partOf('other')]
  const swap = (name: string, ifVersion: number, body: string, dropped: readonly string[] = []) =>
    one().swap({ name, ifVersion, body, dropped })
  const read = async (name: string) => ofKind(await other().read([name]), 'read').documents.get(name)
  const change = (name: string, ifVersion: number, set: string, member: string, more: object = {}) =>
    one().change({ name, ifVersion, set, member, isIn: true, most: 100, ...more })
  const members = async (set: string, ...of: readonly string[]) =>
    [...ofKind(await other().members(set, of), 'read').members].sort()
  const DONE = { kind: 'swapped' }
  const CHANGED = { kind: 'changed' }
  const NOTED = { kind: 'noted' }

  test('a document is read as it was written, by every process', async () => {
    const name = randomUUID()
    expect(await read(name)).toEqual({ version: 0, body: '' })
    const body = `{"text":"${'ü€ \\n '.repeat(4000)}"}`
    expect(await swap(name, 0, body)).toEqual(DONE)
    expect(await read(name)).toEqual({ version: 1, body })
    expect(await swap(name, 1, '')).toEqual(DONE)
    expect(await read(name)).toEqual({ version: 2, body: '' })
  })

  test('several are read at once, those that nobody has written too, and none', async () => {
    const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()]
    await swap(first, 0, 'a')
    await swap(third, 0, 'c')
    const { documents } = ofKind(await one().read([first, second, third]), 'read')
    expect([...documents]).toEqual([
      [first, { version: 1, body: 'a' }],
      [second, { version: 0, body: '' }],
      [third, { version: 1, body: 'c' }],
    ])
    expect(ofKind(await one().read([]), 'read').documents.size).toBe(0)
  })

  test('another version is not replaced', async () => {
    const name = randomUUID()
    expect(await swap(name, 1, 'x')).toEqual(CHANGED)
    expect(await swap(name, 0, 'a')).toEqual(DONE)
    for (const version of [0, 2, 17]) expect(await swap(name, version, 'x')).toEqual(CHANGED)
    expect(await read(name)).toEqual({ version: 1, body: 'a' })
  })

  test('of many that replace the same version, one does', async () => {
    const name = randomUUID()
    for (let version = 0; version < 5; version++) {
      const bodies = Array.from({ length: 16 }, (_, index) => `${version} ${index}`)
      const outcomes = await Promise.all(
        bodies.map((body, index) =>
          (index % 2 === 0 ? one() : other()).swap({ name, ifVersion: version, body, dropped: [] }),
        ),
      )
      const winners = bodies.filter((_, index) => outcomes[index]?.kind === 'swapped')
      expect(winners).toHaveLength(1)
      expect(await read(name)).toEqual({ version: version + 1, body: winners[0] })
    }
  })

  test('members are put in and taken out, as long as the document has that version', async () => {
    const [name, set] = [randomUUID(), randomUUID()]
    await swap(name, 0, 'a')
    expect(await change(name, 1, set, 'm1')).toEqual(NOTED)
    expect(await change(name, 1, set, 'm1')).toEqual(NOTED)
    expect(await change(name, 1, set, 'm2')).toEqual(NOTED)
    expect(await members(set, 'm1', 'm2', 'm3')).toEqual(['m1', 'm2'])
    expect(await members(set)).toEqual([])
    expect(await change(name, 1, set, 'm1', { isIn: false })).toEqual(NOTED)
    expect(await change(name, 1, set, 'm3', { isIn: false })).toEqual(NOTED)
    expect(await members(set, 'm1', 'm2', 'm3')).toEqual(['m2'])
    for (const version of [0, 2]) {
      expect(await change(name, version, set, 'm4')).toEqual(CHANGED)
      expect(await change(name, version, set, 'm2', { isIn: false })).toEqual(CHANGED)
    }
    expect(await members(set, 'm2', 'm4')).toEqual(['m2'])
    expect(await read(name)).toEqual({ version: 1, body: 'a' })
  })

  test('a set has no more than it may have, however many come at once', async () => {
    const [name, set] = [randomUUID(), randomUUID()]
    await swap(name, 0, 'a')
    const names = Array.from({ length: 12 }, (_, index) => `m${index}`)
    const outcomes = await Promise.all(
      names.map((member, index) =>
        (index % 2 === 0 ? one() : other()).change({
          ...{ name, ifVersion: 1, set, member, isIn: true, most: 5 },
        }),
      ),
    )
    expect(outcomes.filter(({ kind }) => kind === 'noted')).toHaveLength(5)
    expect(outcomes.filter(({ kind }) => kind === 'full')).toHaveLength(7)
    const [known = ''] = await members(set, ...names)
    expect(await change(name, 1, set, known, { most: 5 })).toEqual(NOTED)
    expect(await members(set, ...names)).toHaveLength(5)
  })

  test('sets are dropped with a version of their document, and only then', async () => {
    const [name, gone, stays] = [randomUUID(), randomUUID(), randomUUID()]
    await swap(name, 0, 'a')
    await change(name, 1, gone, 'm')
    await change(name, 1, stays, 'm')
    expect(await swap(name, 0, 'b', [gone])).toEqual(CHANGED)
    expect(await members(gone, 'm')).toEqual(['m'])
    expect(await swap(name, 1, 'b', [gone])).toEqual(DONE)
    expect([await members(gone, 'm'), await members(stays, 'm')]).toEqual([[], ['m']])
  })
}
