/** Numbers that look random and are the same for the same seed. */
export interface Dice {
  /** An integer from 0 up to, and without, `end`. */
  below(end: number): number
  /** True once in `times`. */
  oneIn(times: number): boolean
  /** One of several; throws if there is none. */
  pick<T>(from: readonly T[]): T
}

/** Mulberry32, whose 32 bits of state are enough to choose mutations by. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (end: number): number => Math.floor(next() * end)

  return {
    below,
    oneIn: (times) => below(times) === 0,
    pick(from) {
      const at = below(from.length)
      const picked = from[at]
      if (picked === undefined && at >= from.length) throw new RangeError('nothing to pick from')
      return picked as (typeof from)[number]
    },
  }
}
