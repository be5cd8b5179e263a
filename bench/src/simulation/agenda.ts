import type { Clock } from '@sallyport/core'

export const SECOND = 1000
export const MINUTE: number = 60 * SECOND
export const HOUR: number = 60 * MINUTE
export const DAY: number = 24 * HOUR

export type Step = () => void | Promise<void>

/** What is going to happen, and the clock that it turns. */
export interface Agenda extends Clock {
  /** Adds a step. One that is due at the same time as another comes after it. */
  at(time: number, step: Step): void
  /** Takes all steps until the end, one after the other. */
  run(): Promise<void>
}

interface Entry {
  readonly time: number
  readonly order: number
  readonly step: Step
}

/** What is simulated: from one instant until another, in milliseconds since the epoch. */
export interface Period {
  readonly from: number
  readonly until: number
}

export function createAgenda({ from, until }: Period): Agenda {
  /** A binary heap: no entry comes before the one at half its place. */
  const heap: Entry[] = []
  let now = from
  let added = 0

  function isBefore(one: Entry | undefined, other: Entry | undefined): boolean {
    if (one === undefined || other === undefined) return one !== undefined
    return one.time < other.time || (one.time === other.time && one.order < other.order)
  }

  function add(entry: Entry): void {
    let place = heap.length
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !isBefore(entry, above)) break
      heap[place] = above
      place = parent
    }
    heap[place] = entry
  }

  function takeFirst(): Entry | undefined {
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return first
    let place = 0
    for (;;) {
      const left = 2 * place + 1
      const child = isBefore(heap[left + 1], heap[left]) ? left + 1 : left
      const below = heap[child]
      if (below === undefined || !isBefore(below, last)) break
      heap[place] = below
      place = child
    }
    heap[place] = last
    return first
  }

  return {
    now: () => now,
    monotonic: () => now - from,
    at: (time, step) => add({ time: Math.max(time, now), order: added++, step }),
    async run() {
      for (let next = takeFirst(); next !== undefined && next.time < until; next = takeFirst()) {
        now = next.time
        await next.step()
      }
    },
  }
}
