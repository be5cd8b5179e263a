const MINUTES = 60
const MINUTE_MS = 60_000
const KINDS = ['sign_ins', 'refreshes', 'refusals', 'alerts', 'revocations'] as const

export type Counted = (typeof KINDS)[number]

/** How often something happened, in each minute of the last hour. */
export interface Counts {
  add(kind: Counted, at: number): void
  /** One number for each minute, that of `now` last. */
  of(kind: Counted, now: number): readonly number[]
}

interface Minute extends Record<Counted, number> {
  /** Minutes since the epoch. */
  number: number
}

export function createCounts(): Counts {
  /** A minute takes the place of that an hour before. */
  const minutes: Minute[] = Array.from({ length: MINUTES }, () => emptyMinute(-1))
  return {
    add(kind, at) {
      const number = Math.floor(at / MINUTE_MS)
      const place = number % MINUTES
      const held = minutes[place]
      if (held === undefined || held.number > number) return
      const minute = held.number === number ? held : emptyMinute(number)
      minute[kind]++
      minutes[place] = minute
    },
    of(kind, now) {
      const first = Math.floor(now / MINUTE_MS) - MINUTES + 1
      return minutes.map((_, index) => {
        const minute = minutes[(first + index) % MINUTES]
        return minute?.number === first + index ? minute[kind] : 0
      })
    },
  }
}

function emptyMinute(number: number): Minute {
  return { number, sign_ins: 0, refreshes: 0, refusals: 0, alerts: 0, revocations: 0 }
}
