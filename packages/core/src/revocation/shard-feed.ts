import type { Clock } from '../ports/clock.ts'
import type { FeedNews, PlacedMark, Revocation, RevocationStore } from '../ports/revocations.ts'
import type { HeldRevocations } from './held.ts'
import { putBack } from './put-back.ts'
import type { InTurn } from './turns.ts'

/** Follows the feed of one shard, and puts back what the store forgot of it. */
export interface ShardFeed {
  /** Reads on to the end of the feed. One pull at a time is under way, and whoever asks meanwhile shares it. */
  pull(): Promise<void>
  /** Takes in what was announced, and pulls if it does not fit what is known. */
  announced(news: RevokedNews): void
  /** Compares the mark that the store had at an instant with what is known, and pulls if it does not fit. */
  compare(mark: PlacedMark, asked: Instant): void
  /** Resolves once no pull is under way. */
  idle(): Promise<void>
  /** When the store was last known to have nothing that is not known here. */
  heardAt(): Instant
  /** Whether other processes may be about to put back what the store lost: see `PullOutcome`. */
  isUnsettled(): boolean
}

type RevokedNews = Extract<FeedNews, { kind: 'revoked' }>

/** By both clocks, because one of them stands still while a machine is suspended, and the other may be set. */
export interface Instant {
  readonly wall: number
  readonly monotonic: number
}

export interface ShardFeedParts {
  readonly store: RevocationStore
  readonly held: HeldRevocations
  readonly clock: Clock
  /** For all shards together: whatever takes in many revocations at once waits for its turn. */
  readonly inTurn: InTurn
  /** Revocations were read or announced. */
  readonly add: (shard: number, revocations: readonly Revocation[]) => void
  /** The store is found to have lost data. */
  readonly onLoss: (shard: number) => void
  /** Everything that it lost is back. */
  readonly onRecovered: (shard: number) => void
  /** Puts back whatever else the shard lost. Resolves to whether it succeeded. */
  readonly putBackOthers: (shard: number) => Promise<boolean>
  readonly onHeard: () => void
}

export const NEVER: Instant = { wall: Number.NEGATIVE_INFINITY, monotonic: Number.NEGATIVE_INFINITY }

/** If there are more, the first of them does not fit, and is followed by a pull. */
const MAX_MEANWHILE = 100

const NOTHING_TO_DO = { kind: 'claimed' } as const

/** How long to wait while another process puts back what was lost. */
const BUSY_MS = 300
/** What it puts back is known here. So it is read only now and then, which shows that the store still answers. */
const UNREAD_MS = 2000

export function createShardFeed(shard: number, parts: ShardFeedParts): ShardFeed {
  const { store, held, clock, inTurn, add } = parts
  let epoch: string | undefined
  /** The digest of everything that the feed ever had; unknown until it was read to its end. */
  let digest: bigint | undefined
  let position = 0
  let heardAt = NEVER
  let isUnsettled = false
  /** The store lost data, and has not been seen to have everything again. */
  let isRecovering = false
  let pulling: Promise<void> | undefined
  /** What was announced during a pull, which may or may not have read it. */
  let meanwhile: RevokedNews[] = []
  /** When an announcement was last taken in, by the monotonic clock. */
  let tookInAt = Number.NEGATIVE_INFINITY

  function pull(): Promise<void> {
    pulling ??= follow().finally(() => {
      pulling = undefined
      const waiting = meanwhile
      meanwhile = []
      for (const news of waiting) takeIn(news)
    })
    return pulling
  }

  function takeIn(news: RevokedNews): void {
    if (pulling !== undefined) {
      if (meanwhile.length === MAX_MEANWHILE) meanwhile.shift()
      meanwhile.push(news)
      return
    }
    if (news.mark.epoch === epoch && news.mark.position <= position) return
    const follows =
      news.mark.epoch === epoch && digest !== undefined && news.mark.digest === (digest ^ news.digest)
    if (!follows) return void pull()
    digest = news.mark.digest
    position = news.mark.position
    tookInAt = clock.monotonic()
  }

  async function follow(): Promise<void> {
    for (;;) {
      const asked = now(clock)
      // It is claimed before the last look, or what another process has just put back would seem to be missing.
      const claim = isRecovering ? await store.claim(shard) : NOTHING_TO_DO
      if (claim.kind === 'unavailable') return
      if (claim.kind === 'busy' && asked.monotonic - heardAt.monotonic < UNREAD_MS) {
        await pause()
        continue
      }
      const end = await readOn()
      if (end === 'unavailable') return
      if (end === 'lost') {
        forget()
        continue
      }
      if (!isRecovering) return heard(asked)
      const outcome = claim.kind === 'busy' ? 'busy' : await putBack(shard, { store, held, clock, inTurn })
      if (outcome === 'unavailable') return
      // Everything that the store has is known, and it takes back what it lost.
      heard(asked)
      if (outcome === 'busy') await pause()
      if (outcome !== 'nothing') continue
      if (!(await parts.putBackOthers(shard))) return heard(NEVER)
      isRecovering = false
      held.trust()
      parts.onRecovered(shard)
      return
    }
  }

  async function readOn(): Promise<'unavailable' | 'lost' | 'whole'> {
    for (;;) {
      const page = await inTurn(readPage)
      if (page !== 'more') return page
    }
  }

  /** Reads some hundred revocations, and tells whether that was the end of a whole feed. */
  async function readPage(): Promise<'unavailable' | 'more' | 'lost' | 'whole'> {
    const page = await store.pull(shard, position)
    if (page.kind === 'unavailable') return 'unavailable'
    add(shard, page.revocations)
    epoch ??= page.mark.epoch
    if (page.mark.epoch !== epoch) return 'lost'
    if (digest !== undefined) digest ^= page.digest
    position = page.position
    isUnsettled = page.unsettled
    if (page.more) return 'more'
    if (digest !== undefined && page.mark.digest !== digest) return 'lost'
    digest = page.mark.digest
    return 'whole'
  }

  /** Begins anew. Everything that is known counts as missing until it is read again. */
  function forget(): void {
    parts.onLoss(shard)
    held.suspect()
    isRecovering = true
    epoch = undefined
    digest = undefined
    position = 0
  }

  function heard(asked: Instant): void {
    heardAt = asked
    parts.onHeard()
  }

  function pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, BUSY_MS).unref())
  }

  return {
    pull,
    announced(news) {
      add(shard, news.revocations)
      takeIn(news)
    },
    compare(mark, asked) {
      if (pulling !== undefined) return
      // What was announced since may have overtaken the mark. It followed from what the mark stands for.
      const isOvertaken = tookInAt >= asked.monotonic && mark.position <= position
      const isKnown = mark.epoch === epoch && (mark.digest === digest || isOvertaken)
      if (isKnown && !isRecovering) heard(asked)
      else void pull()
    },
    idle: async () => {
      while (pulling !== undefined) await pulling
    },
    heardAt: () => heardAt,
    isUnsettled: () => isUnsettled,
  }
}

export function now(clock: Clock): Instant {
  return { wall: clock.now(), monotonic: clock.monotonic() }
}
