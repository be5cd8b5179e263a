import type { SessionId, SubjectTag } from './ids.ts'
import type { Unavailable } from './outcome.ts'

/** A revocation. The tokens that it concerns are refused although they have not expired. */
export type Revocation =
  | { readonly kind: 'session'; readonly session: string }
  | GenerationRevocation
  | { readonly kind: 'token'; readonly jti: string }
  | SubjectRevocation
  | { readonly kind: 'key'; readonly kid: string }

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

/**
 * The parts of an access token to which revocations refer. Those of another issuer's token are {@link foreignName}s, and
 * it may lack some of them.
 */
export interface TokenIdentity {
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
    }
  | Unavailable

/** All live revocations, divided into shards. Each shard has a feed, which is read from a position onwards. */
export interface RevocationStore {
  /** The number of shards. It never changes. */
  readonly shards: number
  /** The shard to which a revocation belongs. */
  shardOf(revocation: Revocation): number
  /** The shard to which the revocation of a session belongs. Called for every token, so it must be fast. */
  shardOfSession(id: SessionId): number
  /** Adds a revocation that ends no session: of one token, or of one key. */
  revoke(revocation: Revocation, at: number): Promise<{ readonly kind: 'revoked' } | Unavailable>
  /** Reads what was revoked in a shard after `position`. */
  pull(shard: number, position: number): Promise<PullOutcome>
  /** Puts back what the store lost: adds missing revocations, and ends sessions that reappeared. */
  assert(
    shard: number,
    revocations: readonly Revocation[],
    at: number,
  ): Promise<{ readonly kind: 'asserted' } | Unavailable>
  /** Asks the store itself about one token. */
  check(token: TokenIdentity): Promise<{ readonly kind: 'live' } | { readonly kind: 'revoked' } | Unavailable>
  /** Calls the listener as soon as a shard may have news. It may miss some, so readers also pull at intervals. */
  onNews(listener: (shard: number) => void): void
}

/** The longest lifetime that an access token may have, in seconds. */
export const MAX_ACCESS_SECONDS = 1800

/**
 * How long a revocation is kept: the longest lifetime of an access token, plus a minute for tokens that are being
 * signed when it is made. It does not depend on the configured lifetime, because tokens that were issued under an
 * earlier, longer setting must stay revoked.
 */
export const REVOCATION_RETENTION_MS: number = (MAX_ACCESS_SECONDS + 60) * 1000

/** Encodes a revocation. Equal revocations give equal strings. */
export function encodeRevocation(revocation: Revocation): string {
  switch (revocation.kind) {
    case 'session':
      return `s:${revocation.session}`
    case 'generation':
      return `g:${revocation.session}:${revocation.generation}`
    case 'token':
      return `j:${revocation.jti}`
    case 'key':
      return `k:${revocation.kid}`
    case 'subject':
      return `u:${revocation.tag}:${revocation.notBefore}:${revocation.except ?? ''}`
  }
}

/** Decodes a string that {@link encodeRevocation} made. */
export function decodeRevocation(encoded: string): Revocation {
  const rest = encoded.slice(2)
  switch (encoded.slice(0, 2)) {
    case 's:':
      return { kind: 'session', session: rest }
    case 'g:': {
      const [session = '', generation = ''] = rest.split(':')
      return { kind: 'generation', session: session as SessionId, generation: Number(generation) }
    }
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
