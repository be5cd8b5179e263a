import type { SessionId, SubjectTag } from './ids.ts'
import type { Unavailable } from './outcome.ts'

/** What ends tokens before their time. */
export type Revocation =
  | { readonly kind: 'session'; readonly session: string }
  | { readonly kind: 'token'; readonly jti: string }
  | SubjectRevocation
  | { readonly kind: 'key'; readonly kid: string }

export interface SubjectRevocation {
  readonly kind: 'subject'
  readonly tag: SubjectTag
  /** Tokens issued in this second (since the epoch) or earlier are refused ... */
  readonly notBefore: number
  /** ... except those of this session. */
  readonly except?: SessionId
}

/** What of an access token a revocation can concern. Another issuer's token may lack what is `undefined` here. */
export interface TokenIdentity {
  readonly session: string | undefined
  readonly tag: SubjectTag
  readonly jti: string | undefined
  readonly kid: string | undefined
  /** Seconds since the epoch. */
  readonly issuedAt: number | undefined
}

/**
 * Whether the revocation of a subject concerns a token of that subject: issued in that second or earlier, or at an
 * unknown time, and not in the session that was kept.
 */
export function concernsToken(
  { notBefore, except }: Pick<SubjectRevocation, 'notBefore' | 'except'>,
  { issuedAt = 0, session }: Pick<TokenIdentity, 'issuedAt' | 'session'>,
): boolean {
  return issuedAt <= notBefore && (except === undefined || session !== except)
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

/** Positions become visible in order: after a pull, nothing may appear at or before the position that it gave. */
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

/** All live revocations, divided into shards. Each shard's feed is read from a position on. */
export interface RevocationStore {
  /** The number of shards, which is fixed. */
  readonly shards: number
  /** The shard that a revocation lies in. */
  shardOf(revocation: Revocation): number
  /** The same for a session. Cheap, since it is asked for every token. */
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
  /** Asks about one token, bypassing all copies. */
  check(token: TokenIdentity): Promise<{ readonly kind: 'live' } | { readonly kind: 'revoked' } | Unavailable>
  /** Calls back as soon as a shard may have news. May miss some: pulling is what counts. */
  onNews(listener: (shard: number) => void): void
}

/** The longest that an access token may live, in seconds. */
export const MAX_ACCESS_SECONDS = 1800

/**
 * How long a revocation is kept: the longest access token, and a minute for tokens that were being
 * signed while it was made. It does not follow the configured lifetime, since tokens issued under a
 * longer, earlier setting must stay revoked too.
 */
export const REVOCATION_RETENTION_MS: number = (MAX_ACCESS_SECONDS + 60) * 1000

/** The one spelling of a revocation: the same thing revoked twice gives the same string. */
export function encodeRevocation(revocation: Revocation): string {
  switch (revocation.kind) {
    case 'session':
      return `s:${revocation.session}`
    case 'token':
      return `j:${revocation.jti}`
    case 'key':
      return `k:${revocation.kid}`
    case 'subject':
      return `u:${revocation.tag}:${revocation.notBefore}:${revocation.except ?? ''}`
  }
}

/** Reads what {@link encodeRevocation} wrote. */
export function decodeRevocation(text: string): Revocation {
  const rest = text.slice(2)
  switch (text.slice(0, 2)) {
    case 's:':
      return { kind: 'session', session: rest }
    case 'j:':
      return { kind: 'token', jti: rest }
    case 'k:':
      return { kind: 'key', kid: rest }
    default: {
      const [tag = '', notBefore = '', except = ''] = rest.split(':')
      return {
        kind: 'subject',
        tag: tag as SubjectTag,
        notBefore: Number(notBefore),
        ...(except === '' ? {} : { except: except as SessionId }),
      }
    }
  }
}
