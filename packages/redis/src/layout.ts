import {
  type ActivityKind,
  type CounterName,
  type OnceName,
  type Revocation,
  type SessionId,
  SHARDS,
  type SightingsName,
  type SubjectTag,
  shardOf,
  shardOfName,
  shardOfTag,
} from '@sallyport/core/store'

/**
 * The keys in Redis. Every subject belongs to one of a fixed number of shards, and all keys of a shard have the same
 * hash slot. So every step is one script in one slot, on a single server and on a Cluster.
 */
export interface Layout {
  readonly shards: readonly number[]
  /** The Pub/Sub channel for news. */
  readonly channel: string
  /** The hash of the signing keys. */
  readonly ring: string
  shardOfTag(tag: SubjectTag): number
  shardOfSession(id: SessionId): number
  /** Of the revocation of everything, which every shard has, it is the first. */
  shardOf(revocation: Revocation): number
  /** The shard of a token, of a key, and of a session of another format. */
  shardOfName(name: string): number
  /** The hash of one subject. */
  user(tag: SubjectTag): string
  /** The sorted set of a shard's revocations, by position. */
  feed(shard: number): string
  /** The list of what happened to one subject: of failures, or of all else. */
  activity(tag: SubjectTag, kind: ActivityKind): string
  /** The string of a subject's key for the audit trail. */
  subjectKey(tag: SubjectTag): string
  /** The string of the subject whose key has this id. */
  keySubject(shard: number, id: string): string
  /** The hash of the API keys of one subject. */
  apiKeys(tag: SubjectTag): string
  /** The string of one counter. */
  counter(name: CounterName): string
  /** The string of what has happened once. */
  once(name: OnceName): string
  /** The string of what was seen under one name. */
  sightings(name: SightingsName): string
  /** The hash of what was seen of one subject. */
  sightingsOf(tag: SubjectTag): string
  /** A key that is written and deleted to find out whether the shard can be written. */
  scratch(shard: number): string
  /** The hash of a shard's epoch, digest and latest position. */
  meta(shard: number): string
  /** Who is putting back what the shard lost. */
  lease(shard: number): string
  /** The stream of a shard's messages to other services. */
  outbox(shard: number): string
  /** The list of those that were given up. */
  deadLetters(shard: number): string
  /** The sorted set of subjects that were forgotten while something might still wait for them. */
  forgotten(shard: number): string
  /** The hash of all documents. */
  readonly documents: string
  /** The hash whose fields are the members of a set. */
  documentSet(name: string): string
  /** Who sends messages. */
  readonly outboxLease: string
}

const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard)
/** The shard of the signing keys. */
export const RING_SHARD = 0

export function createLayout(prefix: string): Layout {
  const prefixes = ALL_SHARDS.map((shard) => `${prefix}:{${shard.toString(16)}}:`)
  const key = (shard: number, rest: string): string => `${prefixes[shard]}${rest}`
  return {
    shards: ALL_SHARDS,
    channel: `${prefix}:news`,
    ring: key(RING_SHARD, 'k'),
    ...{ shardOfTag, shardOfSession: shardOfTag, shardOfName, shardOf },
    user: (tag) => key(shardOfTag(tag), `u:${tag}`),
    feed: (shard) => key(shard, 'r'),
    activity: (tag, kind) => key(shardOfTag(tag), `${kind === 'failure' ? 'f' : 'a'}:${tag}`),
    subjectKey: (tag) => key(shardOfTag(tag), `n:${tag}`),
    keySubject: (shard, id) => key(shard, `p:${id}`),
    apiKeys: (tag) => key(shardOfTag(tag), `i:${tag}`),
    counter: (name) => key(shardOfName(name), `c:${name}`),
    once: (name) => key(shardOfName(name), `o:${name}`),
    sightings: (name) => key(shardOfName(name), `s:${name}`),
    sightingsOf: (tag) => key(shardOfTag(tag), `t:${tag}`),
    scratch: (shard) => key(shard, 'probe'),
    meta: (shard) => key(shard, 'm'),
    lease: (shard) => key(shard, 'l'),
    outbox: (shard) => key(shard, 'q'),
    deadLetters: (shard) => key(shard, 'd'),
    forgotten: (shard) => key(shard, 'w'),
    documents: key(RING_SHARD, 'x'),
    documentSet: (name) => key(RING_SHARD, `y:${name}`),
    outboxLease: key(RING_SHARD, 'v'),
  }
}
