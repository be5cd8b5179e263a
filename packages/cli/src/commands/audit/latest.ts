import type { TrailEvent } from '@sallyport/audit'

/** The latest events of many, in bounded memory. */
export interface Latest {
  add(event: TrailEvent): void
  /** In the order of their times. */
  all(): readonly TrailEvent[]
}

export function createLatest(limit: number): Latest {
  let kept: TrailEvent[] = []
  const trim = (): void => {
    kept = kept.sort(byTime).slice(-limit)
  }
  return {
    add(event) {
      kept.push(event)
      if (kept.length >= 2 * limit) trim()
    },
    all() {
      trim()
      return kept
    },
  }
}

const byTime = (one: TrailEvent, other: TrailEvent): number =>
  one.time < other.time ? -1 : one.time > other.time ? 1 : 0
