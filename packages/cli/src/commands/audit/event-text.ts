import type { TrailEvent } from '@sallyport/audit'
import { safe } from '../../terminal/safe.ts'

interface Column {
  readonly heading: string
  readonly width: number
  readonly of: (event: TrailEvent) => unknown
}

/** Of fixed widths, since the rows of a trail that goes on come one by one. */
const COLUMNS: readonly Column[] = [
  { heading: 'TIME', width: 26, of: ({ time }) => time },
  { heading: 'EVENT', width: 20, of: ({ event }) => event },
  { heading: 'OUTCOME', width: 9, of: ({ outcome }) => outcome },
  { heading: 'USER', width: 24, of: ({ sub }) => sub },
  { heading: 'SESSION', width: 40, of: ({ sid }) => sid },
  { heading: 'ADDRESS', width: 17, of: ({ ip }) => ip },
  { heading: 'REASON', width: 0, of: ({ reason }) => reason },
]

export const HEADINGS: string = lineOf(COLUMNS.map(({ heading }) => heading))

export function lineOfEvent(event: TrailEvent): string {
  return lineOf(COLUMNS.map(({ of }) => safe(textOf(of(event)))))
}

function lineOf(cells: readonly string[]): string {
  const padded = cells.map((cell, at) => `${cell} `.padEnd(COLUMNS[at]?.width ?? 0))
  return `${padded.join('').trimEnd()}\n`
}

function textOf(value: unknown): string | undefined {
  return value === undefined || typeof value === 'string' ? value : JSON.stringify(value)
}
