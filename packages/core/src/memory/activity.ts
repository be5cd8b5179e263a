import type { SubjectTag } from '../ports/ids.ts'
import type { ActivityEntry, ActivityStore } from '../ports/optional/activity.ts'

interface Kept {
  readonly entries: readonly ActivityEntry[]
  readonly failures: readonly ActivityEntry[]
  readonly until: number
}

const NOTHING: Kept = { entries: [], failures: [], until: 0 }
/** How many subjects are looked at with each entry, to drop those whose entries are over. */
const SWEPT_PER_ENTRY = 2

export interface MemoryActivity extends ActivityStore {
  erase(tag: SubjectTag): void
}

/** Activity in the memory of this process. */
export function createMemoryActivity(): MemoryActivity {
  const subjects = new Map<SubjectTag, Kept>()
  let sweeper = subjects.entries()

  function sweep(at: number): void {
    for (let swept = 0; swept < SWEPT_PER_ENTRY; swept++) {
      const next = sweeper.next()
      if (next.done === true) {
        sweeper = subjects.entries()
        return
      }
      const [tag, { until }] = next.value
      if (until <= at) subjects.delete(tag)
    }
  }

  function keptOf(tag: SubjectTag, at: number): Kept {
    const kept = subjects.get(tag)
    return kept === undefined || kept.until <= at ? NOTHING : kept
  }

  return {
    append(added, { most, mostFailures, keptMs }, at) {
      for (const entry of added) {
        sweep(at)
        const { entries, failures } = keptOf(entry.tag, at)
        const until = at + keptMs
        subjects.set(
          entry.tag,
          entry.kind === 'failure'
            ? { entries, failures: [entry, ...failures].slice(0, mostFailures), until }
            : { entries: [entry, ...entries].slice(0, most), failures, until },
        )
      }
      return Promise.resolve({ kind: 'appended' })
    },
    erase: (tag) => void subjects.delete(tag),
    read(tag, at) {
      const { entries, failures } = keptOf(tag, at)
      return Promise.resolve({ kind: 'read', entries: [...entries, ...failures] })
    },
  }
}
