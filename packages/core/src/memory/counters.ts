import type { CounterName, CounterStore } from '../ports/optional/counters.ts'

interface Window {
  since: number
  endsAt: number
  count: number
  blockedUntil: number
}

/** When the window of a block begins: no attempt is counted in it. */
const NEVER = 0
/** How many counters of any names are looked at after each attempt, to drop those that are over. */
const SWEPT_PER_ATTEMPT = 4

/** Counters in the memory of this process. */
export function createMemoryCounters(): CounterStore {
  const windows = new Map<CounterName, Window>()
  let sweeper = windows.entries()

  /** The window of a counter, if it or its block still lasts. */
  function running(name: CounterName, at: number): Window | undefined {
    const window = windows.get(name)
    return window === undefined || isOver(window, at) ? undefined : window
  }

  function sweep(at: number): void {
    for (let swept = 0; swept < SWEPT_PER_ATTEMPT; swept++) {
      const next = sweeper.next()
      if (next.done === true) {
        sweeper = windows.entries()
        return
      }
      const [name, window] = next.value
      if (isOver(window, at)) windows.delete(name)
    }
  }

  return {
    attempt({ name, limit, at }) {
      sweep(at)
      let window = running(name, at)
      if (window !== undefined && window.blockedUntil > at)
        return Promise.resolve({ kind: 'blocked', retryAfterMs: window.blockedUntil - at })
      if (window === undefined || window.endsAt <= at || window.blockedUntil > 0) {
        window = { since: at, endsAt: at + limit.windowMs, count: 0, blockedUntil: 0 }
        windows.set(name, window)
      }
      window.count++
      const last = window.count >= limit.most
      if (last) window.blockedUntil = at + limit.blockMs
      return Promise.resolve({ kind: 'counted', since: window.since, last })
    },
    takeBack({ name, limit, at, since }) {
      const window = running(name, at)
      if (window?.since === since && window.count > 0) {
        window.count--
        if (window.count < limit.most) window.blockedUntil = 0
      }
      return Promise.resolve({ kind: 'taken_back' })
    },
    block({ name, forMs, at }) {
      const blockedUntil = Math.max(running(name, at)?.blockedUntil ?? 0, at + forMs)
      windows.set(name, { since: NEVER, endsAt: at, count: 0, blockedUntil })
      return Promise.resolve({ kind: 'blocked' })
    },
    forget({ name, since, at }) {
      const window = running(name, at)
      if (since !== undefined && window?.since !== since)
        return Promise.resolve({ kind: 'forgotten', wasBlocked: false })
      windows.delete(name)
      return Promise.resolve({
        kind: 'forgotten',
        wasBlocked: window !== undefined && window.blockedUntil > at,
      })
    },
  }
}

function isOver({ endsAt, blockedUntil }: Window, at: number): boolean {
  return endsAt <= at && blockedUntil <= at
}
