import { DatabaseError, type Pool } from 'pg'
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

const TABLE = 'sallyport_demo_passwords'
const UNDEFINED_TABLE = '42P01'
/** Another process creates the same table at this moment. */
const RACING = ['23505', '42P07']

/** Keeps the hashes in the database of the sessions, in a table that the first change of a password creates. */
export function postgresPasswords(pool: Pool): Passwords {
  const create = async (): Promise<void> => {
    try {
      await pool.query(`CREATE TABLE IF NOT EXISTS ${TABLE} (subject text PRIMARY KEY, hash text NOT NULL)`)
    } catch (cause) {
      if (!RACING.includes(codeOf(cause))) throw cause
    }
  }
  return {
    async read(subject) {
      try {
        const { rows } = await pool.query<{ hash: string }>(`SELECT hash FROM ${TABLE} WHERE subject = $1`, [
          subject,
        ])
        return { kind: 'read', hash: rows[0]?.hash }
      } catch (cause) {
        return codeOf(cause) === UNDEFINED_TABLE ? { kind: 'read', hash: undefined } : { kind: 'unavailable' }
      }
    },
    async replace(subject, known, next) {
      const insert = `INSERT INTO ${TABLE} (subject, hash) VALUES ($1, $2) ON CONFLICT DO NOTHING`
      const update = `UPDATE ${TABLE} SET hash = $2 WHERE subject = $1 AND hash = $3`
      try {
        await create()
        const { rowCount } =
          known === undefined
            ? await pool.query(insert, [subject, next])
            : await pool.query(update, [subject, next, known])
        return rowCount === 1 ? 'replaced' : 'changed'
      } catch {
        return 'unavailable'
      }
    },
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof DatabaseError ? (cause.code ?? '') : ''
}
