import { isSessionId, type Revocation } from '@sallyport/core/store'

/** Every subject belongs to one of a fixed number of shards, whose feeds are independent of each other. */
export const SHARDS = 16

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The shard of a subject, and of a session, since its id begins with the tag of its subject: its first four bits. */
export function shardOfTag(tag: string): number {
  return ALPHABET.indexOf(tag.charAt(0)) >> 2
}

/** FNV-1a, the lowest bits folded in. It is called for every token, and must only spread names over the shards. */
export function shardOfName(name: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < name.length; index++)
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193)
  return (hash ^ (hash >>> 16)) & (SHARDS - 1)
}

/** Of the revocation of everything, which every shard has, it is the first. */
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
