import { memoryStore, type StoreDriver } from '@sallyport/core'
import { postgresStore } from '@sallyport/postgres'
import { redisStore } from '@sallyport/redis'
import type { Environment } from './environment.ts'
import { memoryPasswords, type Passwords, postgresPasswords, redisPasswords } from './passwords.ts'
import { createPool } from './postgres.ts'
import { connect, createClient } from './redis.ts'

/** Where sessions and passwords are kept. Nothing is connected yet. */
export interface Place {
  readonly store: StoreDriver
  open(): OpenedPlace
}

export interface OpenedPlace {
  readonly passwords: Passwords
  /** Ends the connections of the passwords. The store ends its own. */
  close(): Promise<void>
}

export function placeOf({ redis, databaseUrl, keyPrefix, durability }: Environment): Place {
  if (databaseUrl !== undefined)
    return {
      store: postgresStore({ url: databaseUrl }),
      open() {
        const pool = createPool(databaseUrl)
        return { passwords: postgresPasswords(pool), close: () => pool.end() }
      },
    }
  if (redis !== undefined) {
    const client = createClient(redis)
    return {
      store: redisStore({ client, keyPrefix, durability }),
      open() {
        connect(client)
        return {
          passwords: redisPasswords(client, keyPrefix),
          close: () => Promise.resolve(client.disconnect()),
        }
      },
    }
  }
  return {
    store: memoryStore(),
    open: () => ({ passwords: memoryPasswords(), close: () => Promise.resolve() }),
  }
}
