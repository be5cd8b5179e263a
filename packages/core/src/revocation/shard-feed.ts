import { type InTurn, rest } from '../dependencies/turns.ts'
import type { Clock } from '../ports/clock.ts'
import type { FeedMark, FeedNews, Revocation, RevocationStore } from '../ports/revocations.ts'
import type { HeldRevocations } from './held.ts'
import { createPutBack, type PutBackOutcome } from './put-back.ts'

/** Follows the feed of one shard, and puts back what the store forgot of it. */
export interface ShardFeed {
  /**
   * Reads on to the end of the feed. The first time, it goes on until no other process may be about to put back what the
   * store lost, for a minute at most.
   *
   * One pull at a time is under way, and whoever asks meanwhile shares it.
   */
  pull(): Promise<void>
  /** Takes in what was announced, and pulls if it does not fit what is known. */
  announced(news: RevokedNews): void
  /** Compares the mark that the store had at an instant with what is known, and pulls if it does not fit. */
  compare(mark: FeedMark, asked: Instant): void
  /** Resolves once no pull is under way. */
  idle(): Promise<void>
  /**
   * Grows when the store is found to have lost data, and again once that is back: what was read meanwhile may come from
   * before the loss.
   */
  losses(): number
  /** When the store was last known to have nothing that is not known here. */
  heardAt(): Instant
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
  readonly addRead: (shard: number, revocations: readonly Revocation[]) => void
  /** Returns whether all of them were believed. */
  readonly addUnread: (shard: number, revocations: readonly Revocation[]) => boolean
  /** The store is found to have lost data. */
  readonly onLoss: (shard: number) => void
  /** Everything that it lost is back. */
  readonly onRecovered: (shard: number) => void
  /** Puts back whatever else the shard lost. Resolves to whether it succeeded. */
  readonly putBackOthers: (shard: number) => Promise<boolean>
  readonly onHeard: () => void
}

export const NEVER: Instant = { wall: Number.NEGATIVE_INFINITY, monotonic: Number.NEGATIVE_INFINITY }

/** Of more, the next mark shows that something is missing. */
const MAX_MEANWHILE = 100
const UNSETTLED_MS = 100
/** Most that a start waits for others. */
const MAX_UNSETTLED_MS = 60_000
/** What this process made itself is announced within this time, or else was lost. */
const CERTAIN_AFTER_MS = 2000

const NOTHING_TO_DO = { kind: 'claimed' } as const

/** How long to wait while another process puts back what was lost. */
const BUSY_MS = 300
/** What it puts back is known here. So it is read only now and then, which shows that the store still answers. */
const UNREAD_MS = 2000
/** After each page of many. To take a page in takes about as long. */
const REST_MS = 3
/** A shard that was heard from longer ago is read without rests, and so is one that was never read to its end. */
const RESTED_MS = 3000

