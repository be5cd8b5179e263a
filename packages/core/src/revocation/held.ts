import { encodeRevocation } from '../ports/encoded-revocation.ts'
import type { AllRevocation, Revocation } from '../ports/revocations.ts'
import { createRevocationSet, type Lookups, type RevocationSet } from './set.ts'

/** The live revocations of one shard that this process knows, and which of them the store may lack. */
export interface HeldRevocations extends Pick<RevocationSet, 'all'>, Lookups {
  /** Adds a revocation that was read from the store. Returns whether it is new to this process. */
  addRead(revocation: Revocation, at: number): boolean
  /**
   * Adds one that was announced, or that this process made itself. It is not read yet, and so not certain to be in the
   * store for good.
   *
   * @param since of the monotonic clock, in milliseconds
   */
  addUnread(revocation: Revocation, at: number, since: number): boolean
  /** An announced one is in the store, because the mark after it fits. */
  confirm(revocation: Revocation): void
  /** Since when the first of those has been known that have not been read; infinity if there are none. */
  unreadSince(): number
  /** The store lost data: whatever is not read from now on is missing. */
  suspect(): void
  /** Whether it has not been read since. */
  isMissing(revocation: Revocation): boolean
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
  /** What was read since the store lost data. */
  let seen: RevocationSet | undefined

  function add(revocation: Revocation, at: number): boolean {
    if (revocation.kind === 'all' && revocation.until > (everything?.until ?? 0)) everything = revocation
    return known.add(revocation, at)
  }

  function confirm(revocation: Revocation): void {
    if (unread.size > 0) unread.delete(encodeRevocation(revocation))
  }

  return {
    ...known,
    addRead(revocation, at) {
      seen?.add(revocation, at)
      confirm(revocation)
      return add(revocation, at)
    },
    addUnread(revocation, at, since) {
      const isNew = add(revocation, at)
      if (isNew && unread.size < MAX_UNREAD) unread.set(encodeRevocation(revocation), since)
      else if (isNew) moreUnreadSince = Math.min(moreUnreadSince, since)
      return isNew
    },
    confirm,
    unreadSince() {
      for (const since of unread.values()) return Math.min(since, moreUnreadSince)
      return moreUnreadSince
    },
    *all() {
      if (everything !== undefined && !known.has(everything)) yield everything
      yield* known.all()
    },
    suspect() {
      seen = createRevocationSet()
      unread.clear()
      moreUnreadSince = Number.POSITIVE_INFINITY
    },
    isMissing: (revocation) => seen !== undefined && !seen.has(revocation),
    trust() {
      seen = undefined
    },
  }
}
