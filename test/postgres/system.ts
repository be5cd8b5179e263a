import { type Nodes, startNodes } from '../faults/system.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'

/** Several server processes on one PostgreSQL. */
export interface PostgresSystem extends Nodes {
  readonly postgres: PostgresServer
  /** Of the database of the system. */
  readonly url: string
}

/** Starts a PostgreSQL of its own; nodes come by `start`. */
export async function startPostgresSystem(
  env: Readonly<Record<string, string>> = {},
): Promise<PostgresSystem> {
  const postgres = await startPostgres()
  const url = await postgres.createDatabase()
  return { postgres, url, ...(await startNodes({ DATABASE_URL: url, ...env }, postgres)) }
}
