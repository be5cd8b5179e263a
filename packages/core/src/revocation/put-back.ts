import { breathe, type InTurn } from '../dependencies/turns.ts'
import type { Clock } from '../ports/clock.ts'
import type { Revocation, RevocationStore } from '../ports/revocations.ts'
import type { HeldRevocations } from './held.ts'

/** `nothing`: the store has everything. `some`: go on. `busy`: another process is at it. */
export type PutBackOutcome = 'nothing' | 'some' | 'busy' | 'unavailable'

export interface PutBackParts {
  readonly store: Pick<RevocationStore, 'claim' | 'assert'>
  readonly held: Pick<HeldRevocations, 'missing'>
  readonly clock: Clock
  readonly inTurn: InTurn
}

/** Few enough that neither the store nor this process is held up for more than a few milliseconds. */
const SLICE = 250
/** So many are looked at before other work has its turn, not counting those that are passed over at no cost. */
const LOOKED_AT = 1000
/** How often the claim is renewed. It lasts for longer, but must end soon if its holder dies. */
const CLAIM_EVERY_MS = 300
/** How long to go on before the feed is read again, since others revoke meanwhile. */
const GO_ON_MS = 500
/** A slice may fail because of what is in it. After so many in a row the store is considered to be away. */
const MAX_FAILED = 3

/**
 * Puts what a shard of the store lacks back into it, in slices, of which each counts for itself. Each call goes on where
 * the last one stopped. What was put back still counts as missing until it was read: the store may lose it again.
 *
 * This process must have claimed the task, and renews its claim as long as it takes: the others would only repeat its
 * work.
 */
export function createPutBack(shard: number, parts: PutBackParts): () => Promise<PutBackOutcome> {
  const { store, held, clock, inTurn } = parts
  let missing = held.missing()
  /** Whether anything was missing since the last look began. */
  let isMissing = false

  return async () => {
    const began = clock.monotonic()
    let claimedAt = Number.NEGATIVE_INFINITY
    let failedInARow = 0
    let hasFailed = false
    for (;;) {
      const step = await inTurn(async () => {
        await breathe()
        const slice = nextSlice(missing)
        return slice.missing.length === 0 ? slice : ((await assertSlice(slice.missing)) ?? slice)
      }, 'urgent')
      if (typeof step === 'string') return step
      if (step.isLast) break
      if (clock.monotonic() - began >= GO_ON_MS) return hasFailed ? 'unavailable' : 'some'
    }
    const outcome = hasFailed ? 'unavailable' : isMissing ? 'some' : 'nothing'
    missing = held.missing()
    isMissing = false
    return outcome

    /** Resolves to why to stop, if there is a reason. */
    async function assertSlice(slice: readonly Revocation[]): Promise<'busy' | 'unavailable' | undefined> {
      isMissing = true
      if (clock.monotonic() - claimedAt >= CLAIM_EVERY_MS) {
        const claim = await store.claim(shard)
        if (claim.kind !== 'claimed') return claim.kind
        claimedAt = clock.monotonic()
      }
      const { kind } = await store.assert(shard, slice, clock.now())
      failedInARow = kind === 'asserted' ? 0 : failedInARow + 1
      hasFailed ||= kind === 'unavailable'
      return failedInARow === MAX_FAILED ? 'unavailable' : undefined
    }
  }
}

interface Slice {
  readonly missing: readonly Revocation[]
  readonly isLast: boolean
}

function nextSlice(candidates: Iterator<Revocation | undefined>): Slice {
  const missing: Revocation[] = []
  for (let looked = 0; looked < LOOKED_AT && missing.length < SLICE; looked++) {
    const next = candidates.next()
    if (next.done === true) return { missing, isLast: true }
    if (next.value !== undefined) missing.push(next.value)
  }
  return { missing, isLast: false }
}
