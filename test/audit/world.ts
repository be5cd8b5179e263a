import { readFile, writeFile } from 'node:fs/promises'
import type { TrailFault } from '@sallyport/audit'
import type { AuditSink } from '@sallyport/core'
import fc from 'fast-check'
import { eventAt, fileSink, filesOf, HOUR } from './trail.ts'

/** What happens to the processes of a trail. */
export type Move =
  | { readonly kind: 'write'; readonly processId: number; readonly events: number; readonly minutes: number }
  | { readonly kind: 'restart' | 'crash'; readonly processId: number }

export interface History {
  readonly isShared: boolean
  readonly moves: readonly Move[]
}

const processId = fc.nat(2)
const write = fc.record({
  ...{ kind: fc.constant('write' as const), processId },
  ...{ events: fc.integer({ min: 1, max: 5 }), minutes: fc.integer({ min: 0, max: 90 }) },
})
const end = fc.record({ kind: fc.constantFrom('restart' as const, 'crash' as const), processId })

export const histories: fc.Arbitrary<History> = fc.record({
  isShared: fc.boolean(),
  moves: fc.array(fc.oneof({ weight: 4, arbitrary: write }, { weight: 1, arbitrary: end }), {
    minLength: 2,
    maxLength: 20,
  }),
})

/** Plays a history. Gives how many events were written, and the processes that are left. */
export async function play(
  path: string,
  { isShared, moves }: History,
): Promise<{ records: number; sinks: readonly AuditSink[] }> {
  const sinks: AuditSink[] = []
  const options = { rotate: isShared ? (false as const) : { hours: 1 } }
  let now = 0
  let written = 0
  const sinkOf = (index: number): AuditSink => {
    sinks[index] ??= fileSink(path, options)
    return sinks[index]
  }
  for (const move of moves)
    switch (move.kind) {
      case 'write': {
        now += (move.minutes / 60) * HOUR
        const at = now
        const events = Array.from({ length: move.events }, () => eventAt(at, { jti: `j${written++}` }))
        await sinkOf(move.processId).write(events)
        break
      }
      case 'restart':
        await sinks[move.processId]?.close?.()
        delete sinks[move.processId]
        break
      case 'crash':
        delete sinks[move.processId]
        break
    }
  return { records: written, sinks: sinks.filter((sink) => sink !== undefined) }
}

/** A record, as it lies in the files. */
export interface Lying {
  readonly file: string
  /** From 0. */
  readonly index: number
  readonly text: string
  readonly processId: string
  readonly number: number
}

export interface Lines {
  readonly file: string
  readonly lines: readonly string[]
}

export async function readLines(path: string): Promise<Lines[]> {
  const files = await filesOf(path, '.jsonl')
  return Promise.all(
    files.map(async (file) => ({ file, lines: (await readFile(file, 'utf8')).split('\n').slice(0, -1) })),
  )
}

export function recordsIn(files: readonly Lines[]): Lying[] {
  return files.flatMap(({ file, lines }) =>
    lines.map((text, index) => {
      const [, name = '', number = ''] = /"chain":"([^."]+)\.(\d+)\.[^"]+"\}$/.exec(text) ?? []
      return { file, index, text, processId: name, number: Number(number) }
    }),
  )
}

export const save = (file: string, lines: readonly string[]): Promise<void> =>
  writeFile(file, lines.map((line) => `${line}\n`).join(''))

/** What must be found: of one of these kinds, at one of these places, and the rest as it is here. */
export interface Expected {
  readonly kinds: readonly TrailFault['kind'][]
  readonly places?: readonly { readonly file: string; readonly line: number }[]
  readonly processId?: string
  readonly number?: number
}
