import type { SessionId, SubjectTag } from './ids.ts'
import type { Unavailable } from './outcome.ts'

/** A revocation. The tokens that it concerns are refused although they have not expired. */
export type Revocation =
  | { readonly kind: 'session'; readonly session: string }
  | GenerationRevocation
  | { readonly kind: 'token'; readonly jti: string }
  | SubjectRevocation
  | { readonly kind: 'key'; readonly kid: string }
  | AllRevocation

/**
 * How many seconds later than now a token may say that it was issued, because the clock of its process is ahead, or
 * because it was on its way. Ending sessions needs no such margin: it refuses all tokens of the session.
 */
export const TOKENS_AHEAD_SECONDS = 2

/** The access tokens of one generation of a session, which is burnt. The session itself goes on. */
export interface GenerationRevocation {
  readonly kind: 'generation'
  readonly session: SessionId
  readonly generation: number
}

export interface SubjectRevocation {
  readonly kind: 'subject'
  readonly tag: SubjectTag
  /** Tokens issued in this second (since the epoch) or earlier are refused. */
  readonly notBefore: number
  /** The tokens of this session are not refused. */
  readonly except?: SessionId
}

/** Every session that was made until an instant, and every access token that was issued until then. */
export interface AllRevocation {
  readonly kind: 'all'
  /** Milliseconds since the epoch. */
  readonly until: number
}

/**
 * The parts of an access token to which revocations refer. Those of another issuer's token have its issuer in
 * front ({@link isForeignName}), and it may lack some of them.
 */
export interface TokenIdentity {
  /** Whether this deployment issued the token. */
  readonly own: boolean
  readonly session: string | undefined
  /** The generation of the session; `undefined` for a token of another issuer. */
  readonly generation: number | undefined
  readonly tag: SubjectTag
  readonly jti: string | undefined
  readonly kid: string | undefined
  /** Seconds since the epoch. */
  readonly issuedAt: number | undefined
}

/**
 * How revocations name something of another issuer: a token, a session, a key or a subject. Its name alone could be that
 * of something of this deployment.
 */
export function foreignName(issuer: string, name: string): string {
  return `${issuer} ${name}`
}

/** No issuer has white space in its name, so the first blank ends it. */
const FOREIGN_NAME = /^https?:\S* /i

/**
 * Whether a string has the form in which revocations name something of another issuer. Nothing of this deployment may be
 * called so: whoever could name it would have access tokens of another issuer refused.
 */
export function isForeignName(name: string): boolean {
  return FOREIGN_NAME.test(name)
}

/**
 * Whether the revocation of a subject concerns a token of that subject. It does if the token was issued in that second
 * or earlier, or at an unknown time, and does not belong to the session that was kept.
 */
export function concernsToken(
  { notBefore, except }: Pick<SubjectRevocation, 'notBefore' | 'except'>,
  { issuedAt = 0, session }: Pick<TokenIdentity, 'issuedAt' | 'session'>,
): boolean {
  return issuedAt <= notBefore && (except === undefined || session !== except)
}

/**
 * Tokens of this deployment that were issued in this second (since the epoch) or earlier are refused. A token cannot
 * name the session's first instant, so those that are on their way, or come from a clock that is ahead, are covered.
 */
export function notBeforeOf({ until }: AllRevocation): number {
  return Math.floor(until / 1000) + TOKENS_AHEAD_SECONDS
}

/**
 * The marks of a subject that a process knows. The store may have lost them and not have them back yet, so every step that
 * leads to a token is told of them, and counts them as its own.
 */
export interface KnownMarks {
  /** Sessions that were made until this instant have ended, all of them. Milliseconds since the epoch; 0: none has. */
  readonly endedUntil: number
  /**
   * Tokens of the subject that were issued in this second or earlier are refused, those of one session perhaps excepted.
   * Seconds since the epoch; 0: none is.
   */
  readonly refusedUntil: number
}

/**
 * The revocations in an order in which they can be put back: of one session, the generation that was burnt first comes
 * first, so that the last one is the one to go on from.
 */
export function earliestBurntFirst(revocations: readonly Revocation[]): readonly Revocation[] {
  const burnt = (one: Revocation): number => (one.kind === 'generation' ? one.generation : 0)
  return [...revocations].sort((a, b) => burnt(a) - burnt(b))
}

/**
 * The state of a shard's feed, by which a reader notices that the store lost data.
 *
 * A new `epoch` means that the store lost everything. The digests are combined by XOR: if `digest` is not the reader's
 * last known digest combined with that of everything read since, the store lost some revocations, for example in a
 * failover to a replica that lagged. This shows even if others were added in their place.
 */
