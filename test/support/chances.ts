/** Numbers that a seed gives again (Mulberry32). */
export interface Chances {
  /** A whole number from 0, below this one. */
  below(limit: number): number
  /** The same members in another order. */
  shuffled<T>(members: readonly T[]): T[]
}

export function createChances(seed: number): Chances {
  let state = seed >>> 0
  function below(limit: number): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
  return {
    below,
    shuffled(members) {
      const left = [...members]
      const out: (typeof left)[number][] = []
      while (left.length > 0) out.push(...left.splice(below(left.length), 1))
      return out
    },
  }
}
