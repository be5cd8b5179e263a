import type { Sample } from '../measured/samples.ts'
import { type Slope, slopeOf } from '../measured/slope.ts'

/** How something of a node grew over the second half of the soak. */
export interface Growth {
  readonly node: string
  readonly what: 'heap' | 'rss' | 'handles'
  readonly first: number
  readonly last: number
  readonly slope: Slope | undefined
  readonly allowedPerHour: number
  readonly isLeak: boolean
}

const MIB = 2 ** 20
/**
 * What a process may seem to grow by. Sessions are replaced ten times in an hour, so what stays behind of each would be
 * far more. Revocations are kept for half an hour or more, and known tokens until their cache is full: an hour shows both
 * as growth. A process that is still warming up compiles code and fills its caches, some MiB of them: a window that is
 * too short to see past that allows for it.
 */
const ALLOWED = {
  heap: { perHour: 1, warmingUp: 8 },
  rss: { perHour: 1, warmingUp: 48 },
  handles: { perHour: 10, warmingUp: 60 },
} as const
const WARM_AFTER_HOURS = 1 / 3
/** A slope is taken to be above its bound if it is so by this many of its own errors. */
const ERRORS = 2
/** The event loop's delay, for 99 of 100 looks at it. */
export const MAX_DELAY_MS = 50

/** How the nodes grew over the second half of all samples. In MiB, and in numbers of handles. */
export function growthOf(samples: readonly Sample[]): readonly Growth[] {
  const times = samples.map(({ atMs }) => atMs)
  const middle = (Math.min(...times) + Math.max(...times)) / 2
  const late = samples.filter(({ atMs }) => atMs >= middle)
  const names = [...new Set(late.map(({ node }) => node))]
  return names.flatMap((node) => {
    const own = late.filter((sample) => sample.node === node)
    return (['heap', 'rss', 'handles'] as const).map((what) => growth(node, what, own))
  })
}

function growth(node: string, what: Growth['what'], samples: readonly Sample[]): Growth {
  const points = samples.map((sample) => ({ hours: sample.atMs / 3_600_000, value: figureOf(what, sample) }))
  const hours = (points.at(-1)?.hours ?? 0) - (points[0]?.hours ?? 0)
  const { perHour, warmingUp } = ALLOWED[what]
  const allowedPerHour = hours >= WARM_AFTER_HOURS ? perHour : warmingUp / hours
  const slope = slopeOf(points)
  return {
    ...{ node, what, slope, allowedPerHour },
    first: points[0]?.value ?? Number.NaN,
    last: points.at(-1)?.value ?? Number.NaN,
    isLeak: slope !== undefined && slope.perHour - ERRORS * slope.error > allowedPerHour,
  }
}

function figureOf(what: Growth['what'], { measured }: Sample): number {
  switch (what) {
    case 'heap':
      return (measured.heapUsed + measured.external) / MIB
    case 'rss':
      return measured.rss / MIB
    case 'handles':
      return measured.handles
  }
}