export interface FeedMark {
  readonly epoch: string
  /** The digest of all revocations ever added to this shard's feed, regardless of their order. */
  readonly digest: bigint
}

/** A mark, and the latest position on the feed. */
export interface PlacedMark extends FeedMark {
  /** The millisecond of the store in which the latest revocation was made; a few later ones if there were many. */
  readonly position: number
}

/** Something happened that a reader of the feeds should know. It may be announced late, or not at all. */
export type FeedNews =
  | {
      /** Something was revoked. */
      readonly kind: 'revoked'
      readonly shard: number
      /** The mark of the shard after it. */
      readonly mark: PlacedMark
      /** What was revoked; empty if it was too much to announce, and has to be pulled. */
      readonly revocations: readonly Revocation[]
      /** The digest of `revocations`. */
      readonly digest: bigint
    }
  /** Announcements may have been missed. */
  | { readonly kind: 'gap' }

export type MarksOutcome =
  | {
      readonly kind: 'marks'
      /** Of each shard; `undefined` where its server did not answer. A shard without a mark has an empty epoch. */
      readonly marks: readonly (FeedMark | undefined)[]
      /** The clock of the store, in milliseconds since the epoch, if it has one of its own. */
      readonly at?: number
    }
  | Unavailable

/** Positions become visible in order: after a pull, nothing may appear at or before the position that it returned. */
export type PullOutcome =
  | {
      readonly kind: 'pulled'
      readonly mark: FeedMark
      readonly revocations: readonly Revocation[]
      /** The digest of `revocations`, computed in the same way as `mark.digest`. */
      readonly digest: bigint
      /** The position from which to pull next. */
      readonly position: number
      /** Whether there is more to pull after `position`. */
      readonly more: boolean
      /**
       * Whether other processes may be about to put back revocations that the store lost: the feed began moments ago, or
       * one of them is at it. A process that has just started waits for them.
       */
      readonly unsettled: boolean
    }
  | Unavailable

/** All live revocations, divided into shards. Each shard has a feed, which is read from a position onwards. */
export interface RevocationStore {
  /** The number of shards. It never changes. */
  readonly shards: number
  /** The shard to which a revocation belongs. One of everything is in all of them, and its own shard is the first. */
  shardOf(revocation: Revocation): number
  /** The shard to which the revocation of a session belongs. Called for every token, so it must be fast. */
  shardOfSession(id: SessionId): number
  /** The shard to which the revocation of a subject belongs: that of all its sessions. As fast. */
  shardOfTag(tag: SubjectTag): number
  /** The shard of a token or a key, and of a session whose id is not a {@link SessionId}. As fast. */
  shardOfName(name: string): number
  /** Adds a revocation that ends no session: of one token, or of one key. */
  revoke(revocation: Revocation, at: number): Promise<{ readonly kind: 'revoked' } | Unavailable>
  /**
   * Ends every session that was made until now, and revokes every token that was issued until now, at the same cost
   * however many there are. If it is `unavailable`, some shards may have it already; it is safe to repeat.
   */
  revokeAll(
    at: number,
  ): Promise<{ readonly kind: 'revoked'; readonly revocation: AllRevocation } | Unavailable>
  /** Reads the marks of all shards, as cheaply as the store can. */
  marks(): Promise<MarksOutcome>
  /** Reads what was revoked in a shard after `position`, some hundreds at a time. */
  pull(shard: number, position: number): Promise<PullOutcome>
  /**
   * Claims the task of putting back what a shard lost, for a second or so. Whoever has it may claim it again; for any
   * other process it is `busy`.
   */
  claim(shard: number): Promise<{ readonly kind: 'claimed' } | { readonly kind: 'busy' } | Unavailable>
  /** Puts back what the store lost: adds missing revocations, and ends sessions that reappeared. */
  assert(
    shard: number,
    revocations: readonly Revocation[],
    at: number,
  ): Promise<{ readonly kind: 'asserted' } | Unavailable>
  /** Asks the store itself about one token. */
  check(token: TokenIdentity): Promise<{ readonly kind: 'live' } | { readonly kind: 'revoked' } | Unavailable>
  /** Calls the listener as soon as there are news. It may miss some, so readers also look at the marks at intervals. */
  onNews(listener: (news: FeedNews) => void): void
}

/** The longest lifetime that an access token may have, in seconds. */
export const MAX_ACCESS_SECONDS = 1800

/**
 * How long a revocation is kept: the longest lifetime of an access token, plus a minute for tokens that are being
 * signed when it is made. It does not depend on the configured lifetime, because tokens that were issued under an
 * earlier, longer setting must stay revoked.
 */
export const REVOCATION_RETENTION_MS: number = (MAX_ACCESS_SECONDS + 60) * 1000
