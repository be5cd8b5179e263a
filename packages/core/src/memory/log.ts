/** Entries in the order of their positions, which only grow. Each call costs what it adds, finds or drops. */
export interface Log<Entry> {
  /** Adds an entry, whose position must be after all others. */
  add(entry: Entry): void
  /** The entries after a position. */
  after(position: number): Entry[]
  /** Drops the entries at or before a position, and returns them. */
  dropUntil(position: number): Entry[]
}

export function createLog<Entry extends { readonly position: number }>(): Log<Entry> {
  let entries: Entry[] = []
  /** The entries before this index were dropped. They are removed together, because removal moves all that remain. */
  let first = 0

  /** The index of the first entry after a position, by bisection. */
  function indexAfter(position: number): number {
    let low = first
    let high = entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const entry = entries[middle]
      if (entry !== undefined && entry.position > position) high = middle
      else low = middle + 1
    }
    return low
  }

  return {
    add: (entry) => void entries.push(entry),
    after: (position) => entries.slice(indexAfter(position)),
    dropUntil(position) {
      const next = indexAfter(position)
      const dropped = entries.slice(first, next)
      first = next
      if (first > entries.length / 2) {
        entries = entries.slice(first)
        first = 0
      }
      return dropped
    },
  }
}
