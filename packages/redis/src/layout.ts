import { createHash } from 'node:crypto'
import { isSessionId, type Revocation, type SessionId, type SubjectTag } from '@sallyport/core/store'

/**
 * Where things lie. All keys of a subject are in one of a fixed number of shards, each shard in one
 * hash slot, so that every step is one script in one slot on a single server and on a Cluster alike.
 */
export interface Layout {
  readonly shards: number
  readonly channel: string
  /** The ring of signing keys. */
  readonly ring: string
  shardOfTag(tag: SubjectTag): number
  shardOfSession(id: SessionId): number
  shardOf(revocation: Revocation): number
  /** The hash of one subject. */
  user(tag: SubjectTag): string
  /** A shard's revocations, by position. */
  feed(shard: number): string
  /** A key that is written and deleted to see whether the shard can be written. */
  scratch(shard: number): string
  /** A shard's epoch, count and latest position. */
  meta(shard: number): string
}

const SHARDS = 16
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** Where the ring of signing keys lies. */
export const RING_SHARD = 0

export function createLayout(prefix: string): Layout {
  /** The first character of a tag, and so of a session id, holds six bits; four of them are the shard. */
  const shardOfTag = (tag: string): number => ALPHABET.indexOf(tag.charAt(0)) >> 2
  const shardOfText = (text: string): number =>
    createHash('sha256').update(text).digest().readUInt8(0) % SHARDS
  const places = Array.from({ length: SHARDS }, (_, shard) => `${prefix}:{${shard.toString(16)}}:`)
  const key = (shard: number, rest: string): string => `${places[shard]}${rest}`
  return {
    shards: SHARDS,
    channel: `${prefix}:news`,
    ring: key(RING_SHARD, 'k'),
    shardOfTag,
    shardOfSession: shardOfTag,
    shardOf(revocation) {
      switch (revocation.kind) {
        case 'session':
          return isSessionId(revocation.session)
            ? shardOfTag(revocation.session)
            : shardOfText(revocation.session)
        case 'subject':
          return shardOfTag(revocation.tag)
        case 'token':
          return shardOfText(revocation.jti)
        case 'key':
          return shardOfText(revocation.kid)
      }
    },
    user: (tag) => key(shardOfTag(tag), `u:${tag}`),
    feed: (shard) => key(shard, 'r'),
    scratch: (shard) => key(shard, 'probe'),
    meta: (shard) => key(shard, 'm'),
  }
}
