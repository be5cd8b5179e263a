import type { AllRevocation, Revocation } from '../ports/revocations.ts'
import { createRevocationSet, type RevocationSet } from './set.ts'

/** The live revocations of one shard that this process knows, and which of them the store may lack. */
export interface HeldRevocations extends Pick<RevocationSet, 'all' | Lookup> {
  /** Adds a revocation that was read from the store or announced. Returns whether it is new to this process. */
  add(revocation: Revocation, at: number): boolean
  /** Adds one that this process made itself, whether or not the store has it. */
  addOwn(revocation: Revocation, at: number): boolean
  /** The store lost data: whatever it is not seen to have from now on is missing. */
  suspect(): void
  /** Whether the store has not been seen to have it since. */
  isMissing(revocation: Revocation): boolean
  /** Nothing is missing any more. */
  trust(): void
}

type Lookup = Extract<keyof RevocationSet, `concerns${string}`>

export function createHeldRevocations(): HeldRevocations {
  const known = createRevocationSet()
  /** The latest revocation of everything. Sessions that it ended may come back much later, from an old backup. */
  let everything: AllRevocation | undefined
  /** What was seen in the store since it lost data. */
  let seen: RevocationSet | undefined

  function addOwn(revocation: Revocation, at: number): boolean {
    if (revocation.kind === 'all' && revocation.until > (everything?.until ?? 0)) everything = revocation
    return known.add(revocation, at)
  }

  return {
    ...known,
    add(revocation, at) {
      seen?.add(revocation, at)
      return addOwn(revocation, at)
    },
    addOwn,
    *all() {
      if (everything !== undefined && !known.has(everything)) yield everything
      yield* known.all()
    },
    suspect() {
      seen = createRevocationSet()
    },
    isMissing: (revocation) => seen !== undefined && !seen.has(revocation),
    trust() {
      seen = undefined
    },
  }
}
