import { Pool } from 'pg'

const TIMEOUT_MS = 1000

/** Makes a pool that rejects a query that takes too long, and connects when it is first needed. */
export function createPool(url: string): Pool {
  const pool = new Pool({
    connectionString: url,
    max: 2,
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
    allowExitOnIdle: true,
  })
  pool.on('error', () => {})
  return pool
}