export function createShardFeed(shard: number, parts: ShardFeedParts): ShardFeed {
  const { store, held, clock, inTurn } = parts
  let epoch: string | undefined
  /** The digest of everything that the feed ever had; unknown until it was read to its end. */
  let digest: bigint | undefined
  let position = 0
  let heardAt = NEVER
  let losses = 0
  /** Puts back what the store lost, from when it lost data until it has been seen to have everything again. */
  let recover: (() => Promise<PutBackOutcome>) | undefined
  let pulling: Promise<void> | undefined
  /** What was announced during a pull, which may or may not have read it. */
  let meanwhile: RevokedNews[] = []
  /** The digests before the latest announcements, and until when they were right. */
  let earlier: { readonly digest: bigint; readonly until: number }[] = []

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
      if (meanwhile.length < MAX_MEANWHILE) meanwhile.push(news)
      return
    }
    if (news.mark.epoch === epoch && news.mark.position <= position) return
    const follows =
      news.mark.epoch === epoch && digest !== undefined && news.mark.digest === (digest ^ news.digest)
    // During a recovery, whatever was not read counts as missing.
    if (!follows || digest === undefined || recover !== undefined) return void pull()
    if (earlier.length < MAX_MEANWHILE) earlier.push({ digest, until: clock.monotonic() })
    digest = news.mark.digest
    position = news.mark.position
    for (const revocation of news.revocations) held.confirm(revocation)
  }

  async function follow(): Promise<void> {
    const began = clock.monotonic()
    for (;;) {
      const asked = now(clock)
      // It is claimed before the last look, or what another process has just put back would seem to be missing.
      const claim = recover === undefined ? NOTHING_TO_DO : await store.claim(shard)
      if (claim.kind === 'unavailable') return
      if (claim.kind === 'busy' && asked.monotonic - heardAt.monotonic < UNREAD_MS) {
        await rest(BUSY_MS)
        continue
      }
      const end = await readOn()
      if (end === 'unavailable') return
      // What is known for so long, and was not read up to the end, is not there.
      const lacks = recover === undefined && asked.monotonic - held.unreadSince() >= CERTAIN_AFTER_MS
      if (end === 'lost' || lacks) {
        forget()
        continue
      }
      if (recover === undefined) {
        const isFirst = heardAt === NEVER && asked.monotonic - began < MAX_UNSETTLED_MS
        if (end === 'settled' || !isFirst) return heard(asked)
        // Other processes may be about to put back what the store lost.
        await rest(UNSETTLED_MS)
        continue
      }
      const outcome = claim.kind === 'busy' ? 'busy' : await recover()
      if (outcome === 'unavailable') return
      // Everything that the store has is known, and it takes back what it lost.
      heard(asked)
      if (outcome === 'busy') await rest(BUSY_MS)
      if (outcome !== 'nothing') continue
      if (!(await parts.putBackOthers(shard))) return heard(NEVER)
      recover = undefined
      losses++
      held.trust()
      parts.onRecovered(shard)
      return
    }
  }

  async function readOn(): Promise<'unavailable' | 'lost' | 'settled' | 'unsettled'> {
    for (;;) {
      const page = await inTurn(readPage)
      if (page !== 'more') return page
    }
  }

  /** Reads some hundred revocations, and tells whether that was the end of a whole feed. */
  async function readPage(): Promise<'more' | Awaited<ReturnType<typeof readOn>>> {
    const page = await store.pull(shard, position)
    if (page.kind === 'unavailable') return 'unavailable'
    parts.addRead(shard, page.revocations)
    epoch ??= page.mark.epoch
    if (page.mark.epoch !== epoch) return 'lost'
    if (digest !== undefined) digest ^= page.digest
    position = page.position
    if (page.more) {
      if (clock.monotonic() - heardAt.monotonic < RESTED_MS) await rest(REST_MS)
      return 'more'
    }
    if (digest !== undefined && page.mark.digest !== digest) return 'lost'
    digest = page.mark.digest
    return page.unsettled ? 'unsettled' : 'settled'
  }

  /** Begins anew. Everything that is known counts as missing until it is read again. */
  function forget(): void {
    parts.onLoss(shard)
    losses++
    held.suspect()
    recover = createPutBack(shard, { store, held, clock, inTurn })
    epoch = undefined
    digest = undefined
    position = 0
  }

  function heard(asked: Instant): void {
    heardAt = asked
    parts.onHeard()
  }

  return {
    pull,
    announced(news) {
      if (parts.addUnread(shard, news.revocations)) takeIn(news)
      else void pull()
    },
    compare(mark, asked) {
      if (pulling !== undefined) return
      // Announcements may have overtaken the mark.
      const wasKnown = earlier.some((one) => one.until >= asked.monotonic && one.digest === mark.digest)
      earlier = []
      const isKnown = mark.epoch === epoch && (mark.digest === digest || wasKnown)
      const isRead = asked.monotonic - held.unreadSince() < CERTAIN_AFTER_MS
      if (isKnown && isRead && recover === undefined) heard(asked)
      else void pull()
    },
    idle: async () => {
      while (pulling !== undefined) await pulling
    },
    losses: () => losses,
    heardAt: () => heardAt,
  }
}

export function now(clock: Clock): Instant {
  return { wall: clock.now(), monotonic: clock.monotonic() }
}
