/** What is left of the rounds of one measurement. */
export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function summarize(values: readonly number[]): Summary {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** The value that `share` of the values (0 to 1) do not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Round by round, so that what slowed a round down slowed both down; peers may have fewer rounds. */
export function paired(
  values: readonly number[],
  others: readonly number[],
  compare: (value: number, other: number) => number,
): Summary {
  const both = values.slice(0, others.length)
  return summarize(both.map((value, round) => compare(value, others[round] ?? Number.NaN)))
}

export const ratio = (value: number, other: number): number => value / other
export const difference = (value: number, other: number): number => value - other
