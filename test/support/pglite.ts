import { PGlite } from '@electric-sql/pglite'
import type { PostgresStoreOptions } from '@sallyport/postgres'

/** A PostgreSQL for tests: one in this process, or with `POSTGRES_URL` the one that is there. */
export interface TestPostgres {
  /** What leads to a place that is empty and nobody else's. */
  place(): Pick<PostgresStoreOptions, 'url' | 'embedded' | 'schema'>
  stop(): Promise<void>
}

const { POSTGRES_URL: url } = process.env

export async function startPostgres(): Promise<TestPostgres> {
  const embedded = url === undefined ? await PGlite.create() : undefined
  const run = `t${process.pid}_${Date.now().toString(36)}`
  let places = 0
  return {
    place: () => ({
      ...(embedded === undefined ? { url } : { embedded }),
      schema: `${run}_${places++}`,
    }),
    stop: async () => embedded?.close(),
  }
}
