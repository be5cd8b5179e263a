import type { SubjectTag } from '../ports/ids.ts'
import type { SubjectKeyOutcome, SubjectKeyStore } from '../ports/optional/subject-keys.ts'

interface Kept {
  readonly tag: SubjectTag
  readonly pseudonym: string
  readonly key: Uint8Array
  until: number
}

/** How many keys are looked at for each new one, to drop those that are over. */
const SWEPT_PER_KEY = 2

export interface MemorySubjectKeys extends SubjectKeyStore {
  erase(tag: SubjectTag): void
}

/** The keys of subjects in the memory of this process. */
export function createMemorySubjectKeys(): MemorySubjectKeys {
  const byTag = new Map<SubjectTag, Kept>()
  const byPseudonym = new Map<string, Kept>()
  let sweeper = byTag.values()

  function drop({ tag, pseudonym }: Kept): void {
    byTag.delete(tag)
    byPseudonym.delete(pseudonym)
  }

  function sweep(at: number): void {
    for (let swept = 0; swept < SWEPT_PER_KEY; swept++) {
      const next = sweeper.next()
      if (next.done === true) {
        sweeper = byTag.values()
        return
      }
      if (next.value.until <= at) drop(next.value)
    }
  }

  const live = (kept: Kept | undefined, at: number): Kept | undefined =>
    kept === undefined || kept.until <= at ? undefined : kept

  function outcome(kept: Kept | undefined): Promise<SubjectKeyOutcome> {
    if (kept === undefined) return Promise.resolve({ kind: 'absent' })
    const { tag, pseudonym, key } = kept
    return Promise.resolve({ kind: 'found', tag, pseudonym, key })
  }

  function erase(tag: SubjectTag): void {
    const kept = byTag.get(tag)
    if (kept !== undefined) drop(kept)
  }

  return {
    keyOf({ tag, fresh, keptMs, at }) {
      const kept = live(byTag.get(tag), at)
      if (kept !== undefined) {
        kept.until = at + keptMs
        return outcome(kept)
      }
      if (fresh === undefined) return outcome(undefined)
      sweep(at)
      erase(tag)
      const made: Kept = { tag, pseudonym: fresh.id, key: fresh.key, until: at + keptMs }
      byTag.set(tag, made)
      byPseudonym.set(made.pseudonym, made)
      return outcome(made)
    },
    keyBehind: (pseudonym, at) => outcome(live(byPseudonym.get(pseudonym), at)),
    erase,
  }
}
