import type { Clock } from '../ports/clock.ts'
import { isSessionId, type SubjectTag } from '../ports/ids.ts'
import {
  type KnownMarks,
  notBeforeOf,
  type Revocation,
  type RevocationStore,
  type TokenIdentity,
} from '../ports/revocations.ts'
import { isFarAhead } from './far-ahead.ts'
import { createFeed, type Feed, type FeedEvents, type FeedSettings } from './feed.ts'
import { createHeldRevocations, type HeldRevocations } from './held.ts'
import { isRevoked, type RevocationSets } from './set.ts'

export type Judgement = 'live' | 'revoked' | 'unavailable'

/** A token that is judged with every request. The replica searches again only if something was revoked since. */
export interface Candidate extends TokenIdentity {
  /** Written by the replica: its revision when it last found the token live. */
  liveAt?: number
  /**
   * What the wall clock showed when somebody looked at the token just now, so that it need not be read again.
   * Milliseconds since the epoch.
   */
  readonly lookedAt?: number | undefined
}

export interface ReplicaSettings extends FeedSettings {
  /** `strict` asks the store about every token. */
  readonly mode: 'replicated' | 'strict'
}

export interface ReplicaEvents
  extends Pick<FeedEvents, 'onForgotten' | 'putBackOthers' | 'onTime' | 'onAnnounced'> {
  /** A revocation became known to this process, wherever it was made. */
  readonly onRevoked: (revocation: Revocation) => void
  /** What the clock of the store shows now, as far as that is known. Milliseconds since the epoch. */
  readonly storeTime: () => number
}

/**
 * This process's copy of all live revocations. It knows how fresh it is.
 *
 * An announcement carries what was revoked, so that a process that is up to date asks the store for nothing. The
 * heartbeat compares the marks of all shards, so that a lost announcement delays a revocation by one heartbeat at most.
 * A feed is broken if the store restarted empty, or failed over to a replica that lagged. What is known here and the
 * store lacks is then put back into it, because a token that this process saw revoked must never become valid again.
 */
export interface Replica extends Feed {
  /** Judges a token. Returns a promise only if the store has to be asked. */
  judge(token: Candidate): Judgement | Promise<Judgement>
  /** Whether this process knows that a token is revoked. Does not ask the store. */
  knowsRevoked(token: TokenIdentity): boolean
  /** The marks that this process knows, for steps of the store that lead to tokens of the subject. */
  marksOf(tag: SubjectTag): KnownMarks
  /** How many revocations this process holds. */
  size(): number
  /** Adds a revocation that this process made itself. */
  add(revocation: Revocation): void
}

export function createReplica(
  store: RevocationStore,
  settings: ReplicaSettings,
  clock: Clock,
  events: ReplicaEvents,
): Replica {
  const held: readonly HeldRevocations[] = Array.from({ length: store.shards }, createHeldRevocations)
  const nowhere = createHeldRevocations()
  /** Tokens of this deployment that were issued in this second or earlier are refused, if everything was revoked. */
  let notBefore = Number.NEGATIVE_INFINITY
  /** The sessions that were made until this millisecond have ended. */
  let endedUntil = 0
  /** Increases with each revocation that becomes known. */
  let revision = 0
  const heldIn = (shard: number): HeldRevocations => held[shard] ?? nowhere
  const feed = createFeed(store, settings, clock, {
    ...events,
    heldIn,
    addRead(shard, revocations) {
      const at = clock.now()
      for (const revocation of revocations) tell(heldIn(shard).addRead(revocation, at), revocation)
    },
    addUnread(shard, revocations) {
      const believed = revocations.filter((one) => !isFarAhead(one, events.storeTime()))
      for (const revocation of believed) addUnread(heldIn(shard), revocation)
      return believed.length === revocations.length
    },
  })

  function addUnread(one: HeldRevocations, revocation: Revocation): void {
    tell(one.addUnread(revocation, clock.now(), clock.monotonic()), revocation)
  }

  function tell(isNew: boolean, revocation: Revocation): void {
    if (!isNew) return
    if (revocation.kind === 'all') {
      endedUntil = Math.max(endedUntil, revocation.until)
      // Each shard has it.
      if (notBeforeOf(revocation) <= notBefore) return
      notBefore = notBeforeOf(revocation)
    }
    revision++
    events.onRevoked(revocation)
  }

  function shardOfSession(session: string): number {
    return isSessionId(session) ? store.shardOfSession(session) : store.shardOfName(session)
  }

  const sets: RevocationSets = {
    ofSession: (session) => heldIn(shardOfSession(session)),
    ofName: (name) => heldIn(store.shardOfName(name)),
    ofSubject(token) {
      const { own, session } = token
      // The sessions of a subject are in its shard. To read the tag of a token is to compute it.
      const isOwn = own && session !== undefined && isSessionId(session)
      return heldIn(isOwn ? store.shardOfSession(session) : store.shardOfTag(token.tag))
    },
  }
  const knowsRevoked = (token: TokenIdentity): boolean => isRevoked(token, notBefore, sets)

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
      return settings.mode === 'replicated' && feed.isFresh(token.lookedAt) ? 'live' : ask(token)
    },
    knowsRevoked,
    marksOf: (tag) => ({
      endedUntil,
      refusedUntil: Math.max(notBefore, heldIn(store.shardOfTag(tag)).refusedUntil(tag)),
    }),
    size: () => held.reduce((sum, one) => sum + one.size(), 0),
    add(revocation) {
      const shards = revocation.kind === 'all' ? held : [heldIn(store.shardOf(revocation))]
      for (const one of shards) addUnread(one, revocation)
    },
    /** In strict mode nothing is judged by this copy. */
    catchUp: async () => settings.mode === 'strict' || feed.catchUp(),
  }
}
