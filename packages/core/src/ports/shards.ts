import { isSessionId, type SessionId, type SubjectTag } from './ids.ts'
import type { Revocation } from './revocations.ts'

/**
 * The number of shards of a store that divides its feed. Every subject belongs to one of them, and their feeds are
 * independent of each other. It never changes, since what is stored depends on it.
 */
export const SHARDS = 16

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The shard of a subject, and of a session, since its id begins with the tag of its subject: its first four bits. */
export function shardOfTag(tag: SubjectTag | SessionId): number {
  return ALPHABET.indexOf(tag.charAt(0)) >> 2
}

/**
 * The shard of a token, of a key, and of a session of another format: FNV-1a, the lowest bits folded in.
 *
 * It is called for every token, and must only spread names over the shards: whoever can choose the names of tokens may as
 * well choose their number.
 */
export function shardOfName(name: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < name.length; index++)
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193)
  return (hash ^ (hash >>> 16)) & (SHARDS - 1)
}

/** The shard of a revocation. Of the revocation of everything, which every shard has, it is the first. */
export function shardOf(revocation: Revocation): number {
  switch (revocation.kind) {
    case 'session':
    case 'generation':
      return isSessionId(revocation.session)
        ? shardOfTag(revocation.session)
        : shardOfName(revocation.session)
    case 'subject':
      return shardOfTag(revocation.tag)
    case 'token':
      return shardOfName(revocation.jti)
    case 'key':
      return shardOfName(revocation.kid)
    case 'all':
      return 0
  }
}
