import type { KeyStore } from './keys.ts'
import type {
  DeviceBinding,
  Grant,
  Lifetimes,
  Revocation,
  Session,
  SessionId,
  SubjectTag,
  TokenIdentity,
  Transport,
  Unavailable,
} from './model.ts'

export interface Opening {
  readonly id: SessionId
  readonly tag: SubjectTag
  readonly grant: Grant
  readonly binding: DeviceBinding
  readonly ip?: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly lifetimes: Lifetimes
  /** Sessions that one subject may have at once; the one refreshed longest ago goes first. 0: no limit. */
  readonly sessionLimit: number
}

export type OpenOutcome =
  | {
      readonly kind: 'opened'
      readonly session: Session
      /** Sessions that had to go for this one; they are revoked. */
      readonly ended: readonly SessionId[]
      /** Tokens must not say that they were issued before this second, lest an earlier revocation of the subject hit them. */
      readonly issueFrom: number
    }
  | Unavailable

export interface Rotation {
  readonly id: SessionId
  /** The presented refresh token's generation. */
  readonly generation: number
  /** When given, must be the session's. */
  readonly client?: string | undefined
  readonly transport: Transport
  /** How the device looks now, hashed under the current secret first, then under each earlier one. */
  readonly bindings: readonly DeviceBinding[]
  /** Bit n set: cell n must be what it was at sign-in; with the bit `VERSION_FELL`, the version must not fall. */
  readonly enforced: number
  readonly ip?: string | undefined
  readonly at: number
  readonly lifetimes: Lifetimes
  /** How long the previous token still converges on the current one; 0: not at all. */
  readonly graceMs: number
  /** Whether the previous token also converges while its successor was never seen in use. */
  readonly recoverLost: boolean
  /** Refreshes that one subject may make in a window. `count` 0: no limit. */
  readonly refreshLimit: { readonly count: number; readonly windowMs: number }
  /** Converged answers per generation. 0: no limit. */
  readonly convergedLimit: number
}

export type RotationOutcome =
  | {
      readonly kind: 'rotated'
      readonly session: Session
      /** The presented generation was ahead of the record: the store had lost writes. */
      readonly rolledBack: boolean
      /** Bit n set: cell n is not what it was at sign-in (and is not enforced). */
      readonly drift: number
      readonly issueFrom: number
    }
  /** Nothing changed; `session` is of the current generation. */
  | { readonly kind: 'converged'; readonly session: Session; readonly issueFrom: number }
  /** A token that had been replaced was presented: the session is ended and revoked. */
  | { readonly kind: 'reused'; readonly session: Session; readonly rolledBack: boolean }
  /** An enforced part of the device differs: the session is ended and revoked. */
  | { readonly kind: 'mismatched'; readonly session: Session; readonly drift: number }
  /** Another client's or transport's session: nothing changed. */
  | { readonly kind: 'foreign' }
  /** Over a limit: nothing changed. */
  | { readonly kind: 'limited'; readonly retryAfterMs: number }
  | { readonly kind: 'expired' }
  | { readonly kind: 'unknown' }
  | Unavailable

export interface Confirmation {
  readonly id: SessionId
  readonly generation: number
}

export type EndOutcome = { readonly kind: 'ended' } | { readonly kind: 'absent' } | Unavailable

export interface SubjectEnding {
  readonly tag: SubjectTag
  readonly at: number
  readonly lifetimes: Lifetimes
  /** This session lives on, two generations later: none of its earlier refresh tokens converges any more. */
  readonly except?: SessionId
}

export type SubjectEndOutcome =
  | {
      readonly kind: 'ended'
      readonly sessions: readonly SessionId[]
      /** The revocation that reaches tokens whose session the store does not know. */
      readonly revocation: Extract<Revocation, { kind: 'subject' }>
      /** The session that was excepted, with its new generation; absent where it is not known. */
      readonly kept?: Session
    }
  | Unavailable

export type ListOutcome = { readonly kind: 'listed'; readonly sessions: readonly Session[] } | Unavailable

export type SessionReading =
  | { readonly kind: 'read'; readonly session: Session }
  | { readonly kind: 'unknown' }
  | Unavailable

/**
 * Sessions, each method one atomic step.
 *
 * A step that ends a session also puts its revocation on the feed, in the same step.
 */
