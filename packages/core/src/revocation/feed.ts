import type { Clock } from '../ports/clock.ts'
import type { FeedMark, Revocation, RevocationStore } from '../ports/revocations.ts'

export interface FeedSettings {
  /** How long what was read counts as fresh after the store was last heard from. */
  readonly maxStalenessMs: number
  /** The period of the heartbeat, at which each shard is pulled even if no news was announced. */
  readonly pullEveryMs: number
}

export interface FeedEvents {
  /** A revocation was read. */
  readonly add: (revocation: Revocation) => void
  /** What this process knows of a shard. */
  readonly heldIn: (shard: number) => readonly Revocation[]
  /** The store lost data, and its revocations were put back. Called once, however many shards lost data. */
  readonly onForgotten: () => void
  /** Puts back whatever else the shard lost. Resolves to whether it succeeded; if not, the shard is put back again. */
  readonly putBackOthers: (shard: number) => Promise<boolean>
}

/** Follows the store's feeds, one for each shard, and puts back what a store forgot. */
export interface Feed {
  /** Loads all shards once and starts the heartbeat. Resolves even if the store cannot be reached. */
  start(): Promise<void>
  /** Whether every shard was pulled within `maxStalenessMs`. */
  isFresh(): boolean
  /** Pulls all shards now unless they are fresh. Resolves to whether every shard could be pulled. */
  catchUp(): Promise<boolean>
  close(): void
}

interface Shard {
  epoch: string | undefined
  /** The digest of everything read so far; unknown until the shard was read completely, and after it was put back. */
  digest: bigint | undefined
  position: number
  heardAt: number
  pulling: Promise<void> | undefined
  again: boolean
}

/**
 * In how many parts the shards are pulled: all at once would hold up the requests of that moment, and each by itself
 * would wake an idle process four times as often.
 */
const PARTS_OF_HEARTBEAT = 4

export function createFeed(
  store: RevocationStore,
  settings: FeedSettings,
  clock: Clock,
  events: FeedEvents,
): Feed {
  const shards: readonly Shard[] = Array.from({ length: store.shards }, () => ({
    epoch: undefined,
    digest: undefined,
    position: 0,
    heardAt: Number.NEGATIVE_INFINITY,
    pulling: undefined,
    again: false,
  }))
  let oldestHeard = Number.NEGATIVE_INFINITY
  let forgottenAt = Number.NEGATIVE_INFINITY
  let heartbeat: NodeJS.Timeout | undefined

  /** One pull at a time for each shard. News that arrives meanwhile is fetched by one more. */
  function pull(index: number): Promise<void> {
    const shard = shards[index]
    if (shard === undefined) return Promise.resolve()
    if (shard.pulling !== undefined) {
      shard.again = true
      return shard.pulling
    }
    shard.pulling = follow(index, shard).finally(() => {
      shard.pulling = undefined
      if (!shard.again) return
      shard.again = false
      void pull(index)
    })
    return shard.pulling
  }

  async function follow(index: number, shard: Shard): Promise<void> {
    for (;;) {
      const asked = clock.monotonic()
      const outcome = await store.pull(index, shard.position)
      if (outcome.kind === 'unavailable') return
      for (const revocation of outcome.revocations) events.add(revocation)
      if (shard.digest !== undefined) shard.digest ^= outcome.digest
      shard.position = outcome.position
      if (outcome.more) continue
      if (!isWhole(shard, outcome.mark)) {
        if (!(await putBack(index, shard, outcome.mark.epoch))) return
        continue
      }
      shard.epoch = outcome.mark.epoch
      shard.digest = outcome.mark.digest
      shard.heardAt = asked
      oldestHeard = Math.min(...shards.map((one) => one.heardAt))
      return
    }
  }

  /** Puts what this process knows of a shard back into the store. The shard is then read from its beginning. */
  async function putBack(index: number, shard: Shard, epoch: string): Promise<boolean> {
    const asserted = await store.assert(index, events.heldIn(index), clock.now())
    if (asserted.kind === 'unavailable') return false
    tellForgotten()
    if (!(await events.putBackOthers(index))) return false
    shard.epoch = epoch
    shard.digest = undefined
    shard.position = 0
    return true
  }

  /** Reports one loss once. A store loses all of its shards at the same time, but each is put back on its own. */
  function tellForgotten(): void {
    const isNews = clock.monotonic() - forgottenAt > settings.pullEveryMs * 2
    forgottenAt = clock.monotonic()
    if (isNews) events.onForgotten()
  }

  function isFresh(): boolean {
    return clock.monotonic() - oldestHeard <= settings.maxStalenessMs
  }

  return {
    async start() {
      store.onNews((shard) => void pull(shard))
      await Promise.all(shards.map((_, index) => pull(index)))
      const parts = Math.min(PARTS_OF_HEARTBEAT, shards.length)
      let part = 0
      heartbeat = setInterval(() => {
        for (let index = part; index < shards.length; index += parts) void pull(index)
        part = (part + 1) % parts
      }, settings.pullEveryMs / parts)
      heartbeat.unref()
    },
    isFresh,
    async catchUp() {
      if (isFresh()) return true
      const since = clock.monotonic()
      // A pull that is under way may have been asked for too long ago to count.
      await Promise.all(shards.map((shard, index) => shard.pulling?.then(() => pull(index)) ?? pull(index)))
      return oldestHeard >= since
    },
    close: () => clearInterval(heartbeat),
  }
}

/** Whether the store still has everything that was read from the shard, and nothing before it that was not read. */
function isWhole(shard: Shard, mark: FeedMark): boolean {
  if (shard.epoch === undefined) return true
  return mark.epoch === shard.epoch && (shard.digest === undefined || mark.digest === shard.digest)
}
