import { createHash } from 'node:crypto'
import { isSessionId, type Revocation, type SubjectTag, tagOfSession } from '@sallyport/core'

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
  shardOf(revocation: Revocation): number
  /** The hash of one subject. */
  user(tag: SubjectTag): string
  /** A shard's revocations, by position. */
  feed(shard: number): string
  /** A shard's epoch, count and latest position. */
  meta(shard: number): string
}

const SHARDS = 16

export function createLayout(prefix: string): Layout {
  const shardOfTag = (tag: SubjectTag): number =>
    Buffer.from(tag.slice(0, 4), 'base64url').readUInt8(0) % SHARDS
  const shardOfText = (text: string): number =>
    createHash('sha256').update(text).digest().readUInt8(0) % SHARDS
  const key = (shard: number, rest: string): string => `${prefix}:{${shard.toString(16)}}:${rest}`
  return {
    shards: SHARDS,
    channel: `${prefix}:news`,
    ring: key(0, 'k'),
    shardOfTag,
    shardOf(revocation) {
      switch (revocation.kind) {
        case 'session':
          return isSessionId(revocation.session)
            ? shardOfTag(tagOfSession(revocation.session))
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
    meta: (shard) => key(shard, 'm'),
  }
}
