import type { Clock } from '../ports/clock.ts'
import type { Revocation, TokenIdentity } from '../ports/model.ts'
import type { FeedMark, RevocationStore } from '../ports/store.ts'
import { createRevocationSet } from './set.ts'

export type Judgement = 'live' | 'revoked' | 'unavailable'

export interface ReplicaSettings {
  /** `strict` asks the store about every token. */
  readonly mode: 'replicated' | 'strict'
  /** How long the replica judges alone after it last heard from the store. */
  readonly maxStalenessMs: number
  /** How often it asks for news, whether or not it was told of any. */
  readonly pullEveryMs: number
}

export interface ReplicaEvents {
  /** A revocation became known to this process, wherever it was made. */
  readonly onRevoked: (revocation: Revocation) => void
  /** A shard of the store lost what it had known; what this process knows was put back. */
  readonly onForgotten: (shard: number) => void
}

/**
 * This process's copy of all live revocations, and its knowledge of how fresh the copy is.
 *
 * Each shard's feed is pulled when news is announced and at every heartbeat besides, so that a lost
 * announcement costs one heartbeat. When a feed does not go on where it was left (the store restarted
 * empty, or failed over to a copy that lagged), everything known here is put back into it: nothing
 * that this process saw revoked is ever good again.
 */
export interface Replica {
  /** Loads all shards once and begins to follow; resolves also when the store can't be reached. */
  start(): Promise<void>
  /** Judges a token; a promise only where the store has to be asked. */
  judge(token: TokenIdentity): Judgement | Promise<Judgement>
  /** Takes in a revocation that this process made itself. */
  add(revocation: Revocation): void
  /** Whether every shard was heard of within `maxStalenessMs`. */
  isFresh(): boolean
  close(): void
}

interface Shard {
  epoch: string | undefined
  /** Revocations ever fed, as last seen; unknown after the shard was put back together. */
  count: number | undefined
  position: number
  heardAt: number
  pulling: Promise<void> | undefined
  again: boolean
}

export function createReplica(
  store: RevocationStore,
  settings: ReplicaSettings,
  clock: Clock,
  events: ReplicaEvents,
): Replica {
  const known = createRevocationSet()
  const shards: readonly Shard[] = Array.from({ length: store.shards }, () => ({
    epoch: undefined,
    count: undefined,
    position: 0,
    heardAt: Number.NEGATIVE_INFINITY,
    pulling: undefined,
    again: false,
  }))
  let oldestHeard = Number.NEGATIVE_INFINITY
  let heartbeat: NodeJS.Timeout | undefined

  function add(revocation: Revocation): void {
    if (known.add(revocation, clock.now())) events.onRevoked(revocation)
  }

  /** One pull at a time a shard; news that come meanwhile are fetched by one more. */
  function pull(index: number): Promise<void> {
    const shard = shards[index]
    if (shard === undefined) return Promise.resolve()
    if (shard.pulling !== undefined) {
      shard.again = true
      return shard.pulling
    }
    shard.pulling = follow(index, shard).finally(() => {
      shard.pulling = undefined
      if (shard.again) {
        shard.again = false
        void pull(index)
      }
    })
    return shard.pulling
  }

  async function follow(index: number, shard: Shard): Promise<void> {
    let read = 0
    for (;;) {
      const asked = clock.monotonic()
      const outcome = await store.pull(index, shard.position)
      if (outcome.kind === 'unavailable') return
      for (const revocation of outcome.revocations) add(revocation)
      read += outcome.revocations.length
      shard.position = outcome.position
      if (outcome.more) continue
      if (!goesOn(shard, outcome.mark, read)) {
        if (!(await putBack(index, shard, outcome.mark.epoch))) return
        read = 0
        continue
      }
      shard.epoch = outcome.mark.epoch
      shard.count = outcome.mark.count
      shard.heardAt = asked
      oldestHeard = Math.min(...shards.map((one) => one.heardAt))
      return
    }
  }

  /** Gives the store what this process knows of a shard, and lets the shard be read from its beginning. */
  async function putBack(index: number, shard: Shard, epoch: string): Promise<boolean> {
    const lost = known.all().filter((revocation) => store.shardOf(revocation) === index)
    const asserted = await store.assert(index, lost, clock.now())
    if (asserted.kind === 'unavailable') return false
    shard.epoch = epoch
    shard.count = undefined
    shard.position = 0
    events.onForgotten(index)
    return true
  }

  function isFresh(): boolean {
    return clock.monotonic() - oldestHeard <= settings.maxStalenessMs
  }

  async function ask(token: TokenIdentity): Promise<Judgement> {
    const outcome = await store.check(token)
    return outcome.kind
  }

  return {
    async start() {
      store.onNews((shard) => void pull(shard))
      await Promise.all(shards.map((_, index) => pull(index)))
      heartbeat = setInterval(() => {
        for (const index of shards.keys()) void pull(index)
      }, settings.pullEveryMs)
      heartbeat.unref()
    },
    judge(token) {
      if (known.concerns(token)) return 'revoked'
      return settings.mode === 'replicated' && isFresh() ? 'live' : ask(token)
    },
    add,
    isFresh,
    close: () => clearInterval(heartbeat),
  }
}

/** Whether what was read is all that happened since the shard was last heard of. */
function goesOn(shard: Shard, mark: FeedMark, read: number): boolean {
  if (shard.epoch === undefined) return true
  return mark.epoch === shard.epoch && (shard.count === undefined || mark.count === shard.count + read)
}
