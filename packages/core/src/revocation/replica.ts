import type { Clock } from '../ports/clock.ts'
import { isSessionId } from '../ports/ids.ts'
import type { Revocation, RevocationStore, TokenIdentity } from '../ports/revocations.ts'
import { createFeed } from './feed.ts'
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

export function createReplica(
  store: RevocationStore,
  settings: ReplicaSettings,
  clock: Clock,
  events: ReplicaEvents,
): Replica {
  /** Most revocations are of sessions; all others are rare, and held for all shards together. */
  const sessions: readonly RevocationSet[] = Array.from({ length: store.shards }, createRevocationSet)
  const others = createRevocationSet()
  /** Counts what became known. */
  let revision = 0
  const feed = createFeed(store, settings, clock, { add, heldIn, ...events })

  function setFor(session: string | undefined): RevocationSet {
    if (session === undefined || !isSessionId(session)) return others
    return sessions[store.shardOfSession(session)] ?? others
  }

  function add(revocation: Revocation): void {
    const set = revocation.kind === 'session' ? setFor(revocation.session) : others
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
    start: feed.start,
    judge(token) {
      if (token.liveAt !== revision) {
        if (knowsRevoked(token)) return 'revoked'
        token.liveAt = revision
      }
      return settings.mode === 'replicated' && feed.isFresh() ? 'live' : ask(token)
    },
    knowsRevoked,
    add,
    isFresh: feed.isFresh,
    close: feed.close,
  }
}
