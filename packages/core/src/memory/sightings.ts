import type { SubjectTag } from '../ports/ids.ts'
import type { Seen, SeenValue, Sighting, SightingStore, SightingsName } from '../ports/optional/sightings.ts'

interface Kept {
  readonly values: readonly SeenValue[]
  readonly until: number
}

const MOST_NAMES_OF_A_SUBJECT = 32
/** How many owners of sightings are looked at with each sighting, to drop what is over. */
const SWEPT_PER_SIGHTING = 2

export interface MemorySightings extends SightingStore {
  erase(tag: SubjectTag): void
}

/** Sightings in the memory of this process. Those without a subject are each on their own. */
export function createMemorySightings(): MemorySightings {
  const owners = new Map<SubjectTag | SightingsName, Map<SightingsName, Kept>>()
  let sweeper = owners.entries()

  function sweep(at: number): void {
    for (let swept = 0; swept < SWEPT_PER_SIGHTING; swept++) {
      const next = sweeper.next()
      if (next.done === true) {
        sweeper = owners.entries()
        return
      }
      const [owner, names] = next.value
      dropOver(names, at)
      if (names.size === 0) owners.delete(owner)
    }
  }

  function noteOne({ name, tag, value, windowMs, most, counts }: Sighting, at: number): Seen {
    sweep(at)
    const owner = tag ?? name
    const names = owners.get(owner) ?? new Map<SightingsName, Kept>()
    owners.set(owner, names)
    const known = withinWindow(names.get(name)?.values ?? [], windowMs, at)
    const before = known.find((one) => one.value === value)?.at
    const stays = before !== undefined && counts === 'first'
    const others = known.filter((one) => one.value !== value)
    const values = (stays ? known : [{ value, at }, ...others]).slice(0, most)
    names.set(name, { values, until: at + windowMs })
    if (names.size > MOST_NAMES_OF_A_SUBJECT) makeRoom(names, at)
    return { values: copyOf(values), ...(before === undefined ? {} : { before }) }
  }

  return {
    note: (sightings, at) =>
      Promise.resolve({ kind: 'noted', seen: sightings.map((sighting) => noteOne(sighting, at)) }),
    read(name, windowMs, at) {
      const values = owners.get(name)?.get(name)?.values ?? []
      return Promise.resolve({ kind: 'read', values: copyOf(withinWindow(values, windowMs, at)) })
    },
    erase: (tag) => void owners.delete(tag),
  }
}

/** A rule may change what it is given. */
function copyOf(values: readonly SeenValue[]): readonly SeenValue[] {
  return values.map((one) => ({ ...one }))
}

function withinWindow(values: readonly SeenValue[], windowMs: number, at: number): readonly SeenValue[] {
  return values.filter((one) => one.at > at - windowMs)
}

function dropOver(names: Map<SightingsName, Kept>, at: number): void {
  for (const [name, { until }] of names) if (until <= at) names.delete(name)
}

/** Drops what is over, or else what is over first. */
function makeRoom(names: Map<SightingsName, Kept>, at: number): void {
  dropOver(names, at)
  if (names.size <= MOST_NAMES_OF_A_SUBJECT) return
  const [first] = [...names].sort(([, a], [, b]) => a.until - b.until)
  if (first !== undefined) names.delete(first[0])
}