export interface SessionStore {
  /** Makes a session of generation 1. Ends the oldest ones over the limit. */
  open(opening: Opening): Promise<OpenOutcome>
  /** Judges a presented refresh token and swaps it for its successor: of racing calls one gets `rotated`. */
  rotate(rotation: Rotation): Promise<RotationOutcome>
  /** A session as it is now, over or not; for tokens that are only a reference to it. */
  read(id: SessionId): Promise<SessionReading>
  /** Notes that the generation was seen in use. Nobody waits for it, but it is repeated if it did not reach the store. */
  confirm(confirmation: Confirmation): Promise<{ readonly kind: 'noted' } | Unavailable>
  /**
   * Ends a session and revokes it.
   *
   * With `evenIfAbsent` it is revoked though the store does not know it (the store may have
   * forgotten it, while its access tokens live).
   */
  end(ending: {
    readonly id: string
    readonly at: number
    readonly evenIfAbsent: boolean
  }): Promise<EndOutcome>
  /** Ends every session of a subject, or all but one, and revokes what was issued to the subject until now. */
  endSubject(ending: SubjectEnding): Promise<SubjectEndOutcome>
  /** The subject's live sessions, the latest first. */
  list(asked: {
    readonly tag: SubjectTag
    readonly at: number
    readonly lifetimes: Lifetimes
  }): Promise<ListOutcome>
}

/**
 * Where a shard's feed stands.
 *
 * A new `epoch` means that the store forgot everything. A `digest` that is not the known one combined
 * (by XOR) with what was read since means that it lost something, as a failover to a replica that
 * lagged does, whatever may have been added in its place.
 */
export interface FeedMark {
  readonly epoch: string
  /** Of all revocations ever put on this shard's feed, in no order. */
  readonly digest: bigint
}

export type PullOutcome =
  | {
      readonly kind: 'pulled'
      readonly mark: FeedMark
      readonly revocations: readonly Revocation[]
      /** Of `revocations`, as `mark.digest`. */
      readonly digest: bigint
      /** Where to go on from. */
      readonly position: number
      readonly more: boolean
    }
  | Unavailable

/** All live revocations, cut into shards; each shard's feed is read from a position on. */
export interface RevocationStore {
  /** How many shards there are; fixed. */
  readonly shards: number
  /** The shard that a revocation lies in. */
  shardOf(revocation: Revocation): number
  /** The same for a session; cheap, since it is asked for every token. */
  shardOfSession(id: SessionId): number
  /** Adds a revocation that ends no session: of one token, or of one key. */
  revoke(revocation: Revocation, at: number): Promise<{ readonly kind: 'revoked' } | Unavailable>
  /** What was revoked in a shard after `position`. */
  pull(shard: number, position: number): Promise<PullOutcome>
  /** Puts back what the store lost: adds what is missing and ends sessions that came back from the dead. */
  assert(
    shard: number,
    revocations: readonly Revocation[],
    at: number,
  ): Promise<{ readonly kind: 'asserted' } | Unavailable>
  /** Asks about one token, bypassing every copy. */
  check(token: TokenIdentity): Promise<{ readonly kind: 'live' } | { readonly kind: 'revoked' } | Unavailable>
  /** Calls back, as soon as it is known, when a shard may have news. May miss some: pulling is what counts. */
  onNews(listener: (shard: number) => void): void
}

/** A place where sessions, revocations and keys are kept; opened by `createSallyport`. */
export interface Store {
  readonly sessions: SessionStore
  readonly revocations: RevocationStore
  readonly keys: KeyStore
  /** Whether the store answers now, within its time-out. */
  ping(): Promise<boolean>
  close(): Promise<void>
}

export interface StoreContext {
  /** Told, in one line without secrets, what an operator should know. */
  readonly notice: (message: string) => void
}

/** What the `store` option takes; made by `memoryStore()`, `redisStore()` and the like. */
export interface StoreDriver {
  readonly name: string
  /** Whether several processes can share it. */
  readonly shared: boolean
  /**
   * Opens the store. Resolves also while it can't be reached.
   * Throws a `ConfigError` when the store itself says that the set-up is wrong (password, rights, not this kind of server).
   */
  open(context: StoreContext): Promise<Store>
}
