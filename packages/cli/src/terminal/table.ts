import { safe } from './safe.ts'

const GAP = 2

/** Rows under a heading. Each cell is made harmless for a terminal; columns are as wide as their longest cell. */
export function tableOf(
  headings: readonly string[],
  rows: readonly (readonly (string | undefined)[])[],
): string {
  const cells = [headings, ...rows.map((row) => row.map(safe))]
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  return cells.map((row) => `${lineOf(row, widths)}\n`).join('')
}

function lineOf(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, column) => cell.padEnd((widths[column] ?? 0) + GAP))
    .join('')
    .trimEnd()
}
