/** Two values that were compared and differ: what stands in an input, perhaps, and what would lead further. */
export interface Comparison {
  readonly found: string
  readonly wanted: string
}

export interface Coverage {
  /** Forgets what the last input did. */
  clear(): void
  /** How many things the last input did that none did before it; they count as done from then on. */
  news(): number
  /** Comparisons of late that came out unequal. */
  readonly comparisons: readonly Comparison[]
  /** How many branches were taken, and how many there are. */
  figures(): { readonly taken: number; readonly branches: number }
}

const COMPARISONS_KEPT = 256
const MOST_COMPARED_CHARS = 128
/** What `typeof` is compared with, which no input has in it. */
const TYPES = new Set<unknown>(['string', 'number', 'object', 'function', 'undefined', 'boolean', 'bigint'])

/**
 * What instrumented modules call: the global `Fuzzer`, as the instrumentor of Jazzer.js has it. A module that is loaded
 * later adds its counters.
 */
export function listen(): Coverage {
  const modules: { readonly counters: Uint8Array; readonly seen: Uint8Array }[] = []
  const progress = new Set<string>()
  const comparisons: Comparison[] = []
  let nearer = 0
  let turn = 0
  let taken = 0

  function compare(found: unknown, wanted: unknown, id: number): void {
    if (found === wanted || TYPES.has(wanted)) return
    if (typeof found === 'number' && typeof wanted === 'number') {
      note(String(found), String(wanted))
      come(`${id}:${Math.floor(Math.log2(Math.abs(found - wanted) + 1))}`)
    } else if (typeof found === 'string' && typeof wanted === 'string' && wanted.length > 0) {
      if (found.length > MOST_COMPARED_CHARS || wanted.length > MOST_COMPARED_CHARS) return
      note(found, wanted)
      note(wanted, found)
      come(`${id}:${commonStart(found, wanted)}`)
    }
  }
  function note(found: string, wanted: string): void {
    comparisons[turn++ % COMPARISONS_KEPT] = { found, wanted }
  }
  function come(step: string): void {
    if (progress.has(step)) return
    progress.add(step)
    nearer++
  }

  Object.assign(globalThis, {
    __jazzer_registerSourceMap: () => {},
    Fuzzer: {
      coverageTracker: {
        createModuleCounters(size: number): Uint8Array {
          const counters = new Uint8Array(size)
          modules.push({ counters, seen: new Uint8Array(size) })
          return counters
        },
      },
      tracer: {
        traceStrCmp(left: unknown, right: unknown, operator: string, id: number): boolean {
          compare(left, right, id)
          return judge(left, right, operator)
        },
        traceNumberCmp(left: unknown, right: unknown, operator: string, id: number): boolean {
          compare(left, right, id)
          return judge(left, right, operator)
        },
        traceAndReturn(current: unknown, target: unknown, id: number): unknown {
          compare(current, target, id)
          return target
        },
      },
    },
  })

  return {
    comparisons,
    clear() {
      nearer = 0
      for (const { counters } of modules) counters.fill(0)
    },
    news() {
      let fresh = nearer
      for (const { counters, seen } of modules)
        for (let at = 0; at < counters.length; at++) {
          const count = counters[at] ?? 0
          const before = seen[at] ?? 0
          const bit = bucketOf(count)
          if ((before & bit) === bit) continue
          if (before === 0) taken++
          seen[at] = before | bit
          fresh++
        }
      return fresh
    },
    figures: () => ({ taken, branches: modules.reduce((sum, { seen }) => sum + seen.length, 0) }),
  }
}

/** A bit for about how often a branch was taken; 0 for never. */
function bucketOf(count: number): number {
  if (count < 4) return count === 0 ? 0 : 1 << (count - 1)
  if (count < 8) return 8
  if (count < 16) return 16
  return count < 32 ? 32 : count < 128 ? 64 : 128
}

function commonStart(left: string, right: string): number {
  let at = 0
  while (at < left.length && left[at] === right[at]) at++
  return at
}

/** As the operator does, which instrumentation has put here instead. */
function judge(left: unknown, right: unknown, operator: string): boolean {
  const [one, other] = [left, right] as [number, number]
  switch (operator) {
    case '===':
      return one === other
    case '!==':
      return one !== other
    case '<':
      return one < other
    case '<=':
      return one <= other
    case '>':
      return one > other
    case '>=':
      return one >= other
    default:
      throw new RangeError(`comparing by ${operator}`)
  }
}
