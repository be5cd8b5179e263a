import type { Place } from './process-check.ts'

/** A line that is no record of the trail. */
interface Stray {
  readonly place: Place
  /** What a write left behind that did not get to its end; `undefined`: a line that no write of ours leaves. */
  readonly fragment: Buffer | undefined
  /** Whether it may have been another record before somebody edited it. */
  readonly isClaimable: boolean
}

/** The lines that are no records: each was a record before somebody edited it, or is a fragment, or is foreign. */
export interface Strays {
  add(stray: Stray): void
  /** Whether nothing waits for a line that begins with it. */
  readonly isEmpty: boolean
  /** Lets go of fragments that this record begins with: a write was repeated. */
  repeated(line: Buffer): void
  /** Takes out the first line between two places. */
  claim(from: number, to: number): Place | undefined
  /**
   * How many fragments were found, and the first line that is foreign.
   *
   * @param allowed how many writes may have been given up, by processes that ended without repeating them
   */
  settle(allowed: number): { readonly fragments: number; readonly foreign: Place | undefined }
}

/** A crash leaves one fragment, and a full disk one for each attempt. More are not remembered one by one. */
const MAX_STRAYS = 1000

export function createStrays(): Strays {
  let strays: Stray[] = []
  let fragments = 0
  let overflow: Stray | undefined
  return {
    add(stray) {
      if (strays.length < MAX_STRAYS) strays.push(stray)
      else overflow ??= stray
    },
    get isEmpty() {
      return strays.length === 0
    },
    repeated(line) {
      const others = strays.filter(
        ({ fragment }) => fragment === undefined || !fragment.equals(line.subarray(0, fragment.length)),
      )
      fragments += strays.length - others.length
      strays = others
    },
    claim(from, to) {
      const found = strays.find(({ isClaimable, place: { at } }) => isClaimable && at > from && at < to)
      strays = strays.filter((stray) => stray !== found)
      return found?.place
    },
    settle(allowed) {
      const left = strays.filter((stray): stray is Fragment => stray.fragment !== undefined)
      const foreign = strays.filter(({ fragment }) => fragment === undefined)
      const tooMany = attemptsIn(left).slice(allowed).flat()
      const [first] = [...foreign, ...tooMany, ...(overflow ? [overflow] : [])].toSorted(
        (one, other) => one.place.at - other.place.at,
      )
      return { fragments: fragments + left.length - tooMany.length, foreign: first?.place }
    },
  }
}

interface Fragment extends Stray {
  readonly fragment: Buffer
}

/** A write that is tried several times leaves fragments that are beginnings of each other. */
function attemptsIn(fragments: readonly Fragment[]): readonly (readonly Fragment[])[] {
  const writes: Fragment[][] = []
  for (const one of fragments.toSorted((a, b) => b.fragment.length - a.fragment.length)) {
    const same = writes.find(([longest]) =>
      longest?.fragment.subarray(0, one.fragment.length).equals(one.fragment),
    )
    if (same === undefined) writes.push([one])
    else same.push(one)
  }
  return writes.toSorted((a, b) => firstOf(a) - firstOf(b))
}

const firstOf = (attempts: readonly Fragment[]): number => Math.min(...attempts.map(({ place }) => place.at))

/** How lines of every format begin. */
const BEGINNINGS: readonly string[] = ['{"time":', '{"@timestamp":"', 'CEF:0|']

/** Whether a line could be what a write that did not get to its end left behind. */
export function isFragment(line: Buffer): boolean {
  const start = line.toString('latin1', 0, 20)
  if (!BEGINNINGS.some((beginning) => start.startsWith(beginning) || beginning.startsWith(start)))
    return false
  return start.startsWith('{') ? !isJson(line) : true
}

function isJson(line: Buffer): boolean {
  try {
    JSON.parse(line.toString())
    return true
  } catch {
    return false
  }
}
