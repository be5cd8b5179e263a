/** What is left of the rounds of one measurement. */
export interface Summary {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** Between the least and the greatest. */
export function summarize(values: readonly number[]): Summary {
  return { median: median(values), low: Math.min(...values), high: Math.max(...values) }
}

/** Between the quartiles: of many short rounds, the least and the greatest tell of the machine alone. */
export function quartiles(values: readonly number[]): Summary {
  return { median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75) }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** The value that `share` of the values (0 to 1) do not exceed. */
export function quantile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Round by round, so that what slowed a round down slowed both down; peers may have fewer rounds. */
export function compared(
  values: readonly number[],
  others: readonly number[],
  compare: (value: number, other: number) => number,
): number[] {
  const both = values.slice(0, others.length)
  return both.map((value, round) => compare(value, others[round] ?? Number.NaN))
}

export function paired(...given: Parameters<typeof compared>): Summary {
  return summarize(compared(...given))
}

export const ratio = (value: number, other: number): number => value / other
export const difference = (value: number, other: number): number => value - other
