import type { SubjectTag } from '../ports/ids.ts'
import type { ActivityEntry, ActivityStore } from '../ports/optional/activity.ts'

interface Kept {
  readonly entries: readonly ActivityEntry[]
  readonly until: number
}

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

  function entriesOf(tag: SubjectTag, at: number): readonly ActivityEntry[] {
    const kept = subjects.get(tag)
    return kept === undefined || kept.until <= at ? [] : kept.entries
  }

  return {
    append(entries, { most, keptMs }, at) {
      for (const entry of entries) {
        sweep(at)
        const kept = [entry, ...entriesOf(entry.tag, at)].slice(0, most)
        subjects.set(entry.tag, { entries: kept, until: at + keptMs })
      }
      return Promise.resolve({ kind: 'appended' })
    },
    erase: (tag) => void subjects.delete(tag),
    read: (tag, at) => Promise.resolve({ kind: 'read', entries: entriesOf(tag, at) }),
  }
}
