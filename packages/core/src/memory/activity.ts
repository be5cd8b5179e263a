import type { SubjectTag } from '../ports/ids.ts'
import type { ActivityEntry, ActivityStore } from '../ports/optional/activity.ts'

/** Entries of one kind, the newest first. */
interface Kept {
  readonly entries: readonly ActivityEntry[]
  readonly until: number
}

/** Failures are kept by themselves, each kind for as long as its newest entry says. */
interface Subject {
  readonly others: Kept
  readonly failures: Kept
}

const NOTHING: Kept = { entries: [], until: 0 }
/** How many subjects are looked at with each entry, to drop those whose entries are over. */
const SWEPT_PER_ENTRY = 2

export interface MemoryActivity extends ActivityStore {
  erase(tag: SubjectTag): void
}

/** Activity in the memory of this process. */
export function createMemoryActivity(): MemoryActivity {
  const subjects = new Map<SubjectTag, Subject>()
  let sweeper = subjects.entries()

  function sweep(at: number): void {
    for (let swept = 0; swept < SWEPT_PER_ENTRY; swept++) {
      const next = sweeper.next()
      if (next.done === true) {
        sweeper = subjects.entries()
        return
      }
      const [tag, { others, failures }] = next.value
      if (Math.max(others.until, failures.until) <= at) subjects.delete(tag)
    }
  }

  const unlessOver = (kept: Kept, at: number): Kept => (kept.until <= at ? NOTHING : kept)

  function keptOf(tag: SubjectTag, at: number): Subject {
    const { others, failures } = subjects.get(tag) ?? { others: NOTHING, failures: NOTHING }
    return { others: unlessOver(others, at), failures: unlessOver(failures, at) }
  }

  return {
    append(appended, { most, mostFailures, keptMs }, at) {
      for (const entry of appended) {
        sweep(at)
        const { others, failures } = keptOf(entry.tag, at)
        const added = ({ entries }: Kept, count: number): Kept => ({
          entries: [entry, ...entries].slice(0, count),
          until: at + keptMs,
        })
        subjects.set(
          entry.tag,
          entry.kind === 'failure'
            ? { others, failures: added(failures, mostFailures) }
            : { others: added(others, most), failures },
        )
      }
      return Promise.resolve({ kind: 'appended' })
    },
    erase: (tag) => void subjects.delete(tag),
    read(tag, at) {
      const { others, failures } = keptOf(tag, at)
      return Promise.resolve({ kind: 'read', entries: [...others.entries, ...failures.entries] })
    },
  }
}
