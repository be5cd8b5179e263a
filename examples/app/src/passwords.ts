import type { RedisClient } from './redis.ts'

export type ReadOutcome =
  | { readonly kind: 'read'; readonly hash: string | undefined }
  | { readonly kind: 'unavailable' }

/** The password hashes of users who have changed their passwords. */
export interface Passwords {
  /** Reads a user's hash; `undefined` if the user has never changed the password. */
  read(subject: string): Promise<ReadOutcome>
  /** Replaces a hash if it is still the known one. Of two racing changes, one wins. */
  replace(
    subject: string,
    known: string | undefined,
    next: string,
  ): Promise<'replaced' | 'changed' | 'unavailable'>
}

export function memoryPasswords(): Passwords {
  const hashes = new Map<string, string>()
  return {
    read: (subject) => Promise.resolve({ kind: 'read', hash: hashes.get(subject) }),
    replace(subject, known, next) {
      if (hashes.get(subject) !== known) return Promise.resolve('changed')
      hashes.set(subject, next)
      return Promise.resolve('replaced')
    },
  }
}

const KEPT_SECONDS = 30 * 86_400
const REPLACE = `
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1`

/** Keeps the hashes in the Redis of the sessions, so that all nodes share them. */
export function redisPasswords(client: RedisClient, prefix: string): Passwords {
  const key = (subject: string): string => `${prefix}:demo:password:${subject}`
  return {
    async read(subject) {
      try {
        return { kind: 'read', hash: (await client.get(key(subject))) ?? undefined }
      } catch {
        return { kind: 'unavailable' }
      }
    },
    async replace(subject, known = '', next) {
      try {
        const written = await client.eval(REPLACE, 1, key(subject), known, next, KEPT_SECONDS)
        return written === 1 ? 'replaced' : 'changed'
      } catch {
        return 'unavailable'
      }
    },
  }
}
