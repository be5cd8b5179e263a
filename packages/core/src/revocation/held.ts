import { encodeRevocation } from '../ports/encoded-revocation.ts'
import type { AllRevocation, Revocation } from '../ports/revocations.ts'
import { createRevocationSet, type Lookups, type RevocationSet } from './set.ts'

/** The live revocations of one shard that this process knows, and which of them the store may lack. */
export interface HeldRevocations extends Lookups, Pick<RevocationSet, 'refusedUntil'> {
  /** Adds a revocation that was read from the store. Returns whether it is new to this process. */
  addRead(revocation: Revocation, at: number): boolean
  /**
   * Adds one that was announced, or that this process made itself. It is not read yet, and so not certain to be in the
   * store for good.
   *
   * @param since of the monotonic clock, in milliseconds
   */
  addUnread(revocation: Revocation, at: number, since: number): boolean
  size(): number
  /** An announced one is in the store, because the mark after it fits. */
  confirm(revocation: Revocation): void
  /** Since when the first of those has been known that have not been read; infinity if there are none. */
  unreadSince(): number
  /** The store lost data: whatever is not read from now on is missing. */
  suspect(): void
  /** Those that have not been read since. Yields `undefined` for some of the others, to let other work have its turn. */
  missing(): IterableIterator<Revocation | undefined>
  /** Nothing is missing any more. */
  trust(): void
}

/** So many usually wait for a moment at most. Of more it is only known that there are some. */
const MAX_UNREAD = 1000

export function createHeldRevocations(): HeldRevocations {
  const known = createRevocationSet()
  const unread = new Map<string, number>()
  let moreUnreadSince = Number.POSITIVE_INFINITY
  /** The latest revocation of everything. Sessions that it ended may come back much later, from an old backup. */
  let everything: AllRevocation | undefined
  /** The instant of the latest one that was read since the store lost data. */
  let readUntil = Number.NEGATIVE_INFINITY

  function keepLatest(revocation: Revocation): void {
    if (revocation.kind === 'all' && revocation.until > (everything?.until ?? 0)) everything = revocation
  }

  function confirm(revocation: Revocation): void {
    if (unread.size > 0) unread.delete(encodeRevocation(revocation))
  }

  return {
    ...known,
    addRead(revocation, at) {
      keepLatest(revocation)
      if (revocation.kind === 'all') readUntil = Math.max(readUntil, revocation.until)
      confirm(revocation)
      return known.see(revocation, at)
    },
    addUnread(revocation, at, since) {
      keepLatest(revocation)
      const isNew = known.add(revocation, at)
      if (isNew && unread.size < MAX_UNREAD) unread.set(encodeRevocation(revocation), since)
      else if (isNew) moreUnreadSince = Math.min(moreUnreadSince, since)
      return isNew
    },
    confirm,
    unreadSince() {
      for (const since of unread.values()) return Math.min(since, moreUnreadSince)
      return moreUnreadSince
    },
    *missing() {
      if (everything !== undefined && everything.until > readUntil && !known.has(everything)) yield everything
      yield* known.unseen()
    },
    suspect() {
      known.watch(true)
      readUntil = Number.NEGATIVE_INFINITY
      unread.clear()
      moreUnreadSince = Number.POSITIVE_INFINITY
    },
    trust: () => known.watch(false),
  }
}
