import { unlink } from 'node:fs/promises'
import fc from 'fast-check'
import { type Expected, type Lines, type Lying, readLines, recordsIn, save } from './world.ts'

/** What somebody does to a trail. Gives what must be found; nothing if this trail has no place for it. */
export interface Mutation {
  readonly name: string
  apply(path: string, chance: Chance): Promise<Expected | undefined>
}

/** A number from 0 to a bound, the bound left out. */
export type Chance = (below: number) => number

export const chances: fc.Arbitrary<Chance> = fc
  .array(fc.nat(1_000_000), { minLength: 6, maxLength: 6 })
  .map((numbers) => {
    let next = 0
    return (below) => (numbers[next++ % numbers.length] ?? 0) % below
  })

function pick<T>(all: readonly T[], chance: Chance): T | undefined {
  return all.length === 0 ? undefined : all[chance(all.length)]
}

const linesOf = (files: readonly Lines[], path: string): string[] => [
  ...(files.find(({ file }) => file === path)?.lines ?? []),
]

const successorOf = (records: readonly Lying[], { processId, number }: Lying): Lying | undefined =>
  records.find((one) => one.processId === processId && one.number === number + 1)

const deletesLine: Mutation = {
  name: 'deletes a line',
  async apply(path, chance) {
    const files = await readLines(path)
    const records = recordsIn(files)
    const record = pick(records, chance)
    if (record === undefined) return undefined
    await save(record.file, linesOf(files, record.file).toSpliced(record.index, 1))
    const next = successorOf(records, record)
    const { processId, number } = record
    if (next === undefined) return { kinds: ['cut'], processId, number }
    const line = next.file === record.file ? next.index : next.index + 1
    return { kinds: ['missing'], places: [{ file: next.file, line }], processId, number }
  },
}

const editsByte: Mutation = {
  name: 'edits a byte',
  async apply(path, chance) {
    const files = await readLines(path)
    const record = pick(recordsIn(files), chance)
    if (record === undefined) return undefined
    const at = chance(record.text.length)
    const byte = String.fromCharCode(0x20 + chance(0x5f))
    const edited = record.text.slice(0, at) + byte + record.text.slice(at + 1)
    if (edited === record.text) return undefined
    await save(record.file, linesOf(files, record.file).with(record.index, edited))
    const { file, index, processId, number } = record
    return { kinds: ['edited'], places: [{ file, line: index + 1 }], processId, number }
  },
}

const swapsLines: Mutation = {
  name: 'swaps two lines of a process',
  async apply(path, chance) {
    const files = await readLines(path)
    const records = recordsIn(files)
    const one = pick(records, chance)
    const other = pick(
      records.filter(({ file, processId, index }) => {
        return file === one?.file && processId === one.processId && index > one.index
      }),
      chance,
    )
    if (one === undefined || other === undefined) return undefined
    const lines = linesOf(files, one.file).with(one.index, other.text).with(other.index, one.text)
    await save(one.file, lines)
    const { file, index, processId, number } = one
    return { kinds: ['reordered'], places: [{ file, line: index + 1 }], processId, number }
  },
}

const copiesLine: Mutation = {
  name: 'inserts a copy of a line',
  async apply(path, chance) {
    const files = await readLines(path)
    const copied = pick(recordsIn(files), chance)
    const target = pick(files, chance)
    if (copied === undefined || target === undefined) return undefined
    const at = chance(target.lines.length + 1)
    await save(target.file, target.lines.toSpliced(at, 0, copied.text))
    // Whichever of the two continues the chain is the original.
    const isMoved = copied.file === target.file && copied.index >= at
    const original = { file: copied.file, line: copied.index + (isMoved ? 2 : 1) }
    return {
      kinds: ['duplicated', 'reordered', 'missing', 'foreign'],
      places: [{ file: target.file, line: at + 1 }, original],
    }
  },
}

const MADE_UP = [
  'hello',
  '{}',
  '{"time":"2026-11-29T12:00:00.000Z","event":"session.started"}',
  '{"time":"2026-11-29T12:00:00.000Z","chain":"20261129T120000-0123456789ab.1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}',
  'CEF:1|x',
]

const insertsLine: Mutation = {
  name: 'inserts a line of its own making',
  async apply(path, chance) {
    const target = pick(await readLines(path), chance)
    const text = pick(MADE_UP, chance)
    if (target === undefined || text === undefined) return undefined
    const at = chance(target.lines.length + 1)
    await save(target.file, target.lines.toSpliced(at, 0, text))
    return { kinds: ['foreign'], places: [{ file: target.file, line: at + 1 }] }
  },
}

const cutsTail: Mutation = {
  name: 'cuts the end',
  async apply(path, chance) {
    const files = await readLines(path)
    const records = recordsIn(files)
    const ends = records.filter((record) => successorOf(records, record) === undefined)
    const end = pick(ends, chance)
    if (end === undefined) return undefined
    const lines = linesOf(files, end.file)
    const kept = chance(lines.length)
    const [cut] = recordsIn([{ file: end.file, lines }]).slice(kept)
    await save(end.file, lines.slice(0, kept))
    return cut && { kinds: ['cut'] }
  },
}

const deletesSegment: Mutation = {
  name: 'deletes a file',
  async apply(path, chance) {
    const files = await readLines(path)
    const records = recordsIn(files)
    const deleted = pick(files, chance)
    if (deleted === undefined) return undefined
    const [first] = recordsIn([deleted])
    const last = recordsIn([deleted]).at(-1)
    await unlink(deleted.file)
    if (first === undefined || last === undefined) return undefined
    if (deleted.file === path) return { kinds: ['cut'] }
    const next = successorOf(records, last)
    const { processId, number } = first
    if (next === undefined) return { kinds: ['cut'], processId, number }
    return { kinds: ['missing'], places: [{ file: next.file, line: 1 }], processId, number }
  },
}

export const mutations: readonly Mutation[] = [
  ...[deletesLine, editsByte, swapsLines, copiesLine, insertsLine, cutsTail, deletesSegment],
]
