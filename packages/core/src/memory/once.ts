import type { OnceName, OnceStore } from '../ports/optional/once.ts'

/** How many names are looked at with each new one, to drop those that are over. */
const SWEPT_PER_MARK = 4
/** Some 100 MB. No process can check so many proofs while they are kept. */
const MOST_NAMES = 1_000_000

/**
 * Names in the memory of this process. With too many it is unavailable, since to forget one would let it happen again.
 *
 * @param most the most names that are kept
 */
export function createMemoryOnce(most: number = MOST_NAMES): OnceStore {
  const kept = new Map<OnceName, number>()
  let sweeper = kept.entries()

  function sweep(at: number): void {
    for (let swept = 0; swept < SWEPT_PER_MARK; swept++) {
      const next = sweeper.next()
      if (next.done === true) {
        sweeper = kept.entries()
        return
      }
      const [name, until] = next.value
      if (until <= at) kept.delete(name)
    }
  }

  return {
    look({ name, at }) {
      const until = kept.get(name)
      return Promise.resolve({ kind: until !== undefined && until > at ? 'seen' : 'unseen' })
    },
    mark({ name, keptMs, at }) {
      sweep(at)
      const until = kept.get(name)
      if (until !== undefined && until > at) return Promise.resolve({ kind: 'seen' })
      if (until === undefined && kept.size >= most) return Promise.resolve({ kind: 'unavailable' })
      kept.set(name, at + keptMs)
      return Promise.resolve({ kind: 'first' })
    },
  }
}
