import type { Clock } from '../ports/clock.ts'
import { isSessionId } from '../ports/ids.ts'
import type { Revocation, RevocationStore, TokenIdentity } from '../ports/revocations.ts'
import { createFeed, type Feed } from './feed.ts'
import { createRevocationSet, type RevocationSet } from './set.ts'

export type Judgement = 'live' | 'revoked' | 'unavailable'

/** A token that is judged with every request. The replica searches again only if something was revoked since. */
export interface Candidate extends TokenIdentity {
  /** Written by the replica: its revision when it last found the token live. */
  liveAt?: number
}

export interface ReplicaSettings {
  /** `strict` asks the store about every token. */
  readonly mode: 'replicated' | 'strict'
  /** How long the replica judges without the store after it last heard from it. */
  readonly maxStalenessMs: number
  /** The period of the heartbeat, at which each shard is pulled even if no news was announced. */
  readonly pullEveryMs: number
}

export interface ReplicaEvents {
  /** A revocation became known to this process, wherever it was made. */
  readonly onRevoked: (revocation: Revocation) => void
  /** The store lost data, and its revocations were put back. Called once, however many shards lost data. */
  readonly onForgotten: () => void
  /** Puts back whatever else the store lost. Resolves to whether it succeeded; if not, the shard is put back again. */
  readonly putBackOthers: (shard: number) => Promise<boolean>
}

/**
 * This process's copy of all live revocations. It knows how fresh it is.
 *
 * Each shard's feed is pulled when news is announced, and also at every heartbeat, so that a lost announcement delays
 * a revocation by one heartbeat at most. A feed is broken if the store restarted empty, or failed over to a replica
 * that lagged. Everything known here is then put back into it, because a token that this process saw revoked must
 * never become valid again.
 */
export interface Replica extends Feed {
  /** Judges a token. Returns a promise only if the store has to be asked. */
  judge(token: Candidate): Judgement | Promise<Judgement>
  /** Whether this process knows that a token is revoked. Does not ask the store. */
  knowsRevoked(token: TokenIdentity): boolean
  /** Adds a revocation that this process made itself. */
  add(revocation: Revocation): void
}

export function createReplica(
  store: RevocationStore,
  settings: ReplicaSettings,
  clock: Clock,
  events: ReplicaEvents,
): Replica {
  /** Most revocations are of sessions; all others are rare, and held for all shards together. */
  const sessions: readonly RevocationSet[] = Array.from({ length: store.shards }, createRevocationSet)
  const others = createRevocationSet()
  /** Increases with each revocation that becomes known. */
  let revision = 0
  const feed = createFeed(store, settings, clock, { add, heldIn, ...events })

  function setFor(session: string | undefined): RevocationSet {
    if (session === undefined || !isSessionId(session)) return others
    return sessions[store.shardOfSession(session)] ?? others
  }

  function add(revocation: Revocation): void {
    const set = 'session' in revocation ? setFor(revocation.session) : others
    if (!set.add(revocation, clock.now())) return
    revision++
    events.onRevoked(revocation)
  }

  function heldIn(shard: number): Revocation[] {
    const rare = others.all().filter((revocation) => store.shardOf(revocation) === shard)
    return [...(sessions[shard]?.all() ?? []), ...rare]
  }

  function knowsRevoked(token: TokenIdentity): boolean {
    return setFor(token.session).concerns(token) || others.concerns(token)
  }

  async function ask(token: TokenIdentity): Promise<Judgement> {
    const outcome = await store.check(token)
    return outcome.kind
  }

  return {
    ...feed,
    judge(token) {
      if (token.liveAt !== revision) {
        if (knowsRevoked(token)) return 'revoked'
        token.liveAt = revision
      }
      return settings.mode === 'replicated' && feed.isFresh() ? 'live' : ask(token)
    },
    knowsRevoked,
    add,
    /** In strict mode nothing is judged by this copy. */
    catchUp: async () => settings.mode === 'strict' || feed.catchUp(),
  }
}
