import type { Clock } from '../ports/clock.ts'
import { isSessionId } from '../ports/ids.ts'
import type { FeedMark, Revocation, RevocationStore, TokenIdentity } from '../ports/revocations.ts'
import { createRevocationSet, type RevocationSet } from './set.ts'

export type Judgement = 'live' | 'revoked' | 'unavailable'

/** A token that may be judged again and again: the replica looks again only when more was revoked since. */
export interface Candidate extends TokenIdentity {
  /** Written by the replica: its revision when it last found the token live. */
  liveAt?: number
}

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
  /** The store lost what it had known, and its revocations were put back. Told once, however many shards it concerns. */
  readonly onForgotten: () => void
  /** Puts back what else the shard lost. Resolves to whether that was done; if not, all is done again. */
  readonly putBackOthers: (shard: number) => Promise<boolean>
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
  judge(token: Candidate): Judgement | Promise<Judgement>
  /** Whether a token is known here to be revoked; asks nobody. */
  knowsRevoked(token: TokenIdentity): boolean
  /** Takes in a revocation that this process made itself. */
  add(revocation: Revocation): void
  /** Whether every shard was heard of within `maxStalenessMs`. */
  isFresh(): boolean
  close(): void
}

interface Shard {
  /** The shard's sessions that are revoked; what else is revoked is rare, and held for all shards together. */
  readonly sessions: RevocationSet
  epoch: string | undefined
  /** Of all that was read; unknown until the shard was read whole, and after it was put back together. */
  digest: bigint | undefined
  position: number
  heardAt: number
  pulling: Promise<void> | undefined
  again: boolean
}

/**
 * In how many parts the shards are pulled: all at once would hold up the requests of that moment, and each by
 * itself would wake an idle process four times as often.
 */
const PARTS_OF_HEARTBEAT = 4

export function createReplica(
  store: RevocationStore,
  settings: ReplicaSettings,
  clock: Clock,
  events: ReplicaEvents,
): Replica {
  const others = createRevocationSet()
  const shards: readonly Shard[] = Array.from({ length: store.shards }, () => ({
    sessions: createRevocationSet(),
    epoch: undefined,
    digest: undefined,
    position: 0,
    heardAt: Number.NEGATIVE_INFINITY,
    pulling: undefined,
    again: false,
  }))
  let oldestHeard = Number.NEGATIVE_INFINITY
  let forgottenAt = Number.NEGATIVE_INFINITY
  /** Counts what became known. */
  let revision = 0
  let heartbeat: NodeJS.Timeout | undefined

  function setFor(session: string | undefined): RevocationSet {
    if (session === undefined || !isSessionId(session)) return others
    return shards[store.shardOfSession(session)]?.sessions ?? others
  }

  function add(revocation: Revocation): void {
    const set = revocation.kind === 'session' ? setFor(revocation.session) : others
    if (!set.add(revocation, clock.now())) return
    revision++
    events.onRevoked(revocation)
  }

  function knowsRevoked(token: TokenIdentity): boolean {
    return setFor(token.session).concerns(token) || others.concerns(token)
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
      for (const revocation of outcome.revocations) add(revocation)
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

  /** Gives the store what this process knows of a shard, and lets the shard be read from its beginning. */
  async function putBack(index: number, shard: Shard, epoch: string): Promise<boolean> {
    const rare = others.all().filter((revocation) => store.shardOf(revocation) === index)
    const asserted = await store.assert(index, [...shard.sessions.all(), ...rare], clock.now())
    if (asserted.kind === 'unavailable') return false
    tellForgotten()
    if (!(await events.putBackOthers(index))) return false
    shard.epoch = epoch
    shard.digest = undefined
    shard.position = 0
    return true
  }

  /** All shards are lost at once, and each is put back by itself. */
  function tellForgotten(): void {
    const isNews = clock.monotonic() - forgottenAt > settings.pullEveryMs * 2
    forgottenAt = clock.monotonic()
    if (isNews) events.onForgotten()
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
      const parts = Math.min(PARTS_OF_HEARTBEAT, shards.length)
      let part = 0
      heartbeat = setInterval(() => {
        for (let index = part; index < shards.length; index += parts) void pull(index)
        part = (part + 1) % parts
      }, settings.pullEveryMs / parts)
      heartbeat.unref()
    },
    judge(token) {
      if (token.liveAt !== revision) {
        if (knowsRevoked(token)) return 'revoked'
        token.liveAt = revision
      }
      return settings.mode === 'replicated' && isFresh() ? 'live' : ask(token)
    },
    knowsRevoked,
    add,
    isFresh,
    close: () => clearInterval(heartbeat),
  }
}

/** Whether the store still has all that was read of the shard, and nothing in between that was not. */
function isWhole(shard: Shard, mark: FeedMark): boolean {
  if (shard.epoch === undefined) return true
  return mark.epoch === shard.epoch && (shard.digest === undefined || mark.digest === shard.digest)
}
