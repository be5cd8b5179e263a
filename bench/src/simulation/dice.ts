/** Draws from one seed. Everybody has dice of their own, so that a thief changes nobody's habits. */
export interface Dice {
  chance(probability: number): boolean
  /** Evenly. */
  between(low: number, high: number): number
  /** Evenly by order of magnitude: as often between 1 and 10 as between 10 and 100. */
  magnitude(low: number, high: number): number
  exponential(mean: number): number
  /** One of them. Throws a `RangeError` if there is none. */
  pick<T>(all: readonly T[]): T
}

export function createDice(seed: number): Dice {
  const unit = createUnit(seed)
  return {
    chance: (probability) => unit() < probability,
    between: (low, high) => low + unit() * (high - low),
    magnitude: (low, high) => low * (high / low) ** unit(),
    exponential: (mean) => -mean * Math.log(1 - unit()),
    pick(all) {
      const drawn = all[Math.floor(unit() * all.length)]
      if (drawn === undefined) throw new RangeError('there is nothing to pick from')
      return drawn
    },
  }
}

/** Mulberry32: that of Node.js takes no seed, and a package for four lines would be too much. */
function createUnit(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
