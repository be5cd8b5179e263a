import { createTurns } from '../dependencies/turns.ts'
import type { Clock } from '../ports/clock.ts'
import type { FeedNews, Revocation, RevocationStore } from '../ports/revocations.ts'
import type { HeldRevocations } from './held.ts'
import { createShardFeed, type Instant, NEVER, now, type ShardFeed } from './shard-feed.ts'

export interface FeedSettings {
  /** How long what was read counts as fresh after the store was last heard from. */
  readonly maxStalenessMs: number
  /** The period of the heartbeat, which reads the marks of all shards. */
  readonly heartbeatMs: number
}

export interface FeedEvents {
  /** Revocations were read from the store. */
  readonly addRead: (shard: number, revocations: readonly Revocation[]) => void
  /** Revocations were announced, by whoever can publish. Returns whether all of them were believed. */
  readonly addUnread: (shard: number, revocations: readonly Revocation[]) => boolean
  /** What this process knows of a shard. */
  readonly heldIn: (shard: number) => HeldRevocations
  /** The store lost data, and its revocations were put back. Called once, however many shards lost data. */
  readonly onForgotten: () => void
  /** Puts back whatever else the shard lost. Resolves to whether it succeeded; if not, it is tried again. */
  readonly putBackOthers: (shard: number) => Promise<boolean>
  /** What the clock of the store showed at some moment between the two instants. */
  readonly onTime: (at: number, asked: Instant, answered: Instant) => void
  /** Something that was revoked at this millisecond of the store has been announced. */
  readonly onAnnounced: (at: number) => void
}

/** Follows the store's feeds, one for each shard, and puts back what a store forgot. */
export interface Feed {
  /**
   * Loads all shards once and starts the heartbeat. Resolves even if the store cannot be reached. Beside a store that
   * has just lost its data, it waits until other processes have put back what they know.
   */
  start(): Promise<void>
  /**
   * Whether every shard was heard from within `maxStalenessMs`, by both clocks.
   *
   * @param wall what the wall clock shows, if it was just read
   */
  isFresh(wall?: number): boolean
  /** How often this process found that a shard had lost data, or had just got it back. */
  losses(shard: number): number
  /** How long ago the shard that was heard from longest ago was heard from, in milliseconds. */
  staleMs(): number
  /** Reads all shards now unless they are fresh. Resolves to whether every shard could be read. */
  catchUp(): Promise<boolean>
  close(): void
}

/** How many slices of revocations may be under way at once. All shards at once would hold up this process. */
const SLICES_AT_ONCE = 3
/** Whoever asks whether all is up to date does not wait for a long recovery. */
const MAX_CATCHING_UP_MS = 1000
/** At every so many heartbeats one shard is pulled although nothing happened, so that no key of it ever expires. */
const BEATS_PER_PULL = 512

export function createFeed(
  store: RevocationStore,
  settings: FeedSettings,
  clock: Clock,
  events: FeedEvents,
): Feed {
  let oldest = NEVER
  let heartbeat: NodeJS.Timeout | undefined
  let beats = 0
  let beating: Promise<void> | undefined
  const recovering = new Set<number>()
  const inTurn = createTurns(SLICES_AT_ONCE)
  const shards: readonly ShardFeed[] = Array.from({ length: store.shards }, (_, shard) =>
    createShardFeed(shard, {
      ...{ store, clock, inTurn, held: events.heldIn(shard) },
      ...{ addRead: events.addRead, addUnread: events.addUnread },
      putBackOthers: events.putBackOthers,
      onLoss: (lost) => void recovering.add(lost),
      onRecovered(recovered) {
        recovering.delete(recovered)
        // A store loses all of its shards at the same time, but each is put back on its own.
        if (recovering.size === 0) events.onForgotten()
      },
      onHeard() {
        const instants = shards.map((one) => one.heardAt())
        oldest = {
          wall: Math.min(...instants.map(({ wall }) => wall)),
          monotonic: Math.min(...instants.map(({ monotonic }) => monotonic)),
        }
      },
    }),
  )

  function isFresh(wall: number = clock.now()): boolean {
    return (
      clock.monotonic() - oldest.monotonic <= settings.maxStalenessMs &&
      wall - oldest.wall <= settings.maxStalenessMs
    )
  }

  /** Compares the marks of all shards with what is known. */
  function beat(): Promise<void> {
    beating ??= compare().finally(() => {
      beating = undefined
    })
    return beating
  }

  async function compare(): Promise<void> {
    const asked = now(clock)
    const outcome = await store.marks()
    if (outcome.kind === 'unavailable') return
    if (outcome.at !== undefined) events.onTime(outcome.at, asked, now(clock))
    for (const [index, shard] of shards.entries()) {
      const mark = outcome.marks[index]
      if (mark !== undefined) shard.compare(mark, asked)
    }
  }

  function onBeat(): void {
    beats++
    if (beats % BEATS_PER_PULL === 0) void shards[(beats / BEATS_PER_PULL) % shards.length]?.pull()
    void beat()
  }

  function onNews(news: FeedNews): void {
    if (news.kind === 'gap') return void beat()
    events.onAnnounced(news.mark.position)
    shards[news.shard]?.announced(news)
  }

  return {
    async start() {
      store.onNews(onNews)
      await Promise.all(shards.map((shard) => shard.pull()))
      // What is signed before the first heartbeat must have the time of the store, too.
      await beat()
      heartbeat = setInterval(onBeat, settings.heartbeatMs)
      heartbeat.unref()
    },
    isFresh,
    losses: (shard) => shards[shard]?.losses() ?? 0,
    staleMs: () => clock.monotonic() - oldest.monotonic,
    async catchUp() {
      if (isFresh()) return true
      const since = clock.monotonic()
      // One that is under way may have been asked for too long ago to count.
      await beating
      await beat()
      await within(MAX_CATCHING_UP_MS, Promise.all(shards.map((shard) => shard.idle())))
      return oldest.monotonic >= since
    },
    close: () => clearInterval(heartbeat),
  }
}

/** Waits for a promise, but not for longer. */
async function within(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds).unref()
  })
  await Promise.race([promise, over])
  clearTimeout(timer)
}
